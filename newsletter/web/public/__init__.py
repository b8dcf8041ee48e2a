"""What readers see: sign-up, confirmation, leaving, view in browser."""

"""One named function for each mail the system itself sends."""

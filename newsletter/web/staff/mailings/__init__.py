"""S4, what becomes of a mailing: how it gets on, who got it, and what can be done for those who did not."""

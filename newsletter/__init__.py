"""Write a newsletter, have it approved, and send it to the people who agreed to get it."""

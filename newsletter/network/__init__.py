"""The way to other machines' web servers: one gate, and which addresses lie behind it."""

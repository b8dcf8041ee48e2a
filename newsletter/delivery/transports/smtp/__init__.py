"""SMTP as a client speaks it: pure parsers and commands, one owner of the socket, one conversation over it."""

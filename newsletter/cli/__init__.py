"""The command line: `newsletter …`."""

"""Content and a design in, a compiled issue out. No SQL, no sockets, no clock."""

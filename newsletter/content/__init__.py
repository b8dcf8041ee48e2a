"""What an issue says: blocks and issue content as frozen values, and their JSON."""

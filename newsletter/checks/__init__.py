"""Pre-flight checks: content, compiled issue and facts in, findings out. Pure."""

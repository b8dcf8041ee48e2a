"""One file a check; a file laid here is found by `newsletter.checks.gate` on its own."""

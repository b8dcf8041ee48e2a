"""Published news: sources, fetching, extraction, the pool, pictures."""

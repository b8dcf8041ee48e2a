"""S2, the composer: the pool, the issue and its preview on one page, which is a plain form."""

"""How long what is kept of people is kept: a clock for each kind of data, run once a day by the engine.

    retention.run(database, clocks.clocks(settings.retention), rules, by=Actor.worker(), clock=now)

`clocks` is the table, shown by `newsletter retention` and in docs/retention.md; `people` and `records` do what is due.
"""

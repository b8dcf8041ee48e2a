"""Runs what it is given, durably, on one machine or many; knows nothing of mail.

    database.bind(EngineJobs(database, clock=now))            # whoever enqueues
    with Engine(database, seat=seat, run=run, crons=crons):   # whoever works
        ...

The only room that knows DBOS, whose tables lie in the database of the application, so that a batch
is enqueued by the very transaction that plans it. Whatever is enqueued is run at least once: after a
crash once more, and on rare occasions twice at a time. What it is that is run must bear that.
"""

APPLICATION = "newsletter"
VERSION = "1"  # constant, so that an upgrade in the middle of a mailing strands nothing
MAIL = "mail"
URGENT = "urgent"
BATCH = "batch"  # these two are the names by which waiting work finds its function, also after an upgrade
CRON = "cron"

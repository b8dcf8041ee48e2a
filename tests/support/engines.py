"""What tests need to know of an engine: the state of its runs, as DBOS has them, and time to let it work."""

import datetime as dt
import time
from collections.abc import Callable

from sqlalchemy import text

from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun
from newsletter.engine import tables
from newsletter.engine.jobs import EngineJobs, workflow_id

NOW = dt.datetime(2026, 12, 1, 9, 0, tzinfo=dt.UTC)
PATIENCE_S = 120.0


def jobs(database: Database, *, now: dt.datetime = NOW) -> EngineJobs:
    """The jobs of an engine that believes it is that time."""
    return EngineJobs(database, clock=lambda: now)


def enqueue(database: Database, *batches: BatchRun) -> None:
    """Enqueue batches to be run at once."""
    handing = jobs(database)
    with database.writing() as session:
        for batch in batches:
            handing.enqueue(session, batch, at=NOW, urgent=False)


def status_table(database: Database) -> str:
    """The name of the table in which DBOS keeps what is to be run."""
    schema = tables.schema_of(database.engine)
    return f"{schema}.{tables.STATUS}" if schema else tables.STATUS


def states(database: Database) -> dict[str, str]:
    """The state of each batch that DBOS knows."""
    with database.reading() as session:
        rows = session.execute(text(f"SELECT workflow_uuid, status FROM {status_table(database)} WHERE name = 'batch'"))  # noqa: S608
        return {row.workflow_uuid: row.status for row in rows}


def put(database: Database, batch: BatchRun, **values: object) -> None:
    """Change what DBOS has written down of a batch."""
    put_all(database, workflow_id(batch), **values)


def put_all(database: Database, like: str, **values: object) -> None:
    """Change what DBOS has written down of every batch of such a name."""
    setting = ", ".join(f"{name} = :{name}" for name in values)
    with database.writing() as session:
        session.execute(
            text(f"UPDATE {status_table(database)} SET {setting} WHERE workflow_uuid LIKE :batch"),  # noqa: S608  # names of ours
            {"batch": like, **values},
        )


def begin(database: Database, batch: BatchRun, *, seat: str) -> None:
    """Have it look as if a process of that seat had taken the batch, and done no more."""
    put(database, batch, status="PENDING", executor_id=seat)


def until(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)  # noqa: TID251  # others are at work

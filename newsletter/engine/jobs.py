"""Enqueueing: what a transaction hands over is run if it commits, and only then.

    database.bind(EngineJobs(database, clock=now))

DBOS is imported with the first batch: that takes most of a second, and most commands enqueue nothing.
"""

import datetime as dt
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from sqlalchemy import String, column, select, table
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun
from newsletter.engine import BATCH, MAIL, URGENT, VERSION, tables

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions

_ALIVE = ("ENQUEUED", "DELAYED", "PENDING")
_AT_A_TIME = 500  # names in one statement


class EngineJobs:
    """Hands batches to DBOS in the caller's transaction: the `Jobs` of `newsletter.delivery.jobs`."""

    def __init__(self, database: Database, *, clock: Callable[[], dt.datetime]) -> None:
        """Make it for the sessions of one database; nothing is imported or connected yet."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._made: DBOSClient | None = None
        self._status = table(
            tables.STATUS,
            column("workflow_uuid", String),
            column("status", String),
            schema=tables.schema_of(database.engine),
        )

    def enqueue(self, session: Session, batch: BatchRun, *, at: dt.datetime, urgent: bool) -> None:
        """Have the batch run at that time or soon after it, if and once the transaction commits.

        Raises:
            EngineTablesMissing: the database was not brought up to date.
        """
        options: EnqueueOptions = {
            "workflow_name": BATCH,
            "workflow_id": workflow_id(batch),
            "queue_name": URGENT if urgent else MAIL,
            "app_version": VERSION,
        }
        delay_s = (at - self._clock()).total_seconds()
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        with tables.told_where_missing():
            self._client().enqueue_in_transaction(session, options, batch.mailing, batch.batch, batch.run)

    def without_life(self, session: Session, runs: Collection[BatchRun]) -> frozenset[BatchRun]:
        """Those of the runs that nothing waits for or works on, as this very transaction sees it.

        Raises:
            EngineTablesMissing: the database was not brought up to date.
        """
        batches = {workflow_id(batch): batch for batch in runs}
        names = list(batches)
        alive: set[str] = set()
        for first in range(0, len(names), _AT_A_TIME):
            alive |= self._alive(session, names[first : first + _AT_A_TIME])
        return frozenset(batch for name, batch in batches.items() if name not in alive)

    def _alive(self, session: Session, names: list[str]) -> set[str]:
        """Asked in the session, because a client of DBOS would not see what the session enqueued itself."""
        columns = self._status.c
        asked = select(columns.workflow_uuid).where(columns.workflow_uuid.in_(names), columns.status.in_(_ALIVE))
        with tables.told_where_missing():
            return set(session.scalars(asked))

    def _client(self) -> "DBOSClient":
        with self._lock:
            if self._made is None:
                self._made = tables.client(tables.connecting(self._database))
            return self._made


def workflow_id(batch: BatchRun) -> str:
    """The name of a run, the same wherever it is made: enqueueing it twice enqueues it once."""
    return f"m{batch.mailing}:b{batch.batch}:{batch.run}"

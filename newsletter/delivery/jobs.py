"""The port to an engine: whoever plans or revives a mailing hands its batches over here.

    jobs_of(session).enqueue(session, BatchRun(7, 3, 1), at=window.due_at, urgent=False)

The engine only runs: what is to be sent, and whether it was, stands in the ledger. A batch that is
run twice, late or never does no harm; `reconcile` finds what was forgotten. So delivery works without
an engine, too, and then looks through the ledger by itself.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from newsletter.database import JOBS


@dataclass(frozen=True, slots=True, order=True)
class BatchRun:
    """One run of one batch of a mailing; batch 0 is the freezing of its audience.

    A run that ended is never run again. So who revives a batch raises `run` in the same transaction.
    """

    mailing: int
    batch: int
    run: int


class Jobs(Protocol):
    """Hands batches of a mailing to an engine, in the caller's transaction."""

    def enqueue(self, session: Session, batch: BatchRun, *, at: dt.datetime, urgent: bool) -> None:
        """Have the batch run at that time or soon after it, if and once the transaction commits.

        Handing over the same run again changes nothing. `urgent` ones do not wait behind the others.
        """

    def without_life(self, session: Session, runs: Collection[BatchRun]) -> frozenset[BatchRun]:
        """Those of the runs that no engine waits for or works on: they ended, failed or never began."""


def jobs_of(session: Session) -> Jobs:
    """What the app bound to the sessions of its database; without one, the ledger alone is looked through."""
    bound: Jobs = session.info.get(JOBS, NO_ENGINE)
    return bound


class _NoEngine:
    """Takes no batch, and has none to be revived."""

    def enqueue(self, session: Session, batch: BatchRun, *, at: dt.datetime, urgent: bool) -> None:
        """Leave it to whoever looks through the ledger."""

    def without_life(self, session: Session, runs: Collection[BatchRun]) -> frozenset[BatchRun]:
        """Revive nothing."""
        del session, runs
        return frozenset()


NO_ENGINE = _NoEngine()

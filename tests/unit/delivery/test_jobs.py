"""A mailing's batches find the engine that the app bound; without one, nothing happens."""

import datetime as dt
from collections.abc import Collection
from pathlib import Path

from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun, jobs_of

AT = dt.datetime(2026, 12, 1, 9, 0, tzinfo=dt.UTC)


class Written:
    """Takes down what is handed over, and says that nothing lives."""

    def __init__(self) -> None:
        self.batches: list[BatchRun] = []

    def enqueue(self, session: Session, batch: BatchRun, *, at: dt.datetime, urgent: bool) -> None:
        del session, at, urgent
        self.batches.append(batch)

    def without_life(self, session: Session, runs: Collection[BatchRun]) -> frozenset[BatchRun]:
        del session
        return frozenset(runs)


def test_every_session_carries_the_jobs_that_were_bound(tmp_path: Path) -> None:
    database, jobs = Database(f"sqlite:///{tmp_path}/bound.db"), Written()
    database.bind(jobs)

    with database.writing() as session:
        jobs_of(session).enqueue(session, BatchRun(7, 3, 1), at=AT, urgent=False)
    with database.reading() as session:
        lifeless = jobs_of(session).without_life(session, [BatchRun(7, 3, 1)])
    database.close()

    assert jobs.batches == [BatchRun(7, 3, 1)]
    assert lifeless == {BatchRun(7, 3, 1)}


def test_without_an_engine_nothing_is_handed_over_and_nothing_revived(tmp_path: Path) -> None:
    bound, other = Database(f"sqlite:///{tmp_path}/bound.db"), Database(f"sqlite:///{tmp_path}/other.db")
    jobs = Written()
    bound.bind(jobs)

    with other.writing() as session:
        jobs_of(session).enqueue(session, BatchRun(7, 3, 1), at=AT, urgent=True)
        lifeless = jobs_of(session).without_life(session, [BatchRun(7, 3, 1)])
    other.close()

    assert jobs.batches == []
    assert lifeless == frozenset()

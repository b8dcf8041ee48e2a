import datetime as dt
from collections.abc import Collection

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from newsletter.database import JOBS
from newsletter.delivery import batches, planning
from newsletter.delivery.jobs import BatchRun
from newsletter.delivery.models import Mailing, Window
from tests.support.ledgers import a_mailing
from tests.support.makers import NOW


class Living:
    """An engine where whatever was handed over lives until it is said to have ended."""

    def __init__(self) -> None:
        self.alive: list[BatchRun] = []

    def enqueue(self, session: Session, batch: BatchRun, *, at: dt.datetime, urgent: bool) -> None:
        del session, at, urgent
        self.alive.append(batch)

    def without_life(self, session: Session, runs: Collection[BatchRun]) -> frozenset[BatchRun]:
        del session
        return frozenset(runs) - frozenset(self.alive)


@pytest.fixture
def jobs(session: Session) -> Living:
    made = Living()
    session.info[JOBS] = made
    return made


@pytest.fixture
def mailing(session: Session, jobs: Living) -> Mailing:
    del jobs
    made = a_mailing(session, ["r1@example.org", "r2@example.org"])
    while planning.plan_chunk(session, made.id, now=NOW):
        pass
    return made


def _numbers(runs: list[BatchRun]) -> list[tuple[int, int]]:
    return [(run.batch, run.run) for run in runs]


def test_the_end_of_planning_hands_the_batches_over(jobs: Living, mailing: Mailing) -> None:
    assert jobs.alive == [BatchRun(mailing.id, 0, 1), BatchRun(mailing.id, 1, 1)]


def test_a_large_mailing_is_handed_over_a_hundred_batches_at_a_time(
    session: Session, jobs: Living, mailing: Mailing
) -> None:
    session.execute(
        insert(Window),
        [
            {
                "mailing_id": mailing.id,
                "first_position": 1000 * batch,
                "last_position": 1000 * batch + 200,
                "batch": batch,
                "provider": "other",
                "due_at": NOW,
            }
            for batch in range(2, 252)
        ],
    )
    jobs.alive.clear()

    batches.enqueue_open(session, mailing)
    first = _numbers(jobs.alive)
    handed_over = [batches.reconcile(session, now=NOW) for _ in range(3)]

    assert first == [(1, 2), *((batch, 1) for batch in range(2, 101))]
    assert handed_over == [100, 51, 0]
    assert sorted(_numbers(jobs.alive)) == [(1, 2), *((batch, 1) for batch in range(2, 252))]


def test_a_run_that_left_something_is_followed_by_another(session: Session, jobs: Living, mailing: Mailing) -> None:
    batches.ended(session, BatchRun(mailing.id, 1, 1))
    batches.ended(session, BatchRun(mailing.id, 1, 1))  # an older run is followed by none

    assert _numbers(jobs.alive) == [(0, 1), (1, 1), (1, 2)]

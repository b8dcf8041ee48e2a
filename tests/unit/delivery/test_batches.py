import datetime as dt
from collections.abc import Collection

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.database import JOBS
from newsletter.delivery import batches, ledger, mailings, planning
from newsletter.delivery.jobs import BatchRun
from newsletter.delivery.models import Mailing, Window, WindowState
from tests.support.ledgers import a_mailing, a_mailing_to, a_reader, a_system_mail
from tests.support.makers import BY, NOW, a_list

LATER = NOW + dt.timedelta(hours=1)
LAST = NOW + dt.timedelta(hours=2)


class Handed:
    """Takes down what is handed over, when and how; what is in `alive` lives."""

    def __init__(self) -> None:
        self.runs: list[tuple[BatchRun, dt.datetime, bool]] = []
        self.alive: set[BatchRun] = set()
        self.asked: list[frozenset[BatchRun]] = []

    def enqueue(self, session: Session, batch: BatchRun, *, at: dt.datetime, urgent: bool) -> None:
        del session
        self.runs.append((batch, at, urgent))

    def without_life(self, session: Session, runs: Collection[BatchRun]) -> frozenset[BatchRun]:
        del session
        self.asked.append(frozenset(runs))
        return frozenset(runs) - self.alive

    def take(self) -> list[tuple[BatchRun, dt.datetime, bool]]:
        """What came since the last look."""
        taken, self.runs = self.runs, []
        return taken


@pytest.fixture
def jobs(session: Session) -> Handed:
    made = Handed()
    session.info[JOBS] = made
    return made


@pytest.fixture
def mailing(session: Session, jobs: Handed, monkeypatch: pytest.MonkeyPatch) -> Mailing:
    """Five readers are three windows in two batches."""
    monkeypatch.setattr(planning, "WINDOW", 2)
    monkeypatch.setattr(batches, "WINDOWS", 2)
    made = a_mailing(session, [f"r{number}@example.org" for number in range(1, 6)])
    while planning.plan_chunk(session, made.id, now=NOW):
        pass
    assert jobs.take() == [
        (BatchRun(made.id, 0, 1), NOW, False),
        (BatchRun(made.id, 1, 1), NOW, False),
        (BatchRun(made.id, 2, 1), NOW, False),
    ]
    return made


def _due(session: Session, first_position: int, at: dt.datetime) -> None:
    session.execute(update(Window).where(Window.first_position == first_position).values(due_at=at))
    session.expire_all()


def _set(session: Session, batch: int, state: WindowState) -> None:
    session.execute(update(Window).where(Window.batch == batch).values(state=state.value))
    session.expire_all()


def test_each_handing_over_is_another_run(session: Session, mailing: Mailing, jobs: Handed) -> None:
    batches.enqueue(session, mailing, 2, at=LATER)
    batches.enqueue(session, mailing, 2, at=LAST)

    assert jobs.take() == [(BatchRun(mailing.id, 2, 2), LATER, False), (BatchRun(mailing.id, 2, 3), LAST, False)]


def test_system_mail_does_not_wait_behind_issues(session: Session, jobs: Handed) -> None:
    made = a_system_mail(session)

    assert jobs.take() == [(BatchRun(made.id, 1, 1), NOW, True)]


def test_a_batch_is_handed_over_for_when_its_first_open_window_is_due(
    session: Session, mailing: Mailing, jobs: Handed
) -> None:
    _due(session, 1, LAST)
    _due(session, 3, LATER)
    _set(session, 2, WindowState.DONE)

    batches.enqueue_open(session, mailing)

    assert jobs.take() == [(BatchRun(mailing.id, 1, 2), LATER, False)]


def test_one_batch_is_handed_over_alone_and_only_if_something_of_it_is_open(
    session: Session, mailing: Mailing, jobs: Handed
) -> None:
    _set(session, 1, WindowState.LEASED)

    batches.enqueue_open(session, mailing, number=1)
    assert jobs.take() == []
    batches.enqueue_open(session, mailing, number=2)

    assert jobs.take() == [(BatchRun(mailing.id, 2, 2), NOW, False)]


def test_of_what_is_paused_nothing_is_handed_over_until_it_is_resumed(
    session: Session, mailing: Mailing, jobs: Handed
) -> None:
    mailings.pause(session, mailing, by=BY, now=NOW)
    session.flush()
    batches.enqueue_open(session, mailing)
    batches.ended(session, BatchRun(mailing.id, 1, 1))
    assert batches.reconcile(session, now=NOW) == 0
    assert jobs.take() == []

    mailings.resume(session, mailing, by=BY, now=NOW)

    assert jobs.take() == [(BatchRun(mailing.id, 1, 2), NOW, False), (BatchRun(mailing.id, 2, 2), NOW, False)]


def test_what_a_run_left_is_run_again_when_it_is_due(session: Session, mailing: Mailing, jobs: Handed) -> None:
    _due(session, 1, LATER)
    _due(session, 3, LAST)

    batches.ended(session, BatchRun(mailing.id, 1, 1))

    assert jobs.take() == [(BatchRun(mailing.id, 1, 2), LATER, False)]


def test_only_the_latest_run_is_followed_by_another(session: Session, mailing: Mailing, jobs: Handed) -> None:
    batches.ended(session, BatchRun(mailing.id, 1, 1))
    assert len(jobs.take()) == 1

    batches.ended(session, BatchRun(mailing.id, 1, 1))

    assert jobs.take() == []


def test_a_run_that_left_nothing_is_not_followed(session: Session, mailing: Mailing, jobs: Handed) -> None:
    _set(session, 1, WindowState.DONE)

    batches.ended(session, BatchRun(mailing.id, 1, 1))

    assert jobs.take() == []


def test_the_freezing_of_an_audience_is_not_followed_by_itself(session: Session, jobs: Handed) -> None:
    made = a_mailing(session, ["r1@example.org"])
    jobs.take()

    batches.ended(session, BatchRun(made.id, batches.AUDIENCE, 1))

    assert jobs.take() == []


def test_the_run_of_a_mailing_that_is_not_there_is_nothing(session: Session, jobs: Handed) -> None:
    batches.ended(session, BatchRun(99, 1, 1))

    assert jobs.take() == []


def test_what_is_due_and_has_no_life_is_handed_over_again(session: Session, mailing: Mailing, jobs: Handed) -> None:
    _due(session, 1, LATER)
    jobs.alive = {BatchRun(mailing.id, 2, 1)}

    assert batches.reconcile(session, now=NOW) == 1

    assert jobs.asked == [{BatchRun(mailing.id, 1, 1), BatchRun(mailing.id, 2, 1)}]
    assert jobs.take() == [(BatchRun(mailing.id, 1, 2), NOW, False)]


def test_what_is_due_later_is_not_forgotten_yet(session: Session, mailing: Mailing, jobs: Handed) -> None:
    for first in (1, 3, 5):
        _due(session, first, LATER)

    assert batches.reconcile(session, now=NOW) == 0
    assert batches.reconcile(session, now=LATER) == 2
    assert [run for run, _, _ in jobs.take()] == [BatchRun(mailing.id, 1, 2), BatchRun(mailing.id, 2, 2)]


def test_what_a_sender_holds_is_not_forgotten(session: Session, mailing: Mailing, jobs: Handed) -> None:
    for number in (1, 2, 3):
        assert ledger.claim(session, "me", token=f"t{number}", now=NOW)

    assert batches.reconcile(session, now=NOW) == 0
    assert (jobs.take(), mailing.state) == ([], "sending")


def test_an_audience_that_nobody_freezes_is_handed_over_again(session: Session, jobs: Handed) -> None:
    mailing_list = a_list(session)
    a_reader(session, mailing_list, "r1@example.org")
    made = a_mailing_to(session, mailing_list, due_at=LATER)
    assert jobs.take() == [(BatchRun(made.id, 0, 1), LATER, False)]

    assert batches.reconcile(session, now=NOW) == 0
    jobs.alive = {BatchRun(made.id, 0, 1)}
    assert batches.reconcile(session, now=LATER) == 0
    jobs.alive = set()
    assert batches.reconcile(session, now=LATER) == 1

    assert jobs.take() == [(BatchRun(made.id, 0, 2), LATER, False)]


def test_what_was_never_handed_over_gets_its_first_run(session: Session, mailing: Mailing, jobs: Handed) -> None:
    for row in session.scalars(select(batches.Batch)):
        session.delete(row)
    session.flush()

    assert batches.reconcile(session, now=NOW) == 2

    assert [run for run, _, _ in jobs.take()] == [BatchRun(mailing.id, 1, 1), BatchRun(mailing.id, 2, 1)]


def test_a_large_mailing_is_handed_over_some_batches_at_a_time(
    session: Session, mailing: Mailing, jobs: Handed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_A_TIME", 1)

    batches.enqueue_open(session, mailing)
    first = [run for run, _, _ in jobs.take()]
    jobs.alive = set(first)
    handed_over = batches.reconcile(session, now=NOW)

    assert first == [BatchRun(mailing.id, 1, 2)]
    assert handed_over == 1
    assert [run for run, _, _ in jobs.take()] == [BatchRun(mailing.id, 2, 2)]

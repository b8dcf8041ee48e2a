import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from newsletter.delivery import batches, ledger, mailings, planning, relays, work
from newsletter.delivery.models import Mailing, Window
from newsletter.delivery.verdicts import Reply, Step
from newsletter.delivery.work import Work
from tests.support.ledgers import Clock, a_mailing, a_system_mail
from tests.support.makers import BY, NOW

DOWN = Reply(Step.CONNECT, None, "", "no answer")


@pytest.fixture
def mailing(session: Session, monkeypatch: pytest.MonkeyPatch) -> Mailing:
    """Six readers are three windows in two batches."""
    monkeypatch.setattr(planning, "WINDOW", 2)
    monkeypatch.setattr(batches, "WINDOWS", 2)
    made = a_mailing(session, [f"r{number}@example.org" for number in range(1, 7)])
    while planning.plan_chunk(session, made.id, now=NOW):
        pass
    return made


def _found(due: int, *resting: str, urgent: int = 0, is_leased: bool = False) -> Work:
    return Work(due=due, urgent=urgent, is_leased=is_leased, resting=frozenset(resting))


def test_what_is_due_is_counted_in_all_or_in_some_batches(session: Session, mailing: Mailing) -> None:
    system = a_system_mail(session)

    assert work.counted(session, ["one"], now=NOW) == _found(4, urgent=1)
    assert work.counted(session, ["one"], now=NOW, of=[(mailing.id, 1)]) == _found(2)
    both = [(mailing.id, 2), (system.id, 1)]
    assert work.counted(session, ["one"], now=NOW, of=both) == _found(2, urgent=1)


def test_a_lease_counts_where_it_is_asked_for(session: Session, mailing: Mailing) -> None:
    assert work.claimed(session, "me", token="t", relay="one", now=NOW, of=[(mailing.id, 1)])

    assert work.counted(session, ["one"], now=NOW) == _found(2, is_leased=True)
    assert work.counted(session, ["one"], now=NOW, of=[(mailing.id, 1)]) == _found(1, is_leased=True)
    assert work.counted(session, ["one"], now=NOW, of=[(mailing.id, 2)]) == _found(1)


def test_what_is_paused_or_due_later_is_not_counted(session: Session, mailing: Mailing) -> None:
    clock = Clock()
    clock.forward(minutes=5)
    session.execute(update(Window).where(Window.first_position < 5).values(due_at=clock.now))
    session.expire_all()

    assert work.counted(session, ["one"], now=NOW) == _found(1)
    mailings.pause(session, mailing, by=BY, now=NOW)
    session.flush()

    assert work.counted(session, ["one"], now=clock.now) == _found(0)


def test_while_one_relay_rests_the_other_takes_all(session: Session, mailing: Mailing) -> None:
    relays.failed(session, "one", DOWN, now=NOW)

    assert work.counted(session, ["one", "two"], now=NOW) == _found(3, "one")
    assert work.claimed(session, "me", token="t", relay="one", now=NOW) is None
    lease = work.claimed(session, "me", token="t", relay="two", now=NOW)
    assert lease is not None
    assert lease.mailing_id == mailing.id


def test_while_all_relays_rest_nothing_can_be_claimed(session: Session, mailing: Mailing) -> None:
    clock = Clock()
    for name in ("one", "two"):
        relays.failed(session, name, DOWN, now=NOW)

    assert work.counted(session, ["one", "two"], now=NOW) == _found(0, "one", "two")
    clock.forward(seconds=15)
    session.expire_all()

    assert work.counted(session, ["one", "two"], now=clock.now) == _found(3)
    assert work.claimed(session, "me", token="t", relay="one", now=clock.now)
    assert mailing.state == "sending"


def test_claimed_is_a_window_of_these_batches_or_none(session: Session, mailing: Mailing) -> None:
    second = [(mailing.id, 2)]

    lease = work.claimed(session, "me", token="t1", relay="one", now=NOW, of=second)

    assert lease is not None
    assert (lease.batch, lease.first_position, lease.last_position) == (2, 5, 6)
    assert work.claimed(session, "me", token="t2", relay="one", now=NOW, of=second) is None
    assert work.claimed(session, "me", token="t2", relay="one", now=NOW, of=[(mailing.id, 1), *second])


def test_the_next_window_is_the_first_that_is_open_and_runs(session: Session, mailing: Mailing) -> None:
    clock = Clock()
    clock.forward(minutes=5)
    session.execute(update(Window).where(Window.first_position > 1).values(due_at=clock.now))

    assert work.next_window(session) == NOW
    assert ledger.claim(session, "me", token="t", now=NOW)
    assert work.next_window(session) == clock.now
    mailings.pause(session, mailing, by=BY, now=NOW)
    session.flush()

    assert work.next_window(session) is None


def test_a_window_that_was_claimed_is_given_again_even_if_the_relay_rests_meanwhile(
    session: Session, mailing: Mailing
) -> None:
    claimed = work.claimed(session, "me", token="first", relay="one", now=NOW)
    relays.failed(session, "one", DOWN, now=NOW)

    assert claimed is not None
    assert claimed.mailing_id == mailing.id
    assert work.claimed(session, "me", token="first", relay="one", now=NOW) == claimed
    assert work.claimed(session, "me", token="second", relay="one", now=NOW) is None

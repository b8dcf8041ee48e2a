import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, mailings, planning, progress, statement
from newsletter.delivery.mailings import MailingNotFound
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.progress import Failure, Progress
from newsletter.delivery.statement import LedgerBroken
from subscribers.address import EmailAddress
from tests.support.ledgers import Clock, a_mailing
from tests.support.makers import BY, NOW

START = NOW + dt.timedelta(minutes=10)  # the mailing runs for ten minutes then


def _ago(seconds: float) -> dt.datetime:
    return START - dt.timedelta(seconds=seconds)


def _planned(session: Session, people: int) -> Mailing:
    mailing = a_mailing(session, [f"r{number}@example.org" for number in range(1, people + 1)])
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass
    return mailing


def _settle(session: Session, mailing: Mailing, positions: range, state: str, *, ago: float, **values: object) -> None:
    for position in positions:
        row = session.get_one(Delivery, (mailing.id, position))
        row.state, row.attempt, row.at = state, 1, _ago(ago)
        for name, value in values.items():
            setattr(row, name, value)
    session.flush()


def _seen(session: Session, mailing: Mailing, *, now: dt.datetime = START) -> Progress:
    return progress.progress(session, mailing.id, now=now)


def test_the_numbers_are_those_of_the_statement(session: Session) -> None:
    mailing = _planned(session, 8)
    for position, state in enumerate(("accepted", "deferred", "expired", "rejected", "excluded", "cancelled"), 1):
        _settle(session, mailing, range(position, position + 1), state, ago=1)
    session.get_one(Delivery, (mailing.id, 7)).state = "unknown"

    seen = _seen(session, mailing)

    assert seen.statement == statement.statement(session, mailing.id)
    assert (seen.statement.recipients, seen.statement.queued, seen.settled) == (8, 1, 6)


def test_what_an_open_lease_holds_is_sending(session: Session) -> None:
    mailing = _planned(session, 3)
    _settle(session, mailing, range(1, 2), "accepted", ago=1)
    assert ledger.claim(session, "me", token="t", now=START)

    seen = _seen(session, mailing)

    assert seen.statement == statement.statement(session, mailing.id)
    assert (seen.statement.sending, seen.statement.queued, seen.settled) == (2, 0, 1)


def test_the_rate_counts_what_was_settled_in_the_last_minute(session: Session) -> None:
    mailing = _planned(session, 20)
    _settle(session, mailing, range(1, 4), "accepted", ago=61)
    _settle(session, mailing, range(4, 9), "accepted", ago=59)
    _settle(session, mailing, range(9, 10), "rejected", ago=1)
    _settle(session, mailing, range(10, 11), "deferred", ago=1, next_at=START)
    _settle(session, mailing, range(11, 12), "unknown", ago=1)
    _settle(session, mailing, range(12, 13), "excluded", ago=1, reason="left")
    _settle(session, mailing, range(13, 14), "queued", ago=1)  # unknown before, and resent: not settled any more

    assert _seen(session, mailing).per_second == 0.15  # nine in sixty seconds


@pytest.mark.parametrize(("seconds", "rate"), [(10, 0.6), (0.1, 6.0), (60, 0.1), (300, 0.0)])
def test_the_rate_of_a_young_mailing_is_that_of_its_life(session: Session, seconds: float, rate: float) -> None:
    mailing = _planned(session, 10)
    mailing.planned_at = START
    _settle(session, mailing, range(1, 7), "accepted", ago=0)

    assert _seen(session, mailing, now=START + dt.timedelta(seconds=seconds - 0.001)).per_second == rate


def test_the_end_is_expected_when_the_rest_went_at_this_rate(session: Session) -> None:
    mailing = _planned(session, 40)
    _settle(session, mailing, range(1, 31), "accepted", ago=5)
    assert ledger.claim(session, "me", token="t", now=START)

    seen = _seen(session, mailing)

    assert (seen.per_second, seen.expected_end) == (0.5, START + dt.timedelta(seconds=20))


def test_what_is_tried_again_later_counts_at_its_time(session: Session) -> None:
    mailing = _planned(session, 40)
    _settle(session, mailing, range(1, 31), "accepted", ago=5)
    _settle(session, mailing, range(31, 33), "deferred", ago=300, next_at=_ago(1))  # due: one of the rest
    _settle(session, mailing, range(33, 35), "deferred", ago=300, next_at=START + dt.timedelta(minutes=4))
    _settle(session, mailing, range(35, 36), "deferred", ago=300, next_at=START + dt.timedelta(minutes=2), code=450)

    assert _seen(session, mailing).expected_end == START + dt.timedelta(minutes=4)
    for position in (33, 34, 35):
        session.get_one(Delivery, (mailing.id, position)).next_at = START + dt.timedelta(seconds=1)
    assert _seen(session, mailing).expected_end == START + dt.timedelta(seconds=14)  # seven at one in two seconds


def test_where_all_wait_for_their_next_try_the_last_of_them_is_the_end(session: Session) -> None:
    mailing = _planned(session, 2)
    _settle(session, mailing, range(1, 3), "deferred", ago=120, next_at=START + dt.timedelta(minutes=3))

    seen = _seen(session, mailing)

    assert (seen.per_second, seen.expected_end) == (0.0, START + dt.timedelta(minutes=3))


def test_no_end_is_expected_where_nothing_moves(session: Session) -> None:
    mailing = _planned(session, 2)

    assert (_seen(session, mailing).per_second, _seen(session, mailing).expected_end) == (0.0, None)


def test_no_end_is_expected_of_what_does_not_run(session: Session) -> None:
    mailing = _planned(session, 4)
    _settle(session, mailing, range(1, 3), "accepted", ago=5)
    assert _seen(session, mailing).expected_end is not None

    mailings.pause(session, mailing, by=BY, now=START)

    seen = _seen(session, mailing)
    assert (seen.expected_end, seen.per_second, seen.is_moving) == (None, 0.03, False)


def test_a_mailing_that_waits_for_its_time_has_no_numbers_yet(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])

    seen = _seen(session, mailing)

    assert (seen.statement.recipients, seen.per_second, seen.expected_end, seen.failures) == (0, 0.0, None, ())
    assert seen.is_moving


def test_failures_are_told_by_reason_the_most_frequent_first(session: Session) -> None:
    mailing = _planned(session, 20)
    refused = {"code": 550, "enhanced": "5.1.1"}
    _settle(session, mailing, range(1, 3), "accepted", ago=1, code=250, enhanced="2.0.0", reply="Ok")
    for position in range(3, 7):
        one = range(position, position + 1)
        _settle(session, mailing, one, "rejected", ago=1, **refused, reply=f"<r{position}@example.org> nobody")
    _settle(session, mailing, range(7, 8), "rejected", ago=1, code=552, enhanced="", reply="full")
    _settle(session, mailing, range(8, 11), "deferred", ago=1, code=450, enhanced="4.2.0", reply="later")
    _settle(session, mailing, range(11, 12), "excluded", ago=1, reason="left", code=450, reply="later")
    _settle(session, mailing, range(12, 13), "excluded", ago=1, reason="left")
    _settle(session, mailing, range(13, 14), "excluded", ago=1, reason="erased")
    _settle(session, mailing, range(14, 15), "unknown", ago=1, reason="token 1", reply="lost")
    _settle(session, mailing, range(15, 16), "unknown", ago=1, reason="token 2", reply="lost")
    _settle(session, mailing, range(16, 17), "unknown", ago=1, reply="cut")

    assert _seen(session, mailing).failures == (
        Failure(4, "rejected", "", 550, "5.1.1", "<r3@example.org> nobody"),
        Failure(3, "deferred", "", 450, "4.2.0", "later"),
        Failure(2, "excluded", "left", None, "", ""),
        Failure(2, "unknown", "", None, "", "lost"),
        Failure(1, "excluded", "erased", None, "", ""),
        Failure(1, "rejected", "", 552, "", "full"),
        Failure(1, "unknown", "", None, "", "cut"),
    )


def test_another_mailings_rows_do_not_count(session: Session) -> None:
    mailing = _planned(session, 2)
    other = mailings.send_test(
        session,
        mailing.compiled,
        name="Aktuell",
        issue_id=None,
        address=EmailAddress.parse("anna@example.org"),
        language="de",
        by=BY,
        now=NOW,
    )
    _settle(session, other, range(1, 2), "rejected", ago=1, code=550)

    seen = _seen(session, mailing)

    assert (seen.statement.recipients, seen.per_second, seen.failures) == (2, 0.0, ())


def test_a_ledger_that_does_not_add_up_is_told(session: Session) -> None:
    mailing = _planned(session, 2)
    mailing.next_position = 5
    session.flush()

    with pytest.raises(LedgerBroken, match="planned for 4 recipients, its ledger has 2"):
        _seen(session, mailing)


def test_no_mailing_no_progress(session: Session) -> None:
    with pytest.raises(MailingNotFound):
        progress.progress(session, 99, now=NOW)


def test_programs_read_the_statement_with_rate_end_and_failures(session: Session) -> None:
    mailing = _planned(session, 4)
    _settle(session, mailing, range(1, 3), "accepted", ago=1)
    _settle(session, mailing, range(3, 4), "rejected", ago=1, code=550, enhanced="5.1.1", reply="nobody")

    assert _seen(session, mailing).as_json() == {
        "mailing": mailing.id,
        "state": "sending",
        "recipients": 4,
        "queued": 1,
        "sending": 0,
        "accepted": 2,
        "deferred": 0,
        "expired": 0,
        "rejected": 1,
        "excluded": 0,
        "cancelled": 0,
        "unknown": 0,
        "per_second": 0.05,
        "expected_end": "2026-11-23T09:10:20Z",
        "failures": [
            {"number": 1, "state": "rejected", "reason": "", "code": 550, "enhanced": "5.1.1", "reply": "nobody"}
        ],
    }


@pytest.fixture
def some(session: Session) -> Progress:
    """A look at a mailing that runs."""
    return _seen(session, _planned(session, 1))


def _followed(
    some: Progress, states: list[str], *, look_s: float = 0.0
) -> tuple[list[str], list[float], list[dt.datetime]]:
    clock, pauses, times = Clock(), list[float](), list[dt.datetime]()
    coming = iter(states)

    def look(now: dt.datetime) -> Progress:
        times.append(now)
        clock.forward(seconds=look_s)
        return replace(some, statement=replace(some.statement, state=next(coming)))

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock.forward(seconds=seconds)

    seen = [one.statement.state for one in progress.follow(look, clock=clock, sleep=sleep)]
    return seen, pauses, times


@pytest.mark.parametrize("end", ["sent", "cancelled", "paused"])
def test_following_ends_with_what_is_over_or_waits_for_a_person(some: Progress, end: str) -> None:
    seen, pauses, times = _followed(some, ["planning", "sending", "sending", end, "never asked"])

    assert seen == ["planning", "sending", "sending", end]
    assert pauses == [1.0, 1.0, 1.0]
    assert times == [NOW + dt.timedelta(seconds=second) for second in range(4)]


@pytest.mark.parametrize(("look_s", "pause"), [(0.1, 0.9), (0.5, 2.0), (3.0, 12.0)])
def test_a_look_that_takes_long_is_made_less_often(some: Progress, look_s: float, pause: float) -> None:
    _, pauses, _ = _followed(some, ["sending", "sent"], look_s=look_s)

    assert pauses == [pause]

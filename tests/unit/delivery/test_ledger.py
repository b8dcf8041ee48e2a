import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, mailings, planning, settling, statement
from newsletter.delivery.ledger import Lease, Row
from newsletter.delivery.models import Delivery, DeliveryAttempt, Mailing, Window
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, Verdict
from subscribers.models import Subscriber, Subscription, Suppression
from tests.support.ledgers import a_mailing, a_system_mail
from tests.support.makers import BY, NOW

ACCEPTED = Outcome(Verdict.ACCEPTED, Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok"), "relay", NOW)
DEFERRED = Outcome(Verdict.DEFERRED, Reply(Step.RCPT, 450, "4.2.0", "later"), "relay", NOW)
REJECTED = Outcome(Verdict.REJECTED, Reply(Step.RCPT, 550, "5.1.1", "nobody"), "relay", NOW)
UNKNOWN = Outcome(Verdict.UNKNOWN, Reply(Step.FINAL_DOT, None, "", "cut"), "relay", NOW)


@pytest.fixture
def mailing(session: Session) -> Mailing:
    return _planned(session, 3)


def _planned(session: Session, people: int) -> Mailing:
    made = a_mailing(session, [f"r{number}@example.org" for number in range(1, people + 1)])
    while planning.plan_chunk(session, made.id, now=NOW):
        pass
    return made


def _claimed(session: Session, executor: str = "me", token: str = "token") -> Lease:  # noqa: S107  # of a lease
    lease = ledger.claim(session, executor, token=token, now=NOW)
    assert lease is not None
    return lease


def _rows(session: Session, lease: Lease) -> tuple[Row, ...]:
    return ledger.read(session, lease, after=0, limit=100, now=NOW)


def _settle(session: Session, lease: Lease, row: Row, outcome: Outcome) -> None:
    settling.settle_all(session, [Settlement(lease.kind, lease.mailing_id, row.position, row.attempt, outcome)])


def _state(session: Session, mailing: Mailing, position: int) -> tuple[str, int]:
    row = session.get_one(Delivery, (mailing.id, position), populate_existing=True)
    return row.state, row.attempt


def _window(session: Session, mailing: Mailing) -> Window:
    return session.get_one(Window, (mailing.id, 1), populate_existing=True)


def test_a_window_has_one_owner(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)

    assert (lease.first_position, lease.last_position, lease.mailing_id) == (1, 3, mailing.id)
    assert ledger.claim(session, "another", token="other", now=NOW) is None
    assert statement.statement(session, mailing.id).sending == 3


def test_asked_again_with_the_same_token_the_claim_is_the_same(session: Session, mailing: Mailing) -> None:
    first = _claimed(session)

    again = ledger.claim(session, "me", token=first.owner, now=NOW + dt.timedelta(hours=1))

    assert again == first
    assert mailing.id == first.mailing_id


def test_who_lost_the_lease_goes_no_further(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    ledger.end(session, lease.owner, now=NOW)
    _claimed(session, "another", "other")

    assert ledger.running(session, {lease.owner, "other"}) == {"other"}
    ledger.end(session, lease.owner, now=NOW)
    assert _window(session, mailing).owner == "other"


def test_a_sign_of_life_is_noted_for_its_own_leases(session: Session, mailing: Mailing) -> None:
    _claimed(session)
    later = NOW + dt.timedelta(minutes=3)

    ledger.seen(session, {"another"}, now=later)
    assert _window(session, mailing).seen_at == NOW
    ledger.seen(session, {"token", "another"}, now=later)

    assert _window(session, mailing).seen_at == later


def test_a_pause_stops_the_next_begin_and_resuming_does_not_revive_the_lease(
    session: Session, mailing: Mailing
) -> None:
    lease = _claimed(session)
    assert ledger.running(session, {lease.owner}) == {lease.owner}

    mailings.pause(session, mailing, by=BY, now=NOW)
    session.flush()
    assert not ledger.running(session, {lease.owner})
    mailings.resume(session, mailing, by=BY, now=NOW)
    session.flush()

    assert not ledger.running(session, {lease.owner})


def test_a_reply_is_a_fact_whatever_the_row_says(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    first, second, third = _rows(session, lease)
    for position, state in ((1, "excluded"), (2, "cancelled")):
        session.get_one(Delivery, (mailing.id, position)).state = state
    session.flush()
    _settle(session, lease, third, UNKNOWN)

    for row in (first, second, third):
        _settle(session, lease, row, ACCEPTED)

    assert [_state(session, mailing, position) for position in (1, 2, 3)] == [("accepted", 1)] * 3


@pytest.mark.parametrize("later", [DEFERRED, REJECTED, UNKNOWN])
def test_a_reply_yields_to_no_other_of_the_same_attempt(session: Session, mailing: Mailing, later: Outcome) -> None:
    lease = _claimed(session)
    row = _rows(session, lease)[0]
    _settle(session, lease, row, ACCEPTED)

    _settle(session, lease, row, later)

    assert _state(session, mailing, 1) == ("accepted", 1)
    assert session.scalar(select(func.count(DeliveryAttempt.id))) == 0


@pytest.mark.parametrize("other", [DEFERRED, REJECTED, UNKNOWN])
@pytest.mark.parametrize("is_heard_first", [True, False])
def test_an_acceptance_holds_whatever_a_later_attempt_meets(
    session: Session,
    mailing: Mailing,
    other: Outcome,
    is_heard_first: bool,  # noqa: FBT001  # a case
) -> None:
    lease = _claimed(session)
    first = Settlement(lease.kind, mailing.id, 1, 1, ACCEPTED)
    second = Settlement(lease.kind, mailing.id, 1, 2, other)

    for one in (first, second) if is_heard_first else (second, first):
        settling.settle(session, one)

    row = session.get_one(Delivery, (mailing.id, 1), populate_existing=True)
    assert (row.state, row.code, row.next_at) == ("accepted", 250, None)


def test_settling_twice_changes_nothing(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    row = _rows(session, lease)[0]

    _settle(session, lease, row, DEFERRED)
    _settle(session, lease, row, DEFERRED)

    assert _state(session, mailing, 1) == ("deferred", 1)
    assert session.scalar(select(func.count(DeliveryAttempt.id))) == 1


def test_each_reply_but_2xx_leaves_an_attempt(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    for row, outcome in zip(_rows(session, lease), (ACCEPTED, DEFERRED, REJECTED), strict=True):
        _settle(session, lease, row, outcome)

    found = session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.position)).all()
    assert [(attempt.position, attempt.attempt, attempt.code, attempt.reply) for attempt in found] == [
        (2, 1, 450, "later"),
        (3, 1, 550, "nobody"),
    ]
    assert mailing.state == "sending"


def test_the_window_opens_again_when_the_first_deferred_is_due(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    for row, outcome in zip(_rows(session, lease), (DEFERRED, ACCEPTED, REJECTED), strict=True):
        _settle(session, lease, row, outcome)
    ledger.end(session, lease.owner, now=NOW)

    window = _window(session, mailing)
    assert (window.state, window.due_at, window.owner) == ("open", NOW + dt.timedelta(minutes=5), "")
    assert ledger.claim(session, "me", token="t", now=NOW + dt.timedelta(minutes=4)) is None
    lease = ledger.claim(session, "me", token="t", now=NOW + dt.timedelta(minutes=5))  # type: ignore[assignment]  # asserted next
    assert lease is not None
    assert [(row.position, row.attempt) for row in _rows(session, lease)] == [(1, 2)]


def test_a_long_reply_is_cut(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    reply = Reply(Step.RCPT, 550, "", "x" * 5000)

    _settle(session, lease, _rows(session, lease)[0], Outcome(Verdict.REJECTED, reply, "relay", NOW))

    assert len(session.get_one(Delivery, (mailing.id, 1), populate_existing=True).reply) == 1000


@pytest.mark.parametrize("change", ["left", "erased", "suppressed", "paused", "address changed"])
def test_reading_excludes_who_may_no_longer_get_it(session: Session, mailing: Mailing, change: str) -> None:
    row = session.get_one(Delivery, (mailing.id, 2))
    person = session.get_one(Subscriber, row.subscriber_id)
    match change:
        case "left":
            session.get_one(Subscription, row.subscription_id).state = "left"
        case "erased":
            person.erased_at = NOW
        case "suppressed":
            session.add(Suppression(address_hash=person.suppression_key, reason="complained", at=NOW))
        case "paused":
            session.get_one(Subscription, row.subscription_id).paused_until = NOW + dt.timedelta(seconds=1)
        case _:
            person.address_key = "new@example.org"
    session.flush()

    read = _rows(session, _claimed(session))

    assert [found.position for found in read] == [1, 3]
    excluded = session.get_one(Delivery, (mailing.id, 2))
    assert (excluded.state, excluded.reason) == ("excluded", change)
    assert statement.statement(session, mailing.id).excluded == 1


def test_a_slice_of_nobody_but_excluded_reads_on(session: Session, mailing: Mailing) -> None:
    for subscription in session.scalars(select(Subscription).limit(2)):
        subscription.state = "left"
    session.flush()

    read = ledger.read(session, _claimed(session), after=0, limit=1, now=NOW)

    assert [row.position for row in read] == [3]
    assert mailing.state == "sending"


def test_a_system_mail_to_somebody_who_is_no_subscriber_goes_out(session: Session) -> None:
    a_system_mail(session, "staff@example.org")

    assert len(_rows(session, _claimed(session))) == 1


def test_a_hostile_reply_is_settled_like_any_other(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    row = _rows(session, lease)[0]
    hostile = replace(REJECTED, reply=Reply(Step.RCPT, 550, "5.999.999", "\0" + "\N{PILE OF POO}" * 100_000))

    _settle(session, lease, row, hostile)

    session.expire_all()
    kept = session.get_one(Delivery, (mailing.id, row.position))
    assert (kept.state, kept.enhanced, kept.reply) == ("rejected", "5.999.999", "\N{PILE OF POO}" * 1000)


def test_system_mail_is_claimed_first(session: Session, mailing: Mailing) -> None:
    system = a_system_mail(session)

    assert _claimed(session, token="one").mailing_id == system.id
    assert _claimed(session, token="two").mailing_id == mailing.id


def test_the_rows_are_shown_in_order_and_by_state(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    _settle(session, lease, _rows(session, lease)[1], ACCEPTED)

    shown = list(statement.deliveries(session, mailing.id))

    assert [(line.position, line.state) for line in shown] == [(1, "sending"), (2, "accepted"), (3, "sending")]
    assert [line.position for line in statement.deliveries(session, mailing.id, state="accepted")] == [2]
    assert shown[1].as_json() == {
        "position": 2,
        "address": "r2@example.org",
        "state": "accepted",
        "attempt": 1,
        "at": "2026-11-23T09:00:00Z",
        "relay": "relay",
        "code": 250,
        "enhanced": "2.0.0",
        "reply": "Ok",
    }
    assert shown[0].as_json()["at"] is None


def test_a_broken_ledger_is_not_papered_over(session: Session, mailing: Mailing) -> None:
    session.delete(session.get_one(Delivery, (mailing.id, 2)))
    session.flush()

    with pytest.raises(statement.LedgerBroken, match="planned for 3 recipients, its ledger has 2"):
        statement.statement(session, mailing.id)

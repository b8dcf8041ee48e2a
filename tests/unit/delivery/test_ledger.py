import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, mailings, planning, recovering, statement
from newsletter.delivery.ledger import Lease, Outcome, Row
from newsletter.delivery.models import Delivery, DeliveryAttempt, DeliveryState, Mailing, Window
from newsletter.delivery.verdicts import Reply, Step, Verdict
from newsletter.errors import WrongState
from subscribers.models import Subscriber, Subscription, Suppression
from subscribers.orm import Base
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


def test_who_lost_the_lease_begins_nothing(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    rows = _rows(session, lease)
    recovering.recover(session, is_dead=lambda _: True, now=NOW)
    _claimed(session, "another", "other")

    assert not ledger.begin(session, lease, rows[0])
    ledger.release(session, lease, now=NOW)
    assert _window(session, mailing).owner == "other"


def test_a_pause_stops_the_next_begin_and_resuming_does_not_revive_the_lease(
    session: Session, mailing: Mailing
) -> None:
    lease = _claimed(session)
    assert ledger.may_begin(session, lease)

    mailings.pause(session, mailing, by=BY, now=NOW)
    session.flush()
    assert not ledger.may_begin(session, lease)
    mailings.resume(session, mailing, by=BY, now=NOW)
    session.flush()

    assert not ledger.may_begin(session, lease)


def test_a_reply_is_a_fact_whatever_the_row_says(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    first, second, third = _rows(session, lease)
    for position, state in ((1, "excluded"), (2, "cancelled")):
        session.get_one(Delivery, (mailing.id, position)).state = state
    session.flush()
    ledger.settle(session, lease, third, UNKNOWN)

    for row in (first, second, third):
        ledger.settle(session, lease, row, ACCEPTED)

    assert [_state(session, mailing, position) for position in (1, 2, 3)] == [("accepted", 1)] * 3


@pytest.mark.parametrize("later", [DEFERRED, REJECTED, UNKNOWN])
def test_a_reply_yields_to_no_other_of_the_same_attempt(session: Session, mailing: Mailing, later: Outcome) -> None:
    lease = _claimed(session)
    row = _rows(session, lease)[0]
    ledger.settle(session, lease, row, ACCEPTED)

    ledger.settle(session, lease, row, later)

    assert _state(session, mailing, 1) == ("accepted", 1)
    assert session.scalar(select(func.count(DeliveryAttempt.id))) == 0


def test_settling_twice_changes_nothing(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    row = _rows(session, lease)[0]

    ledger.settle(session, lease, row, DEFERRED)
    ledger.settle(session, lease, row, DEFERRED)

    assert _state(session, mailing, 1) == ("deferred", 1)
    assert session.scalar(select(func.count(DeliveryAttempt.id))) == 1


def test_each_reply_but_2xx_leaves_an_attempt(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    for row, outcome in zip(_rows(session, lease), (ACCEPTED, DEFERRED, REJECTED), strict=True):
        ledger.settle(session, lease, row, outcome)

    found = session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.position)).all()
    assert [(attempt.position, attempt.attempt, attempt.code, attempt.reply) for attempt in found] == [
        (2, 1, 450, "later"),
        (3, 1, 550, "nobody"),
    ]
    assert mailing.state == "sending"


def test_the_window_opens_again_when_the_first_deferred_is_due(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    for row, outcome in zip(_rows(session, lease), (DEFERRED, ACCEPTED, REJECTED), strict=True):
        ledger.settle(session, lease, row, outcome)
    ledger.release(session, lease, now=NOW)

    window = _window(session, mailing)
    assert (window.state, window.due_at, window.owner) == ("open", NOW + dt.timedelta(minutes=5), "")
    assert ledger.claim(session, "me", token="t", now=NOW + dt.timedelta(minutes=4)) is None
    lease = ledger.claim(session, "me", token="t", now=NOW + dt.timedelta(minutes=5))  # type: ignore[assignment]  # asserted next
    assert lease is not None
    assert [(row.position, row.attempt) for row in _rows(session, lease)] == [(1, 2)]


def test_a_long_reply_is_cut(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    reply = Reply(Step.RCPT, 550, "", "x" * 5000)

    ledger.settle(session, lease, _rows(session, lease)[0], Outcome(Verdict.REJECTED, reply, "relay", NOW))

    assert len(session.get_one(Delivery, (mailing.id, 1), populate_existing=True).reply) == 1000


@pytest.mark.parametrize("change", ["left", "erased", "suppressed", "address changed"])
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

    ledger.settle(session, lease, row, hostile)

    session.expire_all()
    kept = session.get_one(Delivery, (mailing.id, row.position))
    assert (kept.state, kept.enhanced, kept.reply) == ("rejected", "5.999.999", "\N{PILE OF POO}" * 1000)


def test_system_mail_is_claimed_first(session: Session, mailing: Mailing) -> None:
    system = a_system_mail(session)

    assert _claimed(session, token="one").mailing_id == system.id
    assert _claimed(session, token="two").mailing_id == mailing.id


def test_a_claim_that_was_committed_without_anybodys_knowing_is_found_again(session: Session, mailing: Mailing) -> None:
    first = _claimed(session, token="one")

    assert _claimed(session, token="one") == first
    assert ledger.claim(session, "me", token="two", now=NOW) is None
    assert first.mailing_id == mailing.id


def test_of_a_dead_sender_only_the_begun_row_is_in_doubt(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session, "dead")
    rows = _rows(session, lease)
    ledger.settle(session, lease, rows[0], ACCEPTED)
    ledger.begin(session, lease, rows[1])

    assert recovering.recover(session, is_dead=lambda executor: executor == "dead", now=NOW) == 1

    assert [_state(session, mailing, position) for position in (1, 2, 3)] == [
        ("accepted", 1),
        ("unknown", 1),
        ("queued", 0),
    ]
    assert [row.position for row in _rows(session, _claimed(session))] == [3]


def test_a_living_sender_keeps_its_lease(session: Session, mailing: Mailing) -> None:
    _claimed(session, "alive")

    assert recovering.recover(session, is_dead=lambda _: False, now=NOW) == 0
    assert _window(session, mailing).state == "leased"


def test_a_settled_row_is_not_doubted_when_its_sender_dies(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session, "dead")
    row = _rows(session, lease)[0]
    ledger.begin(session, lease, row)
    ledger.settle(session, lease, row, ACCEPTED)
    ledger.unbegin(session, lease)

    recovering.recover(session, is_dead=lambda _: True, now=NOW)

    assert _state(session, mailing, 1) == ("accepted", 1)


def test_a_late_reply_mends_a_doubt(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session, "slow")
    row = _rows(session, lease)[0]
    ledger.begin(session, lease, row)
    recovering.recover(session, is_dead=lambda _: True, now=NOW)
    assert _state(session, mailing, 1) == ("unknown", 1)

    ledger.settle(session, lease, row, ACCEPTED)

    assert _state(session, mailing, 1) == ("accepted", 1)


def test_a_system_mail_in_doubt_is_queued_once_more_then_named(session: Session) -> None:
    system = a_system_mail(session)
    states = []
    for _ in range(2):
        lease = _claimed(session, "dead")
        ledger.begin(session, lease, _rows(session, lease)[0])
        recovering.recover(session, is_dead=lambda _: True, now=NOW)
        states.append(_state(session, system, 1))

    assert states == [("queued", 1), ("unknown", 2)]
    assert system.state == "sent"


def test_the_rows_are_shown_in_order_and_by_state(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    ledger.settle(session, lease, _rows(session, lease)[1], ACCEPTED)

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


class TheSum(RuleBasedStateMachine):
    """Whatever senders and staff do in whatever order, the statement adds up."""

    def __init__(self) -> None:
        super().__init__()
        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        self.session = Session(engine, expire_on_commit=False)
        self.now = NOW
        self.leases: list[tuple[Lease, list[Row]]] = []
        self.facts: dict[int, tuple[int, str]] = {}

    @initialize()
    def plan(self) -> None:
        planning.WINDOW, kept = 2, planning.WINDOW
        self.mailing = _planned(self.session, 7)
        planning.WINDOW = kept

    @rule()
    def claim(self) -> None:
        lease = ledger.claim(self.session, "me", token=f"t{len(self.leases)}", now=self.now)
        if lease:
            self.leases.append((lease, []))

    @rule(which=st.integers(0, 9), outcome=st.sampled_from([ACCEPTED, DEFERRED, REJECTED, UNKNOWN]))
    def send_next(self, which: int, outcome: Outcome) -> None:
        if not self.leases:
            return
        lease, done = self.leases[which % len(self.leases)]
        after = done[-1].position if done else 0
        if not ledger.may_begin(self.session, lease):
            return
        rows = ledger.read(self.session, lease, after=after, limit=1, now=self.now)
        if rows and ledger.begin(self.session, lease, rows[0]):
            done.append(rows[0])
            ledger.settle(self.session, lease, rows[0], outcome)
            ledger.unbegin(self.session, lease)
            if outcome is ACCEPTED:
                assert rows[0].position not in self.facts, "sent twice"
                self.facts[rows[0].position] = (rows[0].attempt, "accepted")

    @rule(which=st.integers(0, 9))
    def leave(self, which: int) -> None:
        subscriptions = self.session.scalars(select(Subscription).order_by(Subscription.id)).all()
        subscriptions[which % len(subscriptions)].state = "left"
        self.session.flush()

    @rule(which=st.integers(0, 9))
    def release(self, which: int) -> None:
        if self.leases:
            lease, _ = self.leases.pop(which % len(self.leases))
            ledger.release(self.session, lease, now=self.now)

    @rule(begin=st.booleans())
    def die(self, begin: bool) -> None:  # noqa: FBT001  # drawn
        if begin and self.leases:
            lease, done = self.leases[0]
            after = done[-1].position if done else 0
            rows = ledger.read(self.session, lease, after=after, limit=1, now=self.now)
            if rows:
                ledger.begin(self.session, lease, rows[0])
        recovering.recover(self.session, is_dead=lambda _: True, now=self.now)
        self.leases.clear()

    @rule(minutes=st.integers(1, 600))
    def wait(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)

    @rule(act=st.sampled_from([mailings.pause, mailings.resume, mailings.resume, mailings.cancel]))
    def staff_acts(self, act: object) -> None:
        assert callable(act)
        try:
            act(self.session, self.mailing, by=BY, now=self.now)
        except WrongState:
            return
        self.session.flush()

    @invariant()
    def it_adds_up(self) -> None:
        if not hasattr(self, "mailing"):
            return
        made = statement.statement(self.session, self.mailing.id)
        numbers = made.as_json()
        parts = [numbers[state] for state in (*DeliveryState, "sending")]
        assert made.recipients == sum(int(part) for part in parts) == 7
        shown = [line.state for line in statement.deliveries(self.session, self.mailing.id)]
        assert {state: shown.count(state) for state in set(shown)} == {
            str(state): numbers[state] for state in (*DeliveryState, "sending") if numbers[state]
        }
        for position in self.facts:
            assert shown[position - 1] == "accepted", "a fact was lost"
        if made.state == "sent":
            assert not made.queued + made.sending + made.deferred

    def teardown(self) -> None:
        self.session.close()
        self.session.get_bind().dispose()  # type: ignore[union-attr]  # it is an engine


TestTheSum = TheSum.TestCase
TestTheSum.settings = settings(max_examples=12, stateful_step_count=25)

"""Whatever senders, relays, staff and crashes do in any order: it adds up, nobody is lost, nobody gets it twice."""

import datetime as dt
from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from newsletter.delivery import journal, ledger, mailings, planning, recovering, settling, statement
from newsletter.delivery.executors import Executor
from newsletter.delivery.journal import Answer, Begin, Leased, Line, Record
from newsletter.delivery.ledger import Lease, Row
from newsletter.delivery.models import Delivery, DeliveryState
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Scope, Step, Verdict, verdict_on
from newsletter.errors import WrongState
from subscribers.models import Subscription
from subscribers.orm import Base
from tests.support.ledgers import a_mailing
from tests.support.makers import BY, NOW

READERS = 7
ME = Executor.current(folder="ours")
TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok")
REFUSED = Reply(Step.FINAL_DOT, 550, "5.1.1", "nobody")
LATER = Reply(Step.FINAL_DOT, 450, "4.2.0", "later")
GOING_DOWN = Reply(Step.FINAL_DOT, 421, "4.3.2", "going down")
CUT = Reply(Step.FINAL_DOT, None, "", "cut")


@dataclass
class _Sender:
    """One connection with its lease, its journal as octets, and what is not settled yet."""

    lease: Lease
    octets: bytes
    position: int = 0
    on_the_wire: Row | None = None
    unsettled: list[Settlement] = field(default_factory=list)

    def write(self, line: Line) -> None:
        self.octets += journal.encode((line,))


class TheProtocol(RuleBasedStateMachine):
    """Several senders on one ledger, and a sink that counts."""

    def __init__(self) -> None:
        super().__init__()
        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        self.session = Session(engine, expire_on_commit=False)
        self.now = NOW
        self.claims = 0
        self.senders: list[_Sender] = []
        self.abandoned: list[_Sender] = []
        self.sink: dict[int, int] = {}

    @initialize()
    def plan(self) -> None:
        planning.WINDOW, kept = 2, planning.WINDOW
        self.mailing = a_mailing(self.session, [f"r{number}@example.org" for number in range(READERS)])
        while planning.plan_chunk(self.session, self.mailing.id, now=NOW):
            pass
        planning.WINDOW = kept

    @rule()
    def claim(self) -> None:
        self.claims += 1
        lease = ledger.claim(self.session, str(ME), token=f"t{self.claims}", now=self.now)
        if lease:
            sender = _Sender(lease, b"")
            sender.write(Leased(lease.mailing_id, lease.first_position, lease.last_position))
            self.senders.append(sender)

    @rule(which=st.integers(0, 9))
    def begin(self, which: int) -> None:
        sender = self._sender(which)
        if sender is None or sender.on_the_wire or not ledger.running(self.session, {sender.lease.owner}):
            return
        rows = ledger.read(self.session, sender.lease, after=sender.position, limit=1, now=self.now)
        if rows:
            [sender.on_the_wire] = rows
            sender.position = rows[0].position
            sender.write(Begin(self.mailing.id, rows[0].position, rows[0].attempt, date=self.now, digest="d"))

    @rule(
        which=st.integers(0, 9),
        reply=st.sampled_from([TAKEN, TAKEN, REFUSED, LATER, GOING_DOWN, CUT]),
        took=st.booleans(),
    )
    def reply(self, which: int, reply: Reply, took: bool) -> None:  # noqa: FBT001  # drawn
        sender = self._sender(which)
        if sender is None or sender.on_the_wire is None:
            return
        row, sender.on_the_wire = sender.on_the_wire, None
        self._count(row, took=reply is TAKEN or (reply is CUT and took))
        outcome = Outcome(verdict_on(reply), reply, "relay", self.now, self.now, "d")
        if outcome.verdict is not Verdict.UNKNOWN:
            key = (self.mailing.id, row.position, row.attempt)
            sender.write(Answer(*key, reply=reply, relay="relay", at=self.now))
        if outcome.verdict.scope is Scope.RECIPIENT:
            sender.unsettled.append(Settlement(sender.lease.kind, self.mailing.id, row.position, row.attempt, outcome))

    @rule(which=st.integers(0, 9))
    def settle(self, which: int) -> None:
        sender = self._sender(which)
        if sender:
            settling.settle_all(self.session, sender.unsettled)
            sender.unsettled.clear()

    @rule(which=st.integers(0, 9))
    def end(self, which: int) -> None:
        sender = self._sender(which)
        if sender and not sender.on_the_wire:
            self.settle(which)
            ledger.end(self.session, sender.lease.owner, now=self.now)
            self.senders.remove(sender)

    @rule(which=st.integers(0, 9), took=st.booleans(), twice=st.booleans())
    def crash(self, which: int, took: bool, twice: bool) -> None:  # noqa: FBT001  # drawn
        sender = self._sender(which)
        if sender:
            self._die(sender, took=took)
            for _ in range(1 + twice):
                recovering.replay(self.session, self._record(sender, sender.octets), now=self.now)
            self.senders.remove(sender)

    @rule(which=st.integers(0, 9), took=st.booleans(), kept=st.floats(0, 1))
    def lose_power(self, which: int, took: bool, kept: float) -> None:  # noqa: FBT001  # drawn
        sender = self._sender(which)
        if sender:
            self._die(sender, took=took)
            left = sender.octets[: int(len(sender.octets) * kept)]
            record = self._record(sender, left, executor=replace(ME, boot="before"))
            recovering.replay(self.session, record, now=self.now)
            self.senders.remove(sender)

    @rule(which=st.integers(0, 9))
    def vanish(self, which: int) -> None:
        """Another machine falls silent, and is not dead at all."""
        sender = self._sender(which)
        if sender:
            recovering.abandon(self.session, sender.lease.owner, now=self.now)
            self.senders.remove(sender)
            self.abandoned.append(sender)

    @rule(which=st.integers(0, 9), took=st.booleans())
    def come_back(self, which: int, took: bool) -> None:  # noqa: FBT001  # drawn
        if self.abandoned:
            sender = self.abandoned.pop(which % len(self.abandoned))
            self._die(sender, took=took)
            recovering.replay(self.session, self._record(sender, sender.octets), now=self.now)

    @rule(which=st.integers(0, 9))
    def leave(self, which: int) -> None:
        subscriptions = self.session.scalars(select(Subscription).order_by(Subscription.id)).all()
        subscriptions[which % len(subscriptions)].state = "left"
        self.session.flush()

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
        if hasattr(self, "mailing"):
            made = statement.statement(self.session, self.mailing.id)
            numbers = made.as_json()
            assert sum(int(numbers[state]) for state in (*DeliveryState, "sending")) == READERS
            shown = [line.state for line in statement.deliveries(self.session, self.mailing.id)]
            assert {state: shown.count(state) for state in set(shown)} == {
                str(state): numbers[state] for state in (*DeliveryState, "sending") if numbers[state]
            }
            if made.state == "sent":
                assert not made.queued + made.sending + made.deferred

    @invariant()
    def nobody_is_lost_and_nobody_gets_it_twice(self) -> None:
        assert all(times == 1 for times in self.sink.values()), "twice"
        if not hasattr(self, "mailing"):
            return
        owed = {one.position for each in (*self.senders, *self.abandoned) for one in each.unsettled}
        rows = self.session.scalars(select(Delivery).execution_options(populate_existing=True)).all()
        for row in rows:
            if row.state == "accepted":
                assert self.sink.get(row.position) == 1, "accepted, and nobody got it"
            elif row.position in self.sink and row.position not in owed:
                assert row.state == "unknown", f"got it, and the row says {row.state}"

    def teardown(self) -> None:
        for sender in (*self.senders, *self.abandoned):
            self._die(sender, took=True)
            recovering.replay(self.session, self._record(sender, sender.octets), now=self.now)
        self.senders, self.abandoned = [], []
        self.nobody_is_lost_and_nobody_gets_it_twice()
        self.it_adds_up()
        self.session.close()
        self.session.get_bind().dispose()  # type: ignore[union-attr]  # it is an engine

    def _sender(self, which: int) -> _Sender | None:
        return self.senders[which % len(self.senders)] if self.senders else None

    def _die(self, sender: _Sender, *, took: bool) -> None:
        if sender.on_the_wire:
            self._count(sender.on_the_wire, took=took)
        sender.on_the_wire = None
        sender.unsettled.clear()

    def _count(self, row: Row, *, took: bool) -> None:
        if took:
            self.sink[row.position] = self.sink.get(row.position, 0) + 1

    def _record(self, sender: _Sender, octets: bytes, *, executor: Executor = ME) -> Record:
        return Record(sender.lease.owner, str(executor), journal.parse(octets))


TestTheProtocol = TheProtocol.TestCase
TestTheProtocol.settings = settings(max_examples=25, stateful_step_count=30)

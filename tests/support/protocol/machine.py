"""A state machine over the whole of delivery: whatever people, relays, machines and the engine do, in any order."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import batches, mailings, missed, planning, resending, work
from newsletter.delivery.jobs import BatchRun
from newsletter.delivery.models import Delivery, Mailing, MailingState
from newsletter.errors import NewsletterError
from subscribers import suppression
from subscribers.address import EmailAddress
from subscribers.models import Subscriber, Subscription, Suppression, SuppressionReason
from tests.support.ledgers import COMPILED, a_mailing, a_system_mail
from tests.support.makers import BY, NOW, SECRET
from tests.support.protocol.engine import EngineDatabase, FakeEngine, Life
from tests.support.protocol.hosts import ANSWERS, CUT, EARLY, RELAY, TAKEN, Host, Sender, World

READERS = 6
MOST_MAILINGS = 4
FIRST = BatchRun(1, batches.AUDIENCE, 1)
LONG = 300  # rounds after which what is not done never will be
which = st.integers(0, 11)


class Protocol(RuleBasedStateMachine):
    """Two machines, one engine, some mailings; a few readers and people per window, so that all meet."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()
        for name, value in (("WINDOW", 2), ("CHUNK", 4)):
            self._patch.setattr(planning, name, value)
        self._patch.setattr(batches, "WINDOWS", 2)
        self.checked = 0  # the write after which all was compared
        self.made = 1  # mailings
        self.engine = FakeEngine()
        self.folder = Path(tempfile.mkdtemp(prefix="newsletter-protocol-"))
        database = EngineDatabase(url, self.engine)
        with database.writing() as session:
            a_mailing(session, [f"r{number}@example.org" for number in range(READERS)])
        self.world = World(database, self.folder, ("one", "two"))

    @initialize(planned=st.booleans())
    def begin_with(self, planned: bool) -> None:  # noqa: FBT001  # drawn
        """Most of what can go wrong needs an audience."""
        if planned:
            self.engine.runs[FIRST].life = Life.RUNNING
            self._freeze(FIRST, READERS)

    # The engine

    @rule(number=which, at=which, chunks=st.integers(1, 3))
    def run(self, number: int, at: int, chunks: int) -> None:
        """Begin a run, or begin once more one that runs already."""
        due, host = self.engine.at(now=self.world.now), self._host(at)
        if not due or host.is_cut_off:
            return
        run = due[number % len(due)]
        self.engine.runs[run].life = Life.RUNNING
        if run.batch == batches.AUDIENCE:
            self._freeze(run, chunks)
        else:
            host.assigned[run.mailing, run.batch] = run

    @rule(number=which, at=which, again=st.booleans())
    def engine_dies(self, number: int, at: int, again: bool) -> None:  # noqa: FBT001  # drawn
        """Lose what runs: it is begun again some time, or never."""
        for run in self._host(at).assigned.values():
            if self.engine.runs[run].life is Life.RUNNING:
                self.engine.runs[run].life = Life.WAITING if again else Life.FAILED
        self._host(at).assigned.clear()
        freezing = [run for run, known in self.engine.runs.items() if run.batch == 0 and known.life is Life.RUNNING]
        for run in freezing[: number % 2]:
            self.engine.runs[run].life = Life.FAILED

    @rule(at=which)
    def tell_done(self, at: int) -> None:
        """A machine says which of its batches hold nothing that it could send now."""
        host = self._host(at)
        if host.is_cut_off:
            return
        with self.world.database.reading() as session:
            idle = [batch for batch in host.assigned if self._is_idle(session, host, batch)]
        for batch in idle:
            self._ended(host.assigned.pop(batch))

    @rule()
    def reconcile(self) -> None:
        self._write(lambda session: batches.reconcile(session, now=self.world.now))

    # Senders

    @rule(at=which, everything=st.booleans())
    def claim(self, at: int, everything: bool) -> None:  # noqa: FBT001  # drawn
        host = self._host(at)
        of = None if everything else list(host.assigned)
        if not host.is_cut_off and (everything or of):
            self.world.claim(host, of)

    @precondition(lambda self: self.world.has_senders)
    @rule(number=which)
    def begin(self, number: int) -> None:
        found = self._sender(number)
        if found and not found[0].is_cut_off and not found[1].on_the_wire:
            self.world.begin(found[1])

    @precondition(lambda self: self.world.has_senders)
    @rule(number=which, reply=st.sampled_from(EARLY))
    def refuse(self, number: int, reply: object) -> None:
        found = self._sender(number)
        if found and not found[0].is_cut_off and not found[1].on_the_wire:
            self.world.refuse(found[1], next(each for each in EARLY if each is reply))

    @precondition(lambda self: self.world.has_unanswered)
    @rule(number=which, reply=st.integers(0, 8), took=st.booleans(), suspicious=st.booleans())
    def hear(self, number: int, reply: int, took: bool, suspicious: bool) -> None:  # noqa: FBT001  # drawn
        waiting = [sender for host in self.world.hosts for sender in host.senders if sender.on_the_wire]
        if waiting:
            said = ANSWERS[reply] if reply < len(ANSWERS) else TAKEN
            took = said is TAKEN or (said is CUT and took)
            self.world.hear(waiting[number % len(waiting)], said, took=took, is_suspicious=suspicious)

    @precondition(lambda self: self.world.has_senders)
    @rule(number=which, backwards=st.booleans(), repeated=st.booleans())
    def settle(self, number: int, backwards: bool, repeated: bool) -> None:  # noqa: FBT001  # drawn
        found = self._sender(number)
        if found and not found[0].is_cut_off:
            once = found[1].unsettled[:: -1 if backwards else 1]
            for _ in range(1 + repeated):
                self.world.settle(found[1], once)

    @precondition(lambda self: self.world.has_senders)
    @rule(number=which)
    def end(self, number: int) -> None:
        found = self._sender(number)
        if found and not found[0].is_cut_off and not found[1].on_the_wire:
            self.world.end(*found)

    # How senders and machines die

    @precondition(lambda self: self.world.has_senders)
    @rule(number=which, took=st.booleans())
    def crash(self, number: int, took: bool) -> None:  # noqa: FBT001  # drawn
        found = self._sender(number)
        if found:
            self.world.die(*found, took=took)

    @precondition(lambda self: self.world.has_senders)
    @rule(number=which, took=st.booleans())
    def crash_in_the_middle_of_a_line(self, number: int, took: bool) -> None:  # noqa: FBT001  # drawn
        """Write half a line: what it would have said had not happened, or nobody knows that it had."""
        found = self._sender(number)
        if not found or found[0].is_cut_off:
            return
        host, sender = found
        if sender.on_the_wire:
            self.world.hear(sender, TAKEN if took else ANSWERS[1], took=took, is_suspicious=False)
            sender.unsettled.pop()
            self._forget_answer(sender)
        self.world.die(host, sender, took=False)

    @precondition(lambda self: self.world.has_senders)
    @rule(number=which, took=st.booleans())
    def crash_with_the_journal(self, number: int, took: bool) -> None:  # noqa: FBT001  # drawn
        found = self._sender(number)
        if found:
            found[1].path.unlink()
            self.world.die(*found, took=took)

    @rule(at=which, took=st.booleans(), kept=st.floats(0, 1))
    def lose_power(self, at: int, took: bool, kept: float) -> None:  # noqa: FBT001  # drawn
        """All on one machine die, and of their journals the end is lost."""
        host = self._host(at)
        for sender in list(host.senders):
            self.world.die(host, sender, took=took)
        for sender in host.dead:
            if sender.path.exists():
                sender.cut(int(sender.whole * kept))
        self.world.reboot(host)

    @rule(at=which)
    def cut_off(self, at: int) -> None:
        """A machine reaches its relay, but neither database nor engine, for long."""
        self._host(at).is_cut_off = True
        self.world.wait(minutes=16)

    @rule(at=which)
    def come_back(self, at: int) -> None:
        self._host(at).is_cut_off = False

    @rule(at=which)
    def recover(self, at: int) -> None:
        if not self._host(at).is_cut_off:
            self.world.recover(self._host(at))

    @precondition(lambda self: self.world.closed)
    @rule(number=which)
    def replay_again(self, number: int) -> None:
        closed = [each for each in self.world.closed if not each[0].is_cut_off]
        if closed:
            self.world.replay_again(*closed[number % len(closed)])

    @rule(minutes=st.sampled_from([0.01, 1, 5, 14, 45, 240]))
    def wait(self, minutes: float) -> None:
        self.world.wait(minutes=minutes)

    # People

    @rule(number=which, act=st.sampled_from([mailings.pause, mailings.resume, mailings.resume, mailings.cancel]))
    def staff_acts(self, number: int, act: Callable[..., None]) -> None:
        self._on_mailing(number, lambda session, mailing: act(session, mailing, by=BY, now=self.world.now))

    @rule(number=which, position=st.integers(0, READERS))
    def resend(self, number: int, position: int) -> None:
        """Resend one, or with 0 all that are unknown."""

        def act(session: Session, mailing: Mailing) -> None:
            if position:
                queued = resending.resend(session, mailing, positions=[position], by=BY, now=self.world.now)
            else:
                queued = resending.resend_all(session, mailing, by=BY, now=self.world.now)
            self.world.truth.resent(session, mailing, queued)

        self._on_mailing(number, act)

    @precondition(lambda self: self.made < MOST_MAILINGS)
    @rule(number=which)
    def send_to_the_missed(self, number: int) -> None:
        def act(session: Session, mailing: Mailing) -> None:
            missed.send(session, mailing, by=BY, now=self.world.now)
            self.made += 1

        self._on_mailing(number, act)

    @precondition(lambda self: self.made < MOST_MAILINGS)
    @rule(number=which, system=st.booleans())
    def send_to_one(self, number: int, system: bool) -> None:  # noqa: FBT001  # drawn
        def act(session: Session) -> None:
            address = EmailAddress.parse(f"r{number % READERS}@example.org")
            if system:
                a_system_mail(session, address.address).due_at = self.world.now
                return
            digest = session.scalars(select(Mailing.compiled)).first()
            mailings.send_test(
                session,
                digest or "",
                name="Test",
                issue_id=None,
                address=address,
                language=COMPILED.language,
                by=BY,
                now=self.world.now,
            )

        self._write(act)
        self.made += 1

    @rule(number=which, become=st.sampled_from(["left", "confirmed", "confirmed", "suppressed", "erased", "moved"]))
    def reader_changes(self, number: int, become: str) -> None:
        def act(session: Session) -> None:
            person = session.get_one(Subscriber, 1 + number % READERS)
            subscription = session.scalars(select(Subscription).where(Subscription.subscriber_id == person.id)).one()
            match become:
                case "suppressed":
                    row = Suppression(address_hash=person.suppression_key, reason=SuppressionReason.LEFT.value, at=NOW)
                    if not session.query(Suppression).where(Suppression.address_hash == row.address_hash).count():
                        session.add(row)
                case "erased":
                    person.erased_at = self.world.now
                case "moved":
                    self._move(session, person)
                case _:
                    subscription.state = become

        self._write(act)

    # What holds after every step

    @invariant()
    def it_adds_up_and_agrees_with_the_truth(self) -> None:
        if self.world.database.writes == self.checked:
            return
        self.checked = self.world.database.writes
        with self.world.database.reading() as session:
            self.world.truth.check(session, self.world.owners())

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self._finish()
        finally:
            self.world.close()
            self._patch.undo()
            shutil.rmtree(self.folder)

    def _finish(self) -> None:
        """Bring everybody back, let the engine run, and see that nothing is left over."""
        self._end_senders()
        for _ in range(LONG):
            if not self._is_open():
                break
            self._write(self._resume_all)
            self._round()
            self.it_adds_up_and_agrees_with_the_truth()
        assert not self._is_open(), "something is never sent"
        with self.world.database.reading() as session:
            states = set(session.scalars(select(Delivery.state)))
        assert not states & {"queued", "deferred"}, states

    def _end_senders(self) -> None:
        for host in self.world.hosts:
            host.is_cut_off = False
            for sender in list(host.senders):
                if sender.on_the_wire:
                    self.world.hear(sender, TAKEN, took=True, is_suspicious=False)
                self.world.end(host, sender)
        self.world.wait(minutes=16)
        for host in self.world.hosts:
            self.world.recover(host)

    def _resume_all(self, session: Session) -> None:
        for mailing in session.scalars(select(Mailing).where(Mailing.state == MailingState.PAUSED.value)):
            mailings.resume(session, mailing, by=BY, now=self.world.now)

    def _round(self) -> None:
        """What an engine does that works."""
        host, now = self.world.hosts[0], self.world.now
        host.assigned.clear()
        for run in self.engine.at(now=now):
            if run.batch == batches.AUDIENCE:
                self._freeze(run, READERS)
                self.engine.runs[run].life = Life.ENDED
                continue
            while sender := self.world.claim(host, [(run.mailing, run.batch)]):
                while self.world.begin(sender):
                    self.world.hear(sender, TAKEN, took=True, is_suspicious=False)
                self.world.end(host, sender)
            self._ended(run)
        self.reconcile()
        self.world.wait(hours=1)

    def _freeze(self, run: BatchRun, chunks: int) -> None:
        for _ in range(chunks):
            if not self._write(lambda session: planning.plan_chunk(session, run.mailing, now=self.world.now)):
                self._ended(run)
                return

    def _ended(self, run: BatchRun) -> None:
        """A run ends; that is told twice."""
        for _ in range(2):
            self._write(lambda session: batches.ended(session, run))
        self.engine.runs[run].life = Life.ENDED

    def _is_idle(self, session: Session, host: Host, batch: tuple[int, int]) -> bool:
        held = {(sender.lease.mailing_id, sender.lease.batch) for sender in host.senders}
        return batch not in held and not work.counted(session, [RELAY], now=self.world.now, of=[batch]).due

    def _is_open(self) -> bool:
        over = (MailingState.SENT.value, MailingState.CANCELLED.value)
        with self.world.database.reading() as session:
            return bool(session.query(Mailing).where(Mailing.state.not_in(over)).count())

    def _move(self, session: Session, person: Subscriber) -> None:
        """Go to a new address, or to one that somebody else has given up."""
        used = set(session.scalars(select(Subscriber.address_key)))
        free = [f"{kind}{number}@example.org" for number in range(READERS) for kind in "rn"]
        address = EmailAddress.parse(next(each for each in free if each not in used))
        person.address, person.address_key = address.address, address.key
        person.suppression_key = suppression.key_of(address.key, key=suppression.hashing_key(SECRET))

    def _forget_answer(self, sender: Sender) -> None:
        """Cut the last line, which is an answer, in the middle."""
        start, end = sender.ends[-2][0], sender.ends[-1][0]
        sender.cut((start + end) // 2)
        sender.ends.pop()

    def _on_mailing(self, number: int, act: Callable[[Session, Mailing], None]) -> None:
        """Do something to a mailing that may be refused."""

        def found(session: Session) -> None:
            ids = session.scalars(select(Mailing.id).order_by(Mailing.id)).all()
            act(session, mailings.mailing(session, ids[number % len(ids)]))

        try:
            self._write(found)
        except NewsletterError:
            pass

    def _write(self, act: Callable[[Session], object]) -> object:
        with self.world.database.writing() as session:
            return act(session)

    def _host(self, number: int) -> Host:
        return self.world.hosts[number % len(self.world.hosts)]

    def _sender(self, number: int) -> tuple[Host, Sender] | None:
        everybody = [(host, sender) for host in self.world.hosts for sender in host.senders]
        return everybody[number % len(everybody)] if everybody else None

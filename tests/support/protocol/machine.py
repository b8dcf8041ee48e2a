"""A state machine over the whole of delivery: whatever people, relays, machines and the engine do, in any order."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
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
answers = st.integers(0, 8)


_F = TypeVar("_F", bound=Callable[..., None])
ACTS: list[tuple[str, dict[str, st.SearchStrategy[Any]]]] = []


def act(weight: int, **draws: st.SearchStrategy[Any]) -> Callable[[_F], _F]:
    """Have a method be one of the things that happen, as often as its weight.

    Rules of Hypothesis' own are switched off at random, most of them most of the time; here only their interplay tells.
    """

    def noted(method: _F) -> _F:
        ACTS.extend(weight * [(method.__name__, draws)])
        return method

    return noted


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

    @initialize(planned=st.sampled_from([*7 * [True], False]))
    def begin_with(self, planned: bool) -> None:  # noqa: FBT001  # drawn
        """Most of what can go wrong needs an audience."""
        if planned:
            self.engine.runs[FIRST].life = Life.RUNNING
            self._freeze(FIRST, READERS)

    @rule(data=st.data())
    def happens(self, data: st.DataObject) -> None:
        name, draws = ACTS[data.draw(st.integers(0, len(ACTS) - 1))]
        drawn = {key: data.draw(strategy) for key, strategy in draws.items()}
        note(f"{name} {drawn}")
        getattr(self, name)(**drawn)

    # The engine

    @act(2, number=which, at=which, chunks=st.integers(1, 3))
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

    @act(1, at=which)
    def tell_done(self, at: int) -> None:
        """A machine says which of its batches hold nothing that it could send now."""
        host = self._host(at)
        if host.is_cut_off:
            return
        with self.world.database.reading() as session:
            idle = [batch for batch in host.assigned if self._is_idle(session, host, batch)]
        for batch in idle:
            self._ended(host.assigned.pop(batch))

    @act(1, at=which, again=st.booleans())
    def engine_dies(self, at: int, again: bool) -> None:  # noqa: FBT001  # drawn
        """Lose what runs: it is begun again some time, or not before `reconcile`; audiences are lost for both."""
        freezing = [run for run, known in self.engine.runs.items() if run.batch == batches.AUDIENCE]
        for run in (*self._host(at).assigned.values(), *freezing):
            if self.engine.runs[run].life is Life.RUNNING:
                self.engine.runs[run].life = Life.WAITING if again else Life.FAILED
        self._host(at).assigned.clear()
        self._write(lambda session: batches.reconcile(session, now=self.world.now))

    # Senders

    @act(12, at=which, everything=st.booleans(), answers=st.lists(answers, max_size=3), ends=st.booleans())
    def work(self, at: int, everything: bool, answers: list[int], ends: bool) -> None:  # noqa: FBT001  # drawn
        """Claim, and send some; end the lease or stay in the middle of it, with a message on the wire."""
        host = self._host(at) if not self._host(at).is_cut_off else self._host(at + 1)
        of = None if everything else list(host.assigned)
        sender = self.world.claim(host, of or None)
        if sender is None:
            return
        for answer in answers:
            if self.world.begin(sender):
                self._hear(sender, answer, took=True, suspicious=False)
        if ends:
            self.world.end(host, sender)
        else:
            self.world.begin(sender)

    @act(2, number=which)
    def begin(self, number: int) -> None:
        found = self._sender(number)
        if found and not found[0].is_cut_off and not found[1].on_the_wire:
            self.world.begin(found[1])

    @act(1, number=which, reply=st.sampled_from(EARLY))
    def refuse(self, number: int, reply: object) -> None:
        found = self._sender(number)
        if found and not found[0].is_cut_off and not found[1].on_the_wire:
            self.world.refuse(found[1], next(each for each in EARLY if each is reply))

    @act(3, number=which, reply=answers, took=st.booleans(), suspicious=st.booleans())
    def hear(self, number: int, reply: int, took: bool, suspicious: bool) -> None:  # noqa: FBT001  # drawn
        waiting = [sender for host in self.world.hosts for sender in host.senders if sender.on_the_wire]
        if waiting:
            self._hear(waiting[number % len(waiting)], reply, took=took, suspicious=suspicious)

    @act(2, number=which, backwards=st.booleans(), repeated=st.booleans())
    def settle(self, number: int, backwards: bool, repeated: bool) -> None:  # noqa: FBT001  # drawn
        found = self._sender(number)
        if found and not found[0].is_cut_off:
            once = found[1].unsettled[:: -1 if backwards else 1]
            for _ in range(1 + repeated):
                self.world.settle(found[1], once)

    @act(2, number=which)
    def end(self, number: int) -> None:
        found = self._sender(number)
        if found and not found[0].is_cut_off and not found[1].on_the_wire:
            self.world.end(*found)

    # How senders and machines die

    @act(
        3,
        number=which,
        took=st.booleans(),
        how=st.sampled_from(["at once", "at once", "in a line", "with the journal"]),
        is_seen=st.booleans(),
    )
    def crash(self, number: int, took: bool, how: str, is_seen: bool) -> None:  # noqa: FBT001  # drawn
        """A sender dies at any moment. With half a line, nobody knows what the relay answered."""
        found = self._sender(number)
        if not found:
            return
        host, sender = found
        if how == "in a line" and sender.on_the_wire:
            self.world.hear(sender, TAKEN if took else ANSWERS[1], took=took, is_suspicious=False)
            sender.unsettled.pop()
            sender.cut_in_the_last_line()
        if how == "with the journal":
            sender.path.unlink()
        self.world.die(host, sender, took=took)
        if is_seen and not host.is_cut_off:
            self.world.recover(host)

    @act(1, at=which, took=st.booleans(), kept=st.floats(0, 1))
    def lose_power(self, at: int, took: bool, kept: float) -> None:  # noqa: FBT001  # drawn
        """All on one machine die, and of their journals the end is lost."""
        host = self._host(at)
        for sender in list(host.senders):
            self.world.die(host, sender, took=took)
        for sender in host.dead:
            if sender.path.exists():
                sender.cut(int(sender.whole * kept))
        self.world.reboot(host)

    @act(2, at=which, is_missed=st.sampled_from([True, True, False]))
    def lose_touch(self, at: int, is_missed: bool) -> None:  # noqa: FBT001  # drawn
        """A machine reaches its relay, but neither database nor engine; the other one gives it up, or not."""
        if not self._host(at).senders:
            at += 1
        if self._host(at + 1).is_cut_off:
            return
        self._host(at).is_cut_off = True
        self.world.wait(minutes=16)
        if is_missed:
            self.world.recover(self._host(at + 1))

    @act(2, at=which, is_alive=st.booleans(), took=st.booleans())
    def come_back(self, at: int, is_alive: bool, took: bool) -> None:  # noqa: FBT001  # drawn
        host = self._host(at)
        if not host.is_cut_off:
            return
        host.is_cut_off = False
        for sender in () if is_alive else tuple(host.senders):
            self.world.die(host, sender, took=took)
        self.world.recover(host)

    @act(2, at=which)
    def recover(self, at: int) -> None:
        if not self._host(at).is_cut_off:
            self.world.recover(self._host(at))

    @act(1, number=which)
    def replay_again(self, number: int) -> None:
        closed = [each for each in self.world.closed if not each[0].is_cut_off]
        if closed:
            self.world.replay_again(*closed[number % len(closed)])

    @act(2, minutes=st.sampled_from([0.01, 1, 5, 14, 45, 240]))
    def wait(self, minutes: float) -> None:
        self.world.wait(minutes=minutes)

    # People

    @act(2, number=which, does=st.sampled_from([mailings.pause, *6 * [mailings.resume], mailings.cancel]))
    def staff_acts(self, number: int, does: Callable[..., None]) -> None:
        self._on_mailing(number, lambda session, mailing: does(session, mailing, by=BY, now=self.world.now))

    @act(3, number=which, position=st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5]))
    def resend(self, number: int, position: int) -> None:
        """Resend one, or with 0 all that are unknown."""

        def act(session: Session, mailing: Mailing) -> None:
            if position:
                queued = resending.resend(session, mailing, positions=[position], by=BY, now=self.world.now)
            else:
                queued = resending.resend_all(session, mailing, by=BY, now=self.world.now)
            self.world.truth.resent(session, mailing, queued)

        self._on_mailing(number, act)

    @act(1, number=which)
    def send_to_the_missed(self, number: int) -> None:
        def act(session: Session, mailing: Mailing) -> None:
            missed.send(session, mailing, by=BY, now=self.world.now)
            self.made += 1

        if self.made < MOST_MAILINGS:
            self._on_mailing(number, act)

    @act(1, number=which, system=st.booleans())
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

        if self.made < MOST_MAILINGS:
            self._write(act)
            self.made += 1

    @act(1, number=which, become=st.sampled_from(["left", "confirmed", "confirmed", "suppressed", "erased", "moved"]))
    def reader_changes(self, number: int, become: str) -> None:
        if become in ("suppressed", "erased"):
            number %= 2  # for good, so not for all

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
        self._write(lambda session: batches.reconcile(session, now=self.world.now))
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

    def _hear(self, sender: Sender, answer: int, *, took: bool, suspicious: bool) -> None:
        reply = ANSWERS[answer] if answer < len(ANSWERS) else TAKEN
        took = reply is TAKEN or (reply is CUT and took)
        self.world.hear(sender, reply, took=took, is_suspicious=suspicious)

    def _on_mailing(self, number: int, act: Callable[[Session, Mailing], None]) -> None:
        """Do something to a mailing that may be refused."""

        def found(session: Session) -> None:
            ids = session.scalars(select(Mailing.id).order_by(Mailing.id)).all()
            act(session, mailings.mailing(session, ids[number % len(ids)]))

        with suppress(NewsletterError):
            self._write(found)

    def _write(self, act: Callable[[Session], object]) -> object:
        with self.world.database.writing() as session:
            return act(session)

    def _host(self, number: int) -> Host:
        return self.world.hosts[number % len(self.world.hosts)]

    def _sender(self, number: int) -> tuple[Host, Sender] | None:
        everybody = [(host, sender) for host in self.world.hosts for sender in host.senders]
        return everybody[number % len(everybody)] if everybody else None

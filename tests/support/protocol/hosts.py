"""Machines with senders on them, which claim, begin, hear replies, settle, and die in every way there is.

The journals are real files under real locks; the processes and the boots of the machines are played.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest
import structlog
from sqlalchemy.orm import Session

from newsletter.delivery import endings, executors, journal, ledger, mailings, recovering, settling, work
from newsletter.delivery.assigned import Batch
from newsletter.delivery.jobs import BatchRun
from newsletter.delivery.journal import Answer, Begin, Journal, Leased, Line
from newsletter.delivery.journals import Journals
from newsletter.delivery.ledger import Lease, Row
from newsletter.delivery.models import Mailing, MailingState, Window
from newsletter.delivery.patience import Patient
from newsletter.delivery.recovering import LOST_AFTER, Recovery
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Scope, Step, Verdict, verdict_on
from subscribers.models import Subscriber, Subscription, Suppression
from tests.support.ledgers import Clock
from tests.support.protocol.engine import EngineDatabase
from tests.support.protocol.truth import Attempt, Truth

RELAY = "relay"
SLICE = 2


@dataclass
class Sender:
    """One process with one connection, its lease and its journal. `ends` tells where in the file each line ends."""

    pid: int
    boot: int
    lease: Lease
    journal: Journal
    path: Path
    seen_at: dt.datetime
    rows: list[Row] = field(default_factory=list)
    read_at: dt.datetime | None = None
    position: int = 0
    on_the_wire: Row | None = None
    unsettled: list[Settlement] = field(default_factory=list)
    ends: list[tuple[int, Line]] = field(default_factory=list)
    whole: int = 0  # octets that survived
    is_abandoned: bool = False

    @property
    def head_end(self) -> int:
        return self.ends[0][0]

    def write(self, line: Line) -> None:
        self.journal.write(line)
        self.whole = self.journal._offset
        self.ends.append((self.whole, line))

    def cut(self, octets: int) -> None:
        """Lose the end of the journal."""
        with self.path.open("r+b") as file:
            file.seek(octets)
            file.write(b"\0" * (self.whole - octets))
        self.whole = octets

    def lines(self) -> list[Line]:
        """What a reader of the file must find."""
        return [line for end, line in self.ends if end <= self.whole]


class Host:
    """One machine with a folder of journals."""

    def __init__(self, name: str, folder: Path, world: "World") -> None:
        self.name = name
        self.boot = 1
        self.senders: list[Sender] = []
        self.dead: list[Sender] = []  # not looked after yet
        self.assigned: dict[Batch, BatchRun] = {}
        self.is_cut_off = False
        self.folder = folder
        self._world = world
        self.journals = Journals(folder, monotonic=lambda: 0.0)
        self.recovery = Recovery(Patient(world.database, sleep=_never), self.journals, clock=world.clock)

    def be(self, pid: int) -> None:
        """Have the process that looks be one of this machine."""
        self._world.boot = f"{self.name}-{self.boot}"
        me = replace(self.journals.me, host=self.name, boot=self._world.boot, pid=pid, started=pid)
        self.journals.me = me


class World:
    """Hosts, one ledger, and the truth."""

    def __init__(self, database: EngineDatabase, folder: Path, names: tuple[str, ...]) -> None:
        self.database = database
        self.clock = Clock()
        self.truth = Truth()
        self.boot = ""
        self.hosts = [Host(name, folder / name, self) for name in names]
        self.closed: list[tuple[Host, Sender]] = []
        self._pids = count(1)
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(executors, "boot_id", lambda: self.boot)
        self._patch.setattr(recovering, "boot_id", lambda: self.boot)
        self._patch.setattr(executors, "_started", self._started)
        self._patch.setattr(recovering, "_log", structlog.testing.CapturingLogger())

    @property
    def now(self) -> dt.datetime:
        return self.clock.now

    @property
    def has_senders(self) -> bool:
        return any(host.senders for host in self.hosts)

    @property
    def has_unanswered(self) -> bool:
        return any(sender.on_the_wire for host in self.hosts for sender in host.senders)

    def close(self) -> None:
        for host in self.hosts:
            for sender in host.senders:
                sender.journal.let_go()
        self.database.close()
        self._patch.undo()

    def owners(self) -> list[str]:
        """The tokens of the leases that must stand."""
        return [
            sender.lease.owner
            for host in self.hosts
            for sender in (*host.senders, *host.dead)
            if not sender.is_abandoned
        ]

    def claim(self, host: Host, of: list[Batch] | None) -> Sender | None:
        """Take a window as a new process, twice, as if nobody knew whether the first commit came through."""
        host.be(next(self._pids))
        made = host.journals.create()
        for _ in range(2):
            with self.database.writing() as session:
                lease = work.claimed(session, str(host.journals.me), token=made.token, relay=RELAY, now=self.now, of=of)
        if lease is None:
            made.discard()
            return None
        assert not any(_overlap(lease, each.lease) for each in self._standing()), "two leases hold the same row"
        path = host.folder / f"{made.token}{journal.SUFFIX}"
        sender = Sender(host.journals.me.pid, host.boot, lease, made, path, self.now, whole=made._offset)
        sender.write(Leased(lease.mailing_id, lease.first_position, lease.last_position))
        host.senders.append(sender)
        return sender

    def next_row(self, session: Session, sender: Sender) -> Row | None:
        """The row to be sent next, as it was read at this moment."""
        if sender.read_at != self.now:
            sender.rows = []
        if not sender.rows and sender.lease.owner in ledger.running(session, {sender.lease.owner}):
            sender.rows = list(ledger.read(session, sender.lease, after=sender.position, limit=SLICE, now=self.now))
            sender.read_at = self.now
            for row in sender.rows:
                _check_may_get_it(session, sender.lease, row)
        if not sender.rows or not ledger.running(session, {sender.lease.owner}):
            return None
        mailing = session.get_one(Mailing, sender.lease.mailing_id)
        assert (mailing.state, mailing.epoch) == ("sending", sender.lease.epoch), "begun, and it does not run"
        return sender.rows.pop(0)

    def begin(self, sender: Sender) -> bool:
        """Write the message of the next row, with its final dot."""
        with self.database.writing() as session:
            row = self.next_row(session, sender)
            if row is None:
                return False
            sender.position, sender.on_the_wire = row.position, row
            sender.write(Begin(sender.lease.mailing_id, row.position, row.attempt, date=self.now, digest="d"))
            self.truth.handed_over(session, (sender.lease.mailing_id, row.position), row.attempt)
        return True

    def refuse(self, sender: Sender, reply: Reply) -> None:
        """Hear of the recipient before anything is begun."""
        with self.database.writing() as session:
            row = self.next_row(session, sender)
        if row is not None:
            sender.position = row.position
            self._note(sender, row, reply, is_suspicious=False)

    def hear(self, sender: Sender, reply: Reply, *, took: bool, is_suspicious: bool) -> None:
        """Have the reply to what is on the wire."""
        row, sender.on_the_wire = sender.on_the_wire, None
        assert row is not None
        self._answered(sender, row, took=took, knows=reply.code is not None)
        self._note(sender, row, reply, is_suspicious=is_suspicious)

    def settle(self, sender: Sender, settlements: list[Settlement]) -> None:
        """Write outcomes into the ledger."""
        with self.database.writing() as session:
            settling.settle_all(session, settlements)
        for one in settlements:
            self.truth.settled(one)
        sender.unsettled = [one for one in sender.unsettled if one not in settlements]

    def end(self, host: Host, sender: Sender) -> None:
        """Settle what is left, and give the lease back, twice; close the journal."""
        self.settle(sender, sender.unsettled)
        for _ in range(2):
            with self.database.writing() as session:
                ledger.end(session, sender.lease.owner, now=self.now)
        sender.journal.close()
        sender.path = sender.path.parent / "closed" / sender.path.name
        host.senders.remove(sender)
        self.closed.append((host, sender))

    def die(self, host: Host, sender: Sender, *, took: bool) -> None:
        """End at once. What is on the wire may have come through."""
        if sender.on_the_wire:
            self._answered(sender, sender.on_the_wire, took=took, knows=False)
        sender.on_the_wire = None
        sender.unsettled = []
        sender.journal.let_go()
        host.senders.remove(sender)
        host.dead.append(sender)

    def recover(self, host: Host) -> None:
        """Look after what this machine, and those that are lost, left."""
        host.be(0)
        found, host.dead = host.dead, []
        there = [sender for sender in found if sender.path.exists()]
        with self.database.reading() as session:
            for sender in there:
                self._expect_replay(session, host, sender)
        missing = [sender for sender in found if sender not in there]
        lost = [sender for other in self.hosts if other is not host for sender in (*other.senders, *other.dead)]
        for sender in (*missing, *(each for each in lost if self.now - each.seen_at >= LOST_AFTER)):
            self._expect_loss(sender)
        host.recovery.run()
        for sender in there:
            sender.path = sender.path.parent / "closed" / sender.path.name
            self.closed.append((host, sender))

    def replay_again(self, host: Host, sender: Sender) -> None:
        """Replay a journal that was closed long ago."""
        host.be(0)
        with self.database.reading() as session:
            self._expect_replay(session, host, sender)
        with self.database.writing() as session:
            recovering.replay(session, journal.read(sender.path), now=self.now)

    def reboot(self, host: Host) -> None:
        host.boot += 1

    def wait(self, **duration: float) -> None:
        """Let time pass; the living say that they are."""
        self.clock.forward(**duration)
        living = [sender for host in self.hosts if not host.is_cut_off for sender in host.senders]
        for sender in living:
            sender.seen_at = self.now
        with self.database.writing() as session:
            ledger.seen(session, [sender.lease.owner for sender in living], now=self.now)

    def _note(self, sender: Sender, row: Row, reply: Reply, *, is_suspicious: bool) -> None:
        """Do with a reply what `sending` does with it."""
        outcome = Outcome(verdict_on(reply), reply, RELAY, self.now, self.now, "d")
        key = (sender.lease.mailing_id, row.position, row.attempt)
        if outcome.verdict is not Verdict.UNKNOWN:
            sender.write(Answer(*key, reply=reply, relay=RELAY, at=self.now))
        if outcome.verdict.scope is Scope.RELAY and is_suspicious:
            outcome = replace(outcome, verdict=Verdict.DEFERRED)
        if outcome.verdict.scope is Scope.RECIPIENT:
            sender.unsettled.append(Settlement(sender.lease.kind, *key, outcome))
        if outcome.verdict.scope is Scope.SENDER:
            with self.database.writing() as session:
                mailing = mailings.mailing(session, sender.lease.mailing_id)
                endings.stop(session, mailing, reason=reply.line, now=self.now)

    def _answered(self, sender: Sender, row: Row, *, took: bool, knows: bool) -> None:
        with self.database.reading() as session:
            self.truth.answered(session, (sender.lease.mailing_id, row.position), took=took, knows=knows)

    def _expect_replay(self, session: Session, host: Host, sender: Sender) -> None:
        lines = sender.lines()
        answered = {_key(line): verdict_on(line.reply) for line in lines if isinstance(line, Answer)}
        begun = [_key(line) for line in lines if isinstance(line, Begin)]
        self.truth.replayed(list(answered.items()), [key for key in begun if key not in answered])
        mailing = session.get_one(Mailing, sender.lease.mailing_id)
        is_complete = sender.boot == host.boot and lines
        if not is_complete and sender.lease.owner in self._leased(session):
            self._expect_loss(sender)
        elif is_complete and mailing.state in (MailingState.SENDING, MailingState.PAUSED):
            for place in _places(sender.lease):
                self.truth.doubts[place].discard(sender.lease.owner)

    def _expect_loss(self, sender: Sender) -> None:
        sender.is_abandoned = True
        for place in _places(sender.lease):
            self.truth.doubts[place].add(sender.lease.owner)

    def _leased(self, session: Session) -> set[str]:
        return {owner for (owner,) in session.query(Window.owner).where(Window.owner != "")}

    def _standing(self) -> Iterator[Sender]:
        for host in self.hosts:
            for sender in (*host.senders, *host.dead):
                if not sender.is_abandoned:
                    yield sender

    def _started(self, pid: int) -> int | None:
        alive = {sender.pid for host in self.hosts for sender in host.senders}
        return pid if pid in alive else None


def _check_may_get_it(session: Session, lease: Lease, row: Row) -> None:
    """Nobody gets an issue who left, or moved, or may not be written to."""
    if lease.kind != "issue":
        return
    person = session.get_one(Subscriber, row.subscriber_id)
    assert person.erased_at is None, "erased"
    assert person.address_key == row.address, "moved"
    assert session.get_one(Subscription, row.subscription_id).state == "confirmed", "left"
    stopped = session.query(Suppression).where(Suppression.address_hash == person.suppression_key).count()
    assert not stopped, "suppressed"


def _overlap(one: Lease, other: Lease) -> bool:
    return (
        one.mailing_id == other.mailing_id
        and one.first_position <= other.last_position
        and other.first_position <= one.last_position
    )


def _places(lease: Lease) -> list[tuple[int, int]]:
    return [(lease.mailing_id, position) for position in range(lease.first_position, lease.last_position + 1)]


def _key(line: Begin | Answer) -> Attempt:
    return line.mailing, line.position, line.attempt


def _never(_: float) -> None:
    raise AssertionError("the database refused")


ANSWERS = (
    Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok"),
    Reply(Step.FINAL_DOT, 550, "5.1.1", "nobody"),
    Reply(Step.FINAL_DOT, 450, "4.2.0", "later"),
    Reply(Step.FINAL_DOT, 421, "4.3.2", "going down"),
    Reply(Step.FINAL_DOT, 554, "5.7.1", "we do not like it"),
    Reply(Step.FINAL_DOT, None, "", "cut"),
)
TAKEN = ANSWERS[0]
CUT = ANSWERS[-1]
EARLY = (Reply(Step.RCPT, 550, "5.1.1", "nobody"), Reply(Step.RCPT, 450, "4.2.0", "later"))

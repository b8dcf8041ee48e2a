"""One lease from its first row to its last: the protocol, rule by rule, and why no crash doubles or loses anybody.

    await LeaseRun(lease, journal, connection, desk).send_all()

1. **Lease.** A sender makes and locks a journal, then claims one window in one committed update with the journal's
   random token. Two senders never hold the same row; a lease without a journal is a lost disk, nothing else.
2. **Begin before the dot.** A *begin* line is in the journal before the octets of the final dot are written. No
   line, no dot: whatever the journal does not say was begun was certainly not sent, and may go out again.
3. **Answer after the reply.** The *answer* line follows the relay's reply at once, the ledger a moment later. Dead
   between the two, the sender is replaced by its journal: nothing that a relay answered is lost or asked twice.
4. **In between is doubt.** Begun without an answer, by a kill, a cut or a timeout: no system could know. The row
   is `unknown`, is named, and is not sent again by itself (but a system mail, once). At most one row a connection.
5. **A reply is a fact** (`settling`). It overrides every state but a reply of the same or a later attempt, and an
   acceptance overrides those, too. So replaying is idempotent, and a pause, a cancel or a lost lease cannot
   unmake what was delivered.
6. **State gates beginning, never settling.** Rows are read in slices that are a second old at most, with the mailing's
   state and epoch and what the rates allow, and looked at again before the dot where a slow relay made them older.
   While `books` cannot write, nothing begins.
7. **Give back what was not begun.** A sender that stops begins nothing, waits for the replies it is owed,
   settles, and only then ends its lease; what it did not send is queued as if nothing had happened.
8. **Recover** (`recovering`). Only who holds a journal's lock decides about its lease, and the kernel gives that lock
   away only when the process is gone. So no row is judged while its sender may still act on it.

Verdicts have a scope: what is the relay's trouble, or the mailing's, leaves the row as it was.
"""

import asyncio
import datetime as dt
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy.orm import Session

from newsletter.delivery import endings, ledger, mailings, pacing, reasons
from newsletter.delivery.books import FRESH_S, Books
from newsletter.delivery.health import Health
from newsletter.delivery.identity import who_of
from newsletter.delivery.journal import Answer, Begin, Journal, JournalUnusable, Leased, Line
from newsletter.delivery.ledger import Lease, Row
from newsletter.delivery.messages import Messages, Prepared
from newsletter.delivery.models import MailingKind
from newsletter.delivery.pace import GLOBAL, Key, provider_key, relay_key
from newsletter.delivery.pacing import Grant
from newsletter.delivery.refusals import Watches
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.tempo import Meter, Tempo
from newsletter.delivery.verdicts import CLOSING, Reply, Scope, Step, Verdict, verdict_on
from newsletter.errors import NewsletterError
from subscribers.address import Provider

# A relay that fails so often in a row may stumble over this one recipient. The row waits on its own
# clock then, else it would stand before everybody behind it for ever.
SUSPICIOUS_AFTER = 3

# Messages a second. Who complains of fewer does not complain of our speed, and must not bring all to a stand.
LEAST_OBSERVED = 5.0

NOTHING = Grant(0, 0.0, 0.0)


class Connection(Protocol):
    """A way to hand over one message after another. Every breakdown is a `Reply`; nothing is raised."""

    async def connect(self) -> Reply | None:
        """Be ready to send; None, or the reply that stands in the way."""

    async def send(
        self, sender: str, recipient: str, message: bytes, *, begin: Callable[[], Awaitable[bool]]
    ) -> Reply | None:
        """Hand over one message; the reply's step tells how far it came.

        `begin` is awaited right before the message becomes complete. None: it said no, and nothing was sent.
        """

    async def close(self) -> None:
        """Let go of what is held open."""

    def abort(self, reason: str) -> None:
        """Hang up at once; a `send` that waits gives a reply with this reason."""


class Transport(Protocol):
    """Where messages go: a relay, or what stands for one."""

    @property
    def name(self) -> str:
        """How the relay is called in the ledger."""

    @property
    def connections(self) -> int:
        """How many connections it may have from this machine."""

    def connection(self) -> Connection:
        """Make a connection, not opened yet."""


class Precedence:
    """Tests and system mail go ahead of issues: a connection that sends one leaves it at its next message."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self.wanted = 0

    def gives_way(self, lease: Lease) -> bool:
        """Tell whether a connection must leave this lease for what is more urgent; one connection for each."""
        if self.wanted == 0 or lease.kind is not MailingKind.ISSUE:
            return False
        self.wanted -= 1
        return True


@dataclass(frozen=True, slots=True)
class Desk:
    """What all connections of a sender to one relay share."""

    relay: str
    books: Books
    messages: Messages
    health: Health
    watches: Watches
    precedence: Precedence
    meter: Meter
    clock: Callable[[], dt.datetime]
    monotonic: Callable[[], float]
    stopping: asyncio.Event


class LeaseRun:
    """Sends what one lease holds over one connection."""

    def __init__(self, lease: Lease, journal: Journal, connection: Connection, desk: Desk) -> None:
        """Take a lease that is claimed under the journal's token."""
        self._lease = lease
        self._journal = journal
        self._connection = connection
        self._desk = desk
        self._keys = _keys_of(lease, desk.relay)
        self._tempo = Tempo(desk.monotonic)
        self._rows: deque[Row] = deque()
        self._read_at = desk.monotonic() - FRESH_S
        self._position = 0
        self._goes_on = True
        self.was_lost = False  # somebody gave us up meanwhile, and called unknown what we held

    async def send_all(self) -> bool:
        """Send it all and end the lease; False where relay or journal take nothing more for now."""
        books, lease = self._desk.books, self._lease
        window = lease.mailing_id, lease.first_position, lease.last_position
        self._write(Leased(*window, made_at=lease.made_at, name=lease.name))
        is_well = True
        try:
            everything = await self._prepared(self._lease.compiled)
            while self._goes_on and is_well and (row := await self._next_row()):
                is_well = await self._send(await self._prepared_for(row, everything), row)
        except NewsletterError as error:  # the mail cannot be built; nothing of it is on the wire
            await self._stop_mailing(str(error))
        self.was_lost = not await books.ask(lambda session: ledger.end(session, lease.owner, now=self._desk.clock()))
        books.forget(lease.owner)
        return is_well and self._desk.health.is_usable

    async def _prepared_for(self, row: Row, everything: Prepared) -> Prepared:
        """The mail with the blocks that the row's topics give."""
        choices = everything.compiled.choices
        digest = choices.digest_of(row.variant) if choices and row.variant is not None else None
        return everything if digest is None else await self._prepared(digest)

    async def _prepared(self, digest: str) -> Prepared:
        messages = self._desk.messages
        kept = messages.kept(digest)
        if kept is not None:
            return kept
        return await self._desk.books.look(lambda session: messages.prepare(session, digest))

    async def _next_row(self) -> Row | None:
        """The next row, at the moment when it may begin; None where nothing more may go out."""
        desk, last = self._desk, self._lease.last_position
        while self._position < last and not (desk.stopping.is_set() or desk.precedence.gives_way(self._lease)):
            if self._rows and desk.monotonic() - self._read_at < FRESH_S:
                await self._tempo.moment(desk.stopping)
                return None if desk.stopping.is_set() else self._rows.popleft()
            self._read_at, rows, granted = await desk.books.ask(self._slice)
            self._rows = deque(rows[: granted.rows])
            if not rows:
                return None
            desk.books.watch(self._lease.owner, read_at=self._read_at)
            self._tempo.take(granted)
            if not self._rows:  # the rates are booked out: ask again
                await self._tempo.moment(desk.stopping)
        return None

    def _slice(self, session: Session) -> tuple[float, tuple[Row, ...], Grant]:
        """The next rows, where the mailing still runs, and how fast; who may no longer get it is excluded here."""
        read_at, lease, now = self._desk.monotonic(), self._lease, self._desk.clock()
        if lease.owner not in ledger.running(session, {lease.owner}):
            return read_at, (), NOTHING
        rows = ledger.read(session, lease, after=self._position, limit=self._tempo.wanted, now=now)
        granted = pacing.grant(session, self._keys, wanted=len(rows), now=now) if rows else NOTHING
        return read_at, rows, granted

    async def _send(self, prepared: Prepared, row: Row) -> bool:
        """Send one row and note what became of it; False where the relay is in trouble."""
        date = self._desk.clock()
        message = self._desk.messages.build(prepared, self._lease, row, date=date)
        digest = hashlib.sha256(message.octets).hexdigest()
        who = who_of(self._lease.mailing_id, self._lease.made_at, row.address_key)
        begun = False

        async def begin() -> bool:
            nonlocal begun
            line = Begin(self._lease.mailing_id, row.position, row.attempt, date=date, digest=digest, who=who)
            begun = await self._may_begin(row) and self._write(line)
            return begun

        reply = await self._connection.send(message.sender, message.recipient, message.octets, begin=begin)
        if reply is None:
            self._rows.clear()  # what was read is out of date
            return True
        # So no journal, log or alert ever names a reader.
        reply = reply.about_nobody(message.recipient, sender=message.sender)
        self._position = row.position
        self._desk.meter.note(self._keys)
        outcome = Outcome(verdict_on(reply), reply, self._desk.relay, self._desk.clock(), date, digest)
        if outcome.verdict is not Verdict.UNKNOWN and (begun or outcome.verdict.scope is Scope.RECIPIENT):
            key = (self._lease.mailing_id, row.position, row.attempt)
            self._write(Answer(*key, reply=reply, relay=outcome.relay, at=outcome.at, who=who))
        return await self._note(row, outcome)

    async def _may_begin(self, row: Row) -> bool:
        """Look once more whether this may go out, where what we know is a second old, or writing lags behind."""
        desk, owner = self._desk, self._lease.owner
        while not desk.stopping.is_set():
            if desk.books.may_begin(owner) and desk.monotonic() - self._read_at < FRESH_S:
                return True
            self._read_at, is_next = await desk.books.ask(lambda session: self._is_next(session, row))
            if not is_next:
                return False
            desk.books.watch(owner, read_at=self._read_at)
        return False

    def _is_next(self, session: Session, row: Row) -> tuple[float, bool]:
        read_at, lease = self._desk.monotonic(), self._lease
        if lease.owner not in ledger.running(session, {lease.owner}):
            return read_at, False
        found = ledger.read(session, lease, after=row.position - 1, limit=1, now=self._desk.clock())
        return read_at, [each.position for each in found] == [row.position]

    async def _note(self, row: Row, outcome: Outcome) -> bool:
        await self._slow_down(outcome.reply)
        match outcome.verdict.scope:
            case Scope.RECIPIENT if outcome.verdict is Verdict.UNKNOWN:
                self._settle(row, outcome)
                await self._desk.health.failed(outcome.reply)
                return False
            case Scope.RECIPIENT:
                self._settle(row, outcome)
                await self._desk.health.well()
                reason = self._desk.watches.of(self._lease).note(outcome.reply)
                if reason:
                    await self._stop_mailing(reason)
                return True
            case Scope.SENDER:
                facts = {"relay": outcome.relay, "reply": outcome.reply.line}
                await self._stop_mailing(reasons.REFUSED_AS_SUCH % facts)
                return True
            case Scope.RELAY:
                failures = await self._desk.health.failed(outcome.reply)
                if failures >= SUSPICIOUS_AFTER and outcome.reply.step >= Step.MAIL:
                    self._settle(row, replace(outcome, verdict=Verdict.DEFERRED))
                return False

    async def _slow_down(self, reply: Reply) -> None:
        """Send more slowly where the relay (421) or a provider (4.7.x) says that it is too much.

        What one of the many small ones says, such as greylisting, tells nothing of the others.
        """
        if reply.code == CLOSING:
            key = relay_key(self._desk.relay)
        elif reply.enhanced.startswith("4.7.") and self._lease.provider is not Provider.OTHER:
            key = provider_key(self._lease.provider)
        else:
            return
        observed, now = self._desk.meter.per_second(key), self._desk.clock()
        if observed < LEAST_OBSERVED:
            return
        await self._desk.books.ask(
            lambda session: pacing.slow_down(session, (key,), observed_per_second=observed, now=now)
        )

    def _settle(self, row: Row, outcome: Outcome) -> None:
        lease = self._lease
        self._desk.books.settle(Settlement(lease.kind, lease.mailing_id, row.position, row.attempt, outcome))

    def _write(self, line: Line) -> bool:
        """Write to the journal; without one nothing more begins."""
        try:
            self._journal.write(line)
        except JournalUnusable as error:
            self._goes_on = False
            self._desk.health.unusable(error)
            return False
        return True

    async def _stop_mailing(self, reason: str) -> None:
        def work(session: Session) -> None:
            mailing = mailings.mailing(session, self._lease.mailing_id)
            endings.stop(session, mailing, reason=reason, now=self._desk.clock())

        self._goes_on = False
        await self._desk.books.ask(work)


def _keys_of(lease: Lease, relay: str) -> tuple[Key, ...]:
    """What rates count for a lease; tests and system mail stand in no queue with issues, but for the relay's own."""
    if lease.kind is not MailingKind.ISSUE:
        return (relay_key(relay),)
    return GLOBAL, relay_key(relay), provider_key(lease.provider)

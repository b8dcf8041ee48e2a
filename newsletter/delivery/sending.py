"""Sending one leased window: one message after another, each outcome in the ledger before the next begins.

    WindowSender(database, transport, messages, …).send(lease, stop=stop)

After each reply one transaction settles it, looks whether the mailing still runs, and marks the
next row as begun. The rows ahead are read in slices that are a second old at most.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from newsletter.database import Database, reason_of
from newsletter.delivery import endings, ledger, mailings, relays
from newsletter.delivery.ledger import Lease, Outcome, Row
from newsletter.delivery.messages import Message, Messages
from newsletter.delivery.refusals import RefusalWatch
from newsletter.delivery.verdicts import Reply, Scope, Step, Verdict, verdict_on
from newsletter.errors import NewsletterError

SLICE_ROWS = 50
SLICE_AGE = dt.timedelta(seconds=1)
DATABASE_PAUSE_S = 1.0

# A relay that fails so often in a row may stumble over this one recipient. The row waits on its own
# clock then, else it would stand before everybody behind it for ever.
SUSPICIOUS_AFTER = 3

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


class Transport(Protocol):
    """A way to hand over messages. Every breakdown is a `Reply`; nothing is raised."""

    @property
    def name(self) -> str:
        """How the relay is called in the ledger."""

    def connect(self) -> Reply | None:
        """Be ready to send; None, or the reply that stands in the way."""

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand over one message; the reply's step tells how far it came."""

    def close(self) -> None:
        """Let go of what is held open."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The row that is begun (None: nothing more to send), the rows read ahead of it, and when."""

    row: Row | None
    rows: tuple[Row, ...]
    read_at: dt.datetime


class WindowSender:
    """Sends leased windows over one transport."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        messages: Messages,
        *,
        clock: Callable[[], dt.datetime],
        sleep: Callable[[float], object],
        is_stopping: Callable[[], bool],
    ) -> None:
        """Take what sending needs; `is_stopping` is asked after each message."""
        self._database = database
        self._transport = transport
        self._messages = messages
        self._clock = clock
        self._sleep = sleep
        self._is_stopping = is_stopping
        self._watched: tuple[int, int] = (0, 0)
        self._watch = RefusalWatch()
        self._relay_is_well = False

    def send(self, lease: Lease) -> bool:
        """Send what the lease holds, and give it back; False where the relay takes nothing more for now."""
        self._watch_over(lease)
        outcome = None
        try:
            prepared = self.look(lambda session: self._messages.prepare(session, lease.compiled))
            ahead = self.commit(lambda session: self._begin_next(session, lease, _Ahead(None, (), lease.since)))
            while ahead.row is not None:
                date = self._clock()
                message = self._messages.build(prepared, lease, ahead.row, date=date)
                outcome = self._handed_over(message, date)
                ahead = self._settle(lease, ahead, ahead.row, outcome)
        except NewsletterError as error:  # the mail cannot be built; nothing of it is on the wire
            self._stop_mailing(lease, str(error))
        self.commit(lambda session: ledger.release(session, lease, now=self._clock()))
        return outcome is None or not _is_trouble(outcome)

    def commit(self, work: Callable[[Session], _T]) -> _T:
        """Do work in a transaction of its own, again and again until the database takes it.

        What a relay has answered must not be lost because a disk is full or a server away for a while.
        The work is such that doing it twice is doing it once: a connection may break just when the
        database has committed. Of two transactions that block each other, one comes through here, too.
        """
        return self._patiently(self._database.writing, work)

    def look(self, work: Callable[[Session], _T]) -> _T:
        """Read on one snapshot, again and again until the database answers."""
        return self._patiently(self._database.reading, work)

    def _patiently(self, opened: Callable[[], AbstractContextManager[Session]], work: Callable[[Session], _T]) -> _T:
        while True:
            try:
                with opened() as session:
                    return work(session)
            except (OperationalError, InterfaceError) as error:
                _log.warning("database refuses", error=reason_of(error))
                self._sleep(DATABASE_PAUSE_S)

    def _handed_over(self, message: Message, date: dt.datetime) -> Outcome:
        reply = self._transport.send(message.sender, message.recipient, message.octets)
        return Outcome(
            verdict=verdict_on(reply),
            reply=reply,
            relay=self._transport.name,
            at=self._clock(),
            date=date,
            digest=hashlib.sha256(message.octets).hexdigest(),
        )

    def _settle(self, lease: Lease, ahead: _Ahead, row: Row, outcome: Outcome) -> _Ahead:
        """Settle one outcome and begin the next row, in one write."""
        scope, reply = outcome.verdict.scope, outcome.reply
        reason = ""
        if scope is Scope.SENDER:
            reason = f"The relay {outcome.relay} refused the mail as such: {reply.line}"
        elif scope is Scope.RECIPIENT:
            reason = self._watch.note(reply)
        may_go_on = not reason and reply.code is not None and scope is Scope.RECIPIENT and not self._is_stopping()

        def work(session: Session) -> _Ahead:
            if reason:  # first, for whoever needs more than the mailing locks it first
                endings.stop(session, mailings.mailing(session, lease.mailing_id), reason=reason, now=outcome.at)
            failures = self._note_health(session, outcome)
            if scope is Scope.RECIPIENT:
                ledger.settle(session, lease, row, outcome)
            elif failures >= SUSPICIOUS_AFTER and reply.step >= Step.MAIL:
                ledger.settle(session, lease, row, replace(outcome, verdict=Verdict.DEFERRED))
            if may_go_on:
                return self._begin_next(session, lease, ahead)
            ledger.unbegin(session, lease)
            return _Ahead(None, (), ahead.read_at)

        ahead = self.commit(work)
        self._relay_is_well = not _is_trouble(outcome)
        return ahead

    def _begin_next(self, session: Session, lease: Lease, ahead: _Ahead) -> _Ahead:
        """Begin the next row, where the mailing still runs and there is one."""
        now = self._clock()
        if ledger.may_begin(session, lease):
            rows, read_at = ahead.rows, ahead.read_at
            if not rows or now - read_at >= SLICE_AGE:
                after = ahead.row.position if ahead.row else 0
                rows, read_at = ledger.read(session, lease, after=after, limit=SLICE_ROWS, now=now), now
            if rows and ledger.begin(session, lease, rows[0]):
                return _Ahead(rows[0], rows[1:], read_at)
        ledger.unbegin(session, lease)
        return _Ahead(None, (), now)

    def _note_health(self, session: Session, outcome: Outcome) -> int:
        """Write down how the relay is doing; give the number of its failures in a row."""
        if _is_trouble(outcome):
            return relays.failed(session, outcome.relay, outcome.reply, now=outcome.at)
        if not self._relay_is_well:
            relays.well(session, outcome.relay)
        return 0

    def _stop_mailing(self, lease: Lease, reason: str) -> None:
        def work(session: Session) -> None:
            endings.stop(session, mailings.mailing(session, lease.mailing_id), reason=reason, now=self._clock())
            ledger.unbegin(session, lease)

        self.commit(work)

    def _watch_over(self, lease: Lease) -> None:
        """Watch each run of a mailing by itself: resumed, it gets a new chance."""
        if self._watched != (lease.mailing_id, lease.epoch):
            self._watched = (lease.mailing_id, lease.epoch)
            self._watch = RefusalWatch()


def _is_trouble(outcome: Outcome) -> bool:
    """Tell whether the relay itself failed; a connection cut after the final dot is its failure, too."""
    return outcome.verdict in (Verdict.RELAY_RESTS, Verdict.UNKNOWN)

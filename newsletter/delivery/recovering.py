"""What a sender left behind when it fell silent.

    Recovery(patient, journals, lost_after=…, clock=now).run()   # at each start, and every second

A journal of this boot is complete: an answer is that outcome, what was begun without an answer is
`unknown`, and what was not begun was certainly not sent and goes out as if nothing had happened. A
journal of an earlier boot may lack its end, and a missing one lacks everything: only answers count then,
and whatever else its lease held is `unknown`.

Into the journals of another machine nobody here can look. When it gave no sign of life for a while, what its
leases have not settled is `unknown` and never queued; its facts replace that when it comes back.
"""

import datetime as dt
import threading
from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.delivery import batches, ledger, settling
from newsletter.delivery.executors import Executor, boot_id
from newsletter.delivery.journal import Record
from newsletter.delivery.journals import Journals
from newsletter.delivery.matching import Matching
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, MailingState, Window, WindowState
from newsletter.delivery.pairing import Pairing
from newsletter.delivery.patience import Patient
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, Verdict

LOST_AFTER = dt.timedelta(minutes=15)
LOST = "the sender's machine was lost, and nothing tells what it sent"

_log = structlog.get_logger(__name__)


class Recovery:
    """Looks after what the senders of this machine, and of lost ones, hold."""

    def __init__(
        self,
        patient: Patient,
        journals: Journals,
        *,
        lost_after: dt.timedelta = LOST_AFTER,
        clock: Callable[[], dt.datetime],
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Take where to look; `lost_after` is how long another machine may be silent.

        `say` is told when the database or the home turns out to be restored.
        """
        self._patient = patient
        self._journals = journals
        self._lost_after = lost_after
        self._clock = clock
        self._running = threading.Lock()
        self._pairing = Pairing(patient, journals, clock=clock)
        self._say = say
        self._doubt = ""

    def run(self) -> None:
        """Replay what the dead left, kill who is silent, and name what is lost. One thread at a time.

        Before anything else see whether the database or the home was restored (`pairing`).
        """
        with self._running:
            self._tell(self._pairing.keep())
            self._journals.sweep(now=self._clock())
            for journal in self._journals.orphans():
                record = journal.read()
                self._patient.write(partial(replay, record=record, now=self._clock()))
                journal.close(lines=len(record.lines) if tells_all(record) else None)
                _log.warning("a dead sender's journal replayed", lines=len(record.lines))
            for token in self._patient.read(self._lost):
                self._patient.write(partial(abandon, token=token, now=self._clock()))
                _log.warning("a lease was lost with its machine", owner=token)

    def _tell(self, doubt: str) -> None:
        if doubt and doubt != self._doubt:
            self._say(f"{doubt} All mailings are paused; `newsletter mailing recover` reads it from the journals.")
        self._doubt = doubt

    def _lost(self, session: Session) -> tuple[str, ...]:
        return lost(session, self._journals, now=self._clock(), lost_after=self._lost_after)


def replay(session: Session, record: Record, *, now: dt.datetime) -> None:
    """Write down what a journal tells, and end its lease; again and again with the same result."""
    told = Matching(session).read(record, now=now)
    settling.settle_all(session, told.settlements)
    is_complete = tells_all(record)
    if ledger.leased_as(session, record.token) is None:
        if is_complete and told.mailing is not None:
            take_back(session, record, told.mailing, now=now)
    elif is_complete:
        _end(session, record.token, now=now)
    else:
        abandon(session, record.token, now=now)


def lost(session: Session, journals: Journals, *, now: dt.datetime, lost_after: dt.timedelta) -> tuple[str, ...]:
    """The leases that no journal will ever tell of: a dead neighbour's whose journal is missing, a silent host's."""
    leased = session.scalars(select(Window).where(Window.state == WindowState.LEASED.value)).all()
    return tuple(window.owner for window in leased if _is_lost(window, journals, now=now, lost_after=lost_after))


def abandon(session: Session, token: str, *, now: dt.datetime) -> None:
    """Name everything that a lease has not settled as unknown, and end it; one that is closed is left alone."""
    lease = ledger.leased_as(session, token)
    if lease is None:
        return
    reply = Reply(Step.FINAL_DOT, None, "", LOST)
    outcome = Outcome(Verdict.UNKNOWN, reply, relay="", at=now)
    settling.settle_all(
        session,
        [
            Settlement(lease.kind, lease.mailing_id, row.position, row.attempt, outcome, lost_with=token)
            for row in ledger.held(session, lease)
        ],
    )
    _end(session, token, now=now)


def _end(session: Session, token: str, *, now: dt.datetime) -> None:
    """End a lease, and have somebody send what is left of it."""
    lease = ledger.leased_as(session, token)
    ledger.end(session, token, now=now)
    if lease is not None:
        window = session.get_one(Window, (lease.mailing_id, lease.first_position))
        batches.enqueue_open(session, session.get_one(Mailing, lease.mailing_id), number=window.batch)


def _is_lost(window: Window, journals: Journals, *, now: dt.datetime, lost_after: dt.timedelta) -> bool:
    executor = Executor.parse(window.executor)
    if executor.is_neighbour_of(journals.me):
        return executor.is_dead() and not journals.has(window.owner)
    return window.seen_at is None or now - window.seen_at >= lost_after


def tells_all(record: Record) -> bool:
    """Tell whether what a journal does not say was begun was certainly not sent."""
    return record.is_whole or (bool(record.executor) and Executor.parse(record.executor).boot == boot_id())


def take_back(session: Session, record: Record, mailing: Mailing, *, now: dt.datetime) -> None:
    """Queue again what was called unknown only because its whole lease was lost, and was certainly not sent.

    Of a mailing that has ended meanwhile the rows stay as they are, for a person to resend.
    """
    leased = record.leased
    if leased is None or mailing.state not in (MailingState.SENDING, MailingState.PAUSED):
        return
    back = session.scalars(
        update(Delivery)
        .where(
            Delivery.mailing_id == leased.mailing,
            Delivery.position.between(leased.first_position, leased.last_position),
            Delivery.position.not_in([begun.position for begun in record.in_doubt]),
            Delivery.state == DeliveryState.UNKNOWN.value,
            Delivery.reason == record.token,
        )
        .values(state=DeliveryState.QUEUED.value, reason="", next_at=None, attempt=Delivery.attempt - 1)
        .returning(Delivery.position)
        .execution_options(synchronize_session=False)
    ).all()
    window = session.get(Window, (leased.mailing, leased.first_position), populate_existing=True)
    if back and window is not None and window.state != WindowState.LEASED:
        window.state, window.due_at = WindowState.OPEN.value, now
        session.flush()
        batches.enqueue_open(session, mailing, number=window.batch)

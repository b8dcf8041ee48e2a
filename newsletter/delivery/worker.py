"""The worker: recover what the dead left, plan what is due, send window after window.

    worker = Worker(database, transport=transport, secret=secret, public_url=url, clock=now, sleep=sleep, stop=stop)
    report = worker.run_until_idle()
    report.due_at, report.trouble

`stop` is asked after each message: set by a signal, the worker settles the message it is at,
releases its window and returns.
"""

import datetime as dt
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import ledger, planning, recovering, relays
from newsletter.delivery.executors import Executor
from newsletter.delivery.messages import Messages
from newsletter.delivery.models import Mailing, MailingState, Window, WindowState
from newsletter.delivery.sending import Transport, WindowSender
from subscribers.secret import Secret

POLL_S = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mailing that waits for a person."""

    mailing_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run left.

    `due_at` is when the next thing is due, None for nothing; `trouble` a sentence on the relay,
    empty while it is well; `waiting` the mailings that are paused.
    """

    due_at: dt.datetime | None
    trouble: str
    waiting: tuple[Waiting, ...]


class Worker:
    """Works through everything that is due, over one transport."""

    def __init__(
        self,
        database: Database,
        *,
        transport: Transport,
        secret: Secret,
        public_url: str,
        clock: Callable[[], dt.datetime],
        sleep: Callable[[float], object],
        stop: threading.Event,
    ) -> None:
        """Take what working needs; nothing is opened yet."""
        self._transport = transport
        self._clock = clock
        self._stop = stop
        self._executor = Executor.current()
        self._sender = WindowSender(
            database,
            transport,
            Messages(secret, public_url),
            clock=clock,
            sleep=sleep,
            is_stopping=stop.is_set,
        )

    def run_until_idle(self) -> Report:
        """Work until nothing is due, the relay takes nothing more, or `stop` is set.

        Whoever starts a run wants the relay tried now, so its rest from an earlier run is over.
        """
        self._sender.commit(lambda session: relays.try_now(session, self._transport.name))
        try:
            while not self._stop.is_set() and self._worked():
                pass
        finally:
            self._transport.close()
        return self._sender.look(self._report)

    def run_forever(self) -> None:
        """Work until `stop` is set, looking every second for what is due."""
        try:
            while not self._stop.is_set():
                if not self._worked():
                    self._transport.close()
                    self._stop.wait(POLL_S)
        finally:
            self._transport.close()

    def _worked(self) -> bool:
        """Do the next piece of work; False where there is nothing to do for now."""
        self._recover()
        self._plan()
        now = self._clock()
        due_at, resting = self._sender.look(
            lambda session: (_next_window(session), relays.resting_until(session, self._transport.name, now=now))
        )
        if due_at is None or due_at > now or resting or not self._connected():
            return False
        token = secrets.token_hex(16)
        lease = self._sender.commit(
            lambda session: ledger.claim(session, str(self._executor), token=token, now=self._clock())
        )
        return lease is not None and self._sender.send(lease)

    def _recover(self) -> None:
        holders = self._sender.look(recovering.holders)
        if any(_is_dead(executor) for executor in holders):
            number = self._sender.commit(
                lambda session: recovering.recover(session, is_dead=_is_dead, now=self._clock())
            )
            _log.warning("leases of dead senders ended", number=number)

    def _plan(self) -> None:
        waiting = self._sender.look(lambda session: planning.due(session, now=self._clock()))
        for mailing_id in waiting:
            while not self._stop.is_set() and self._sender.commit(self._planner(mailing_id)):
                pass

    def _planner(self, mailing_id: int) -> Callable[[Session], bool]:
        return lambda session: planning.plan_chunk(session, mailing_id, now=self._clock())

    def _connected(self) -> bool:
        """Connect before anything is claimed, so that a relay that is down touches no row."""
        trouble = self._transport.connect()
        if trouble is None:
            return True
        self._sender.commit(lambda session: relays.failed(session, self._transport.name, trouble, now=self._clock()))
        _log.warning("relay takes no mail", relay=self._transport.name, reply=trouble.line)
        return False

    def _report(self, session: Session) -> Report:
        paused = session.execute(
            select(Mailing.id, Mailing.reason).where(Mailing.state == MailingState.PAUSED.value).order_by(Mailing.id)
        )
        resting = relays.resting_until(session, self._transport.name, now=self._clock())
        window_at = _next_window(session)
        if window_at is not None and resting is not None:
            window_at = max(window_at, resting)
        planned_at = session.scalar(
            select(func.min(Mailing.due_at)).where(Mailing.state == MailingState.PLANNING.value)
        )
        return Report(
            due_at=min((moment for moment in (window_at, planned_at) if moment), default=None),
            trouble=relays.trouble_of(session, self._transport.name),
            waiting=tuple(Waiting(mailing_id, reason) for mailing_id, reason in paused),
        )


def _next_window(session: Session) -> dt.datetime | None:
    """When the next open window of a running mailing is due."""
    return session.scalar(
        select(func.min(Window.due_at))
        .join(Mailing, Mailing.id == Window.mailing_id)
        .where(Window.state == WindowState.OPEN.value, Mailing.state == MailingState.SENDING.value)
    )


def _is_dead(executor: str) -> bool:
    return Executor.parse(executor).is_dead()

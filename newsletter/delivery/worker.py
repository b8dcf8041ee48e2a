"""The worker: one process that plans, sends and recovers until it is told to stop or nothing is due.

    worker = Worker(database, transport=transport, journals=journals, secret=secret, public_url=url, …)
    report = worker.run_until_idle()
    report.due_at, report.trouble

`stop.ask()`, from a signal or another thread, ends a run gently. What is done stands in `sender`.
"""

import asyncio
import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import relays, work
from newsletter.delivery.books import Books
from newsletter.delivery.health import Health
from newsletter.delivery.work import Everything
from newsletter.delivery.journals import Journals
from newsletter.delivery.messages import Messages
from newsletter.delivery.models import Mailing, MailingState
from newsletter.delivery.patience import Patient
from newsletter.delivery.refusals import Watches
from newsletter.delivery.sender import Sender
from newsletter.delivery.sending import Desk, Transport

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:  # not made for every system; asyncio's own loop does the same, slower
    from asyncio import new_event_loop


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mailing that waits for a person."""

    mailing_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run left.

    `due_at` is when the next thing is due, None for nothing; `trouble` a sentence on the relay or
    the journals, empty while they are well; `waiting` the mailings that are paused.
    """

    due_at: dt.datetime | None
    trouble: str
    waiting: tuple[Waiting, ...]


class Stop:
    """A wish to end, asked for from anywhere."""

    def __init__(self) -> None:
        """Begin without."""
        self._asked = threading.Event()
        self._listener: Callable[[], object] | None = None

    def ask(self) -> None:
        """Ask for a gentle end; a second time does nothing more."""
        self._asked.set()
        if self._listener is not None:
            self._listener()

    def listen(self, listener: Callable[[], object] | None) -> None:
        """Have a function called when asked, at once if that was before; None for nobody any more."""
        self._listener = listener
        if listener is not None and self._asked.is_set():
            listener()


class Worker:
    """Works through everything that is due, over one transport."""

    def __init__(
        self,
        database: Database,
        *,
        transport: Transport,
        journals: Journals,
        messages: Messages,
        clock: Callable[[], dt.datetime],
        monotonic: Callable[[], float],
        sleep: Callable[[float], object],
        stop: Stop,
        connections: int | None = None,
        lost_after: dt.timedelta = work.LOST_AFTER,
    ) -> None:
        """Take what working needs; nothing is opened yet. `connections` is this process's share of the transport's."""
        self._transport = transport
        self._journals = journals
        self._messages = messages
        self._clock = clock
        self._monotonic = monotonic
        self._patient = Patient(database, sleep=sleep)
        self._stop = stop
        self._connections = connections or transport.connections
        self._lost_after = lost_after

    def run_until_idle(self) -> Report:
        """Work until nothing is due, the relay takes nothing more, or `stop` is asked.

        Whoever starts a run wants the relay tried now, so its rest from an earlier run is over.
        """
        trouble = self._run(until_idle=True)
        found = self._patient.read(lambda session: report(session, self._transport.name, now=self._clock()))
        return Report(found.due_at, trouble or found.trouble, found.waiting)

    def run_forever(self) -> None:
        """Work until `stop` is asked, looking every second for what is due."""
        self._run(until_idle=False)

    def _run(self, *, until_idle: bool) -> str:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(self._main(until_idle=until_idle))

    async def _main(self, *, until_idle: bool) -> str:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        self._stop.listen(lambda: loop.call_soon_threadsafe(stopping.set))
        books = Books(self._patient, clock=self._clock, monotonic=self._monotonic)
        try:
            async with books:
                if until_idle:
                    await books.ask(lambda session: relays.try_now(session, self._transport.name))
                return await self._send(books, stopping, until_idle=until_idle)
        finally:
            self._stop.listen(None)

    async def _send(self, books: Books, stopping: asyncio.Event, *, until_idle: bool) -> str:
        relay, clock = self._transport.name, self._clock
        health = Health(relay, books, clock=clock, stopping=stopping)
        desk = Desk(relay, books, self._messages, health, Watches(), clock, self._monotonic, stopping)
        work = Everything(
            books, self._journals, relay=relay, lost_after=self._lost_after, clock=clock, stopping=stopping
        )
        sender = Sender(desk, work, self._journals, self._transport, connections=self._connections)
        await sender.run(until_idle=until_idle)
        return health.trouble


def report(session: Session, relay: str, *, now: dt.datetime) -> Report:
    """What is due later, what waits for a person, and how the relay is doing."""
    paused = session.execute(
        select(Mailing.id, Mailing.reason).where(Mailing.state == MailingState.PAUSED.value).order_by(Mailing.id)
    )
    return Report(
        due_at=_due_at(session, relay, now=now),
        trouble=relays.trouble_of(session, relay),
        waiting=tuple(Waiting(mailing_id, reason) for mailing_id, reason in paused),
    )


def _due_at(session: Session, relay: str, *, now: dt.datetime) -> dt.datetime | None:
    resting = relays.resting_until(session, relay, now=now)
    window_at = work.next_window(session)
    if window_at is not None and resting is not None:
        window_at = max(window_at, resting)
    planned_at = session.scalar(select(func.min(Mailing.due_at)).where(Mailing.state == MailingState.PLANNING.value))
    return min((moment for moment in (window_at, planned_at) if moment), default=None)

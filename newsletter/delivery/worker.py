"""One process that sends, until it is told to stop or nothing is due.

    worker = Worker(database, transports=[transport], journals=journals, messages=messages, …)
    report = worker.run_until_idle()     # all that is due, without an engine
    report.due_at, report.trouble
    worker.run_assigned(channel)         # what an engine hands over

`stop.ask()`, from a signal or another thread, ends a run gently. What is done stands in `sender`.
"""

import asyncio
import datetime as dt
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import relays, work
from newsletter.delivery.assigned import BEAT, Assigned, decoded, encoded
from newsletter.delivery.books import Books
from newsletter.delivery.health import Health
from newsletter.delivery.journals import Journals
from newsletter.delivery.messages import Messages
from newsletter.delivery.models import Mailing, MailingState
from newsletter.delivery.patience import Patient
from newsletter.delivery.recovering import LOST_AFTER, Recovery
from newsletter.delivery.refusals import Watches
from newsletter.delivery.sender import Lane, Sender
from newsletter.delivery.sending import Desk, Precedence, Transport
from newsletter.delivery.tempo import Meter
from newsletter.delivery.work import Everything, Source

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:  # not made for every system; asyncio's own loop does the same, slower
    from asyncio import new_event_loop


BEAT_S = 1.0

_log = structlog.get_logger(__name__)


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


@dataclass(frozen=True, slots=True)
class Share:
    """Which one of how many sender processes this is; the connections that relays allow are shared among them."""

    slot: int = 0
    processes: int = 1

    def of(self, connections: int) -> int:
        """How many of them are ours."""
        return connections // self.processes + (self.slot < connections % self.processes)


ALONE = Share()


class Worker:
    """Sends over one relay or several, in this process."""

    def __init__(
        self,
        database: Database,
        *,
        transports: Sequence[Transport],
        journals: Journals,
        messages: Messages,
        clock: Callable[[], dt.datetime],
        monotonic: Callable[[], float],
        sleep: Callable[[float], object],
        stop: Stop,
        share: Share = ALONE,
        lost_after: dt.timedelta = LOST_AFTER,
    ) -> None:
        """Take what working needs; nothing is opened yet."""
        self._transports = transports
        self._journals = journals
        self._messages = messages
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._patient = Patient(database, sleep=self._wait)
        self._stop = stop
        self._share = share
        self._recovery = Recovery(self._patient, journals, lost_after=lost_after, clock=clock)

    def run_until_idle(self) -> Report:
        """Work through all that is due, until nothing is, the relays take nothing more, or `stop` is asked.

        Whoever starts a run wants the relays tried now, so their rest from an earlier run is over.
        """
        trouble = self._run(self._until_idle)
        found = self._patient.read(lambda session: report(session, self._relays, now=self._clock()))
        return Report(found.due_at, trouble or found.trouble, found.waiting)

    def run_assigned(self, channel: socket.socket) -> None:
        """Work on what comes over the channel, until its other end is closed or `stop` is asked."""
        self._run(partial(self._assigned, channel))

    @property
    def _relays(self) -> tuple[str, ...]:
        return tuple(transport.name for transport in self._transports)

    def _wait(self, seconds: float) -> None:
        """Be patient with a database that is away or locked, unless it is a sleeping neighbour who locks it."""
        self._journals.end_silent()
        self._sleep(seconds)

    def _run(self, main: Callable[[Books, asyncio.Event], Awaitable[str]]) -> str:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(self._main(main))

    async def _main(self, main: Callable[[Books, asyncio.Event], Awaitable[str]]) -> str:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        self._stop.listen(lambda: loop.call_soon_threadsafe(stopping.set))
        try:
            async with Books(self._patient, clock=self._clock, monotonic=self._monotonic) as books:
                return await main(books, stopping)
        finally:
            self._stop.listen(None)

    async def _until_idle(self, books: Books, stopping: asyncio.Event) -> str:
        for relay in self._relays:
            await books.ask(partial(relays.try_now, name=relay))
        source = Everything(
            books,
            self._recovery,
            executor=str(self._journals.me),
            relays=self._relays,
            clock=self._clock,
            is_stopping=stopping.is_set,
        )
        sender = self._sender(books, source, stopping)
        await sender.run(until_idle=True)
        return sender.trouble

    async def _assigned(self, channel: socket.socket, books: Books, stopping: asyncio.Event) -> str:
        reader, writer = await asyncio.open_connection(sock=channel)
        source = Assigned(
            books,
            executor=str(self._journals.me),
            relays=self._relays,
            clock=self._clock,
            done=lambda batch: writer.write(encoded(batch)),
        )
        sender = self._sender(books, source, stopping)
        beside = [asyncio.create_task(_listen(reader, source, sender, stopping)), asyncio.create_task(_beat(writer))]
        await sender.run(until_idle=False)
        for task in beside:
            task.cancel()
        writer.close()
        return sender.trouble

    def _sender(self, books: Books, source: Source, stopping: asyncio.Event) -> Sender:
        watches, precedence, meter = Watches(), Precedence(), Meter(self._monotonic)
        lanes: list[Lane] = []
        for transport in self._transports:
            host = self._journals.me.host
            health = Health(transport.name, books, host=host, clock=self._clock, stopping=stopping)
            desk = Desk(
                transport.name,
                books,
                self._messages,
                health,
                watches,
                precedence,
                meter,
                self._clock,
                self._monotonic,
                stopping,
            )
            lanes += [
                Lane(desk, source, self._journals, transport.connection())
                for _ in range(self._share.of(transport.connections))
            ]
        return Sender(lanes, source, precedence=precedence, stopping=stopping)


async def _listen(reader: asyncio.StreamReader, source: Assigned, sender: Sender, stopping: asyncio.Event) -> None:
    """Take what the engine hands over, to its end; also where that is a death that left our beats unread."""
    try:
        while line := await reader.readline():
            source.take(decoded(line))
            sender.look_now()
    except ConnectionError as error:
        _log.warning("whoever handed over work is gone", error=type(error).__name__)
    finally:
        stopping.set()
        sender.look_now()


async def _beat(writer: asyncio.StreamWriter) -> None:
    """Say every second that this process is well."""
    while True:
        writer.write(BEAT)
        await asyncio.sleep(BEAT_S)


def report(session: Session, relay_names: Sequence[str], *, now: dt.datetime) -> Report:
    """What is due later, what waits for a person, and what is wrong where no relay takes mail."""
    paused = session.execute(
        select(Mailing.id, Mailing.reason).where(Mailing.state == MailingState.PAUSED.value).order_by(Mailing.id)
    )
    return Report(
        due_at=_due_at(session, relay_names, now=now),
        trouble=_trouble(session, relay_names),
        waiting=tuple(Waiting(mailing_id, reason) for mailing_id, reason in paused),
    )


def _due_at(session: Session, relay_names: Sequence[str], *, now: dt.datetime) -> dt.datetime | None:
    resting = [relays.resting_until(session, name, now=now) for name in relay_names]
    window_at = work.next_window(session)
    if window_at is not None and all(resting):
        window_at = max(window_at, min(moment for moment in resting if moment))
    planned_at = session.scalar(select(func.min(Mailing.due_at)).where(Mailing.state == MailingState.PLANNING.value))
    return min((moment for moment in (window_at, planned_at) if moment), default=None)


def _trouble(session: Session, relay_names: Sequence[str]) -> str:
    troubles = [relays.trouble_of(session, name) for name in relay_names]
    return " ".join(troubles) if all(troubles) else ""

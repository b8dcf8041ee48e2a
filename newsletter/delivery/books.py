"""The bookkeeper of one sender process: all its database work, on one helper thread.

    async with Books(Patient(database, sleep=sleep), clock=now, monotonic=monotonic) as books:
        lease = await books.ask(lambda session: ledger.claim(session, …))
        books.watch(lease.owner, read_at=monotonic_of_then)
        books.settle(settlement)         # written within 20 ms or soon after, with what else comes meanwhile

The loop that owns the sockets never waits for a lock or a disk. What the database refuses is tried
again for ever. Until it is written, `may_begin` says no, so that what a crash would leave to the journals
stays small. An error that is not the database's is a defect of ours: whoever asks then hears it at once, so
that the sender ends, is started anew, and the journals are replayed, instead of waiting for ever.
"""

import asyncio
import datetime as dt
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from sqlalchemy.orm import Session

from newsletter.delivery import ledger, settling
from newsletter.delivery.patience import Patient
from newsletter.delivery.settling import Settlement

FLUSH_S = 0.02  # what a crash costs is told by the journals; this only gathers writes
LATEST_S = 0.2
PAUSE_FACTOR = 9  # after a write of 5 ms, 45 without one: the processor is for sending
MOST_WAITING = 200
FRESH_S = 1.0  # how old what we know of a mailing's state may be
LOOK_AGAIN_S = FRESH_S / 4  # so that it is renewed long before
NEVER = -math.inf
SIGN_OF_LIFE = dt.timedelta(minutes=1)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Asked:
    work: Callable[[], Any]
    answer: "asyncio.Future[Any]"

    def fail(self, error: Exception) -> None:
        """Raise it where it was asked, if somebody still waits there."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Books:
    """Settles, asks and watches; used from one event loop."""

    def __init__(self, patient: Patient, *, clock: Callable[[], dt.datetime], monotonic: Callable[[], float]) -> None:
        """Take the database; the thread begins with `async with`."""
        self._patient = patient
        self._clock = clock
        self._monotonic = monotonic
        self._waiting: list[Settlement] = []
        self._being_written = 0
        self._asked: list[_Asked] = []
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._is_closing = False
        self._watched: dict[str, float] = {}  # leases, and when each was last read to run
        self._looked_at = monotonic()
        self._write_took_s = 0.0
        self._seen_at = clock()
        self._thread = ThreadPoolExecutor(1, "books")

    async def __aenter__(self) -> Self:
        self._writing = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what is left, then end the thread."""
        self._is_closing = True
        self._work.set()
        self._hurry.set()
        try:
            await self._writing
        finally:
            self._thread.shutdown()

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the database that nothing new may begin."""
        return len(self._waiting) + self._being_written >= MOST_WAITING

    def watch(self, token: str, *, read_at: float) -> None:
        """Look after a lease that was read to run, when settling and several times a second."""
        self._watched[token] = read_at

    def forget(self, token: str) -> None:
        """Stop looking after a lease that has ended."""
        self._watched.pop(token, None)

    def may_begin(self, token: str) -> bool:
        """Tell whether something may begin under a lease: as the state was read less than a second ago."""
        return self._monotonic() - self._watched.get(token, NEVER) < FRESH_S and not self.is_full

    def settle(self, settlement: Settlement) -> None:
        """Have an outcome written soon."""
        self._waiting.append(settlement)
        self._work.set()
        if len(self._waiting) >= MOST_WAITING:
            self._hurry.set()

    async def ask(self, work: Callable[[Session], _T]) -> _T:
        """Do work in a transaction of its own, after everything settled so far; errors of ours pass."""
        return await self._in_turn(lambda: self._patient.write(work))

    async def look(self, work: Callable[[Session], _T]) -> _T:
        """Read on one snapshot, after everything settled so far; nobody's writing is held up."""
        return await self._in_turn(lambda: self._patient.read(work))

    async def do(self, work: Callable[[], _T]) -> _T:
        """Do something that has transactions of its own, after everything settled so far."""
        return await self._in_turn(work)

    async def _in_turn(self, work: Callable[[], _T]) -> _T:
        if self._writing.done():
            self._writing.result()
        asked = _Asked(work, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        self._work.set()
        self._hurry.set()
        answer: _T = await asked.answer
        return answer

    async def _keep(self) -> None:
        asked: list[_Asked] = []
        try:
            while not self._is_closing or self._waiting or self._asked:
                await self._work.wait()
                await self._gather()
                settlements, self._waiting = self._waiting, []
                asked, self._asked = self._asked, []
                await self._write(settlements)
                for one in asked:
                    await self._answer(one)
        except Exception as error:
            for one in (*asked, *self._asked):
                one.fail(error)
            raise

    async def _gather(self) -> None:
        """Let more come for a moment, unless somebody waits."""
        if not self._hurry.is_set():
            pause_s = min(LATEST_S, max(FLUSH_S, PAUSE_FACTOR * self._write_took_s))
            timer = asyncio.get_running_loop().call_later(pause_s, self._hurry.set)
            await self._hurry.wait()
            timer.cancel()
        self._work.clear()
        self._hurry.clear()

    async def _write(self, settlements: list[Settlement]) -> None:
        """Settle, and read in the same transaction, unless that was done just now, which leases may go on."""
        is_old = self._monotonic() - self._looked_at >= LOOK_AGAIN_S
        if not settlements and not (self._watched and is_old):
            return
        self._being_written = len(settlements)
        watched, now = frozenset(self._watched) if is_old else frozenset(), self._clock()
        is_due = bool(watched) and now - self._seen_at >= SIGN_OF_LIFE

        def work(session: Session) -> tuple[float, frozenset[str]]:
            read_at = self._monotonic()
            settling.settle_all(session, settlements)
            if is_due:
                ledger.seen(session, watched, now=now)
            return read_at, ledger.running(session, watched) if watched else watched

        began = self._monotonic()
        read_at, running = await self._on_thread(lambda: self._patient.write(work))
        self._write_took_s = self._monotonic() - began
        self._being_written = 0
        if watched:
            self._looked_at = read_at
            self._watched |= {token: read_at if token in running else NEVER for token in watched & self._watched.keys()}
        if is_due:
            self._seen_at = now

    async def _answer(self, asked: _Asked) -> None:
        try:
            answer = await self._on_thread(asked.work)
        except Exception as error:  # noqa: BLE001  # it is the asker's
            asked.fail(error)
        else:
            if not asked.answer.done():
                asked.answer.set_result(answer)

    async def _on_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

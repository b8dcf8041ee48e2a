"""A sender: several connections that each work on a lease of their own, in one thread.

    await Sender(desk, jobs, journals, transport).run(until_idle=True)

One keeper looks every second for what is to do and wakes as many connections as there are windows.
Asked to stop, it begins nothing, waits up to 30 seconds for the replies it is owed, settles, and
gives every lease back.
"""

import asyncio
from collections import deque
from contextlib import suppress

from newsletter.delivery.work import Everything
from newsletter.delivery.journal import Journal, JournalUnusable
from newsletter.delivery.journals import Journals
from newsletter.delivery.sending import Connection, Desk, LeaseRun, Transport

POLL_S = 1.0
GENTLE_S = 30.0


class Sender:
    """Works through everything that is due, over one transport."""

    def __init__(
        self, desk: Desk, jobs: Everything, journals: Journals, transport: Transport, *, connections: int
    ) -> None:
        """Take what sending needs; nothing is connected yet."""
        self._desk = desk
        self._jobs = jobs
        self._lanes = [_Lane(desk, jobs, journals, transport.connection()) for _ in range(connections)]
        self._idle: deque[asyncio.Future[None]] = deque()
        self._changed = asyncio.Event()

    async def run(self, *, until_idle: bool) -> None:
        """Work until asked to stop, or until nothing is due and no lease is open anywhere."""
        async with asyncio.TaskGroup() as tasks:
            lanes = [tasks.create_task(self._work(lane)) for lane in self._lanes]
            pulse = tasks.create_task(self._beat())
            stopper = tasks.create_task(self._stop_in_time(lanes))
            await self._keep(until_idle=until_idle)
            self._desk.stopping.set()
            self._wake(len(self._idle))
            await asyncio.wait(lanes)
            pulse.cancel()
            stopper.cancel()

    async def _keep(self, *, until_idle: bool) -> None:
        while not self._desk.stopping.is_set():
            self._changed.clear()
            was_idle = self._is_idle
            work = await self._jobs.look()
            trouble = self._desk.health.trouble
            if work.due and not trouble:
                self._wake(work.due)
            elif until_idle and was_idle and self._is_idle and (trouble or not work.is_leased):
                return
            await self._pause(impatient=not trouble)

    async def _pause(self, *, impatient: bool) -> None:
        """Wait for the next look; trouble with the disk is given a whole second."""
        awaited = self._changed if impatient else self._desk.stopping
        with suppress(TimeoutError):
            await asyncio.wait_for(awaited.wait(), POLL_S)
        if not impatient:
            self._desk.health.try_again()

    @property
    def _is_idle(self) -> bool:
        return len(self._idle) == len(self._lanes)

    async def _work(self, lane: "_Lane") -> None:
        try:
            while not self._desk.stopping.is_set():
                await self._bell()
                while not self._desk.stopping.is_set() and await lane.work():
                    pass
                await lane.connection.close()
        finally:
            lane.let_go()

    async def _bell(self) -> None:
        bell = asyncio.get_running_loop().create_future()
        self._idle.append(bell)
        self._changed.set()
        await bell

    def _wake(self, number: int) -> None:
        for _ in range(min(number, len(self._idle))):
            self._idle.popleft().set_result(None)

    async def _stop_in_time(self, lanes: "list[asyncio.Task[None]]") -> None:
        """Wake who sleeps when it is time to stop, and hang up on relays that do not answer in time."""
        await self._desk.stopping.wait()
        self._changed.set()
        _, late = await asyncio.wait(lanes, timeout=GENTLE_S)
        if late:
            for lane in self._lanes:
                lane.connection.abort("the sender was asked to stop, and the relay did not answer in time")

    async def _beat(self) -> None:
        """Show every second that this process is well."""
        while True:
            for lane in self._lanes:
                lane.touch()
            await asyncio.sleep(POLL_S)


class _Lane:
    """One connection, and the journal of the lease it works on."""

    def __init__(self, desk: Desk, jobs: Everything, journals: Journals, connection: Connection) -> None:
        self.connection = connection
        self._desk = desk
        self._jobs = jobs
        self._journals = journals
        self._journal: Journal | None = None

    async def work(self) -> bool:
        """Claim one window and send it; False where there is none, or nothing can be sent for now.

        Connect before anything is claimed, so that a relay that is down touches no row.
        """
        trouble = await self.connection.connect()
        if trouble is not None:
            await self._desk.health.failed(trouble)
            return False
        try:
            journal = self._journal = self._journals.create()
        except JournalUnusable as error:
            self._desk.health.unusable(error)
            return False
        lease = await self._jobs.claim(journal.token)
        self._journal = None if lease is None else journal
        if lease is None:
            journal.discard()
            return False
        is_well = await LeaseRun(lease, journal, self.connection, self._desk).send_all()
        self._journal = None
        journal.close()
        return is_well

    def touch(self) -> None:
        """Show that the journal has a living owner."""
        if self._journal is not None:
            self._journal.touch()

    def let_go(self) -> None:
        """Leave a journal that was not settled to who comes after."""
        if self._journal is not None:
            self._journal.let_go()

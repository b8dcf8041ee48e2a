"""A sender: several connections that each work on a lease of their own, in one thread.

    await Sender(lanes, source, precedence=precedence, stopping=stopping).run(until_idle=True)

One keeper looks every second, and whenever something changed, for what is to do, and wakes as many
connections as there are windows. Asked to stop, it begins nothing, waits up to 30 seconds for the replies
it is owed, settles, and gives every lease back.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from newsletter.delivery import recovering
from newsletter.delivery.journal import Journal, JournalUnusable
from newsletter.delivery.journals import Journals
from newsletter.delivery.sending import Connection, Desk, LeaseRun, Precedence
from newsletter.delivery.work import Source, Work

POLL_S = 1.0
GENTLE_S = 30.0


class Lane:
    """One connection to a relay, and the journal of the lease it works on."""

    def __init__(self, desk: Desk, source: Source, journals: Journals, connection: Connection) -> None:
        """Take a connection that opens when it is used."""
        self.desk = desk
        self.connection = connection
        self._source = source
        self._journals = journals
        self._journal: Journal | None = None

    async def work(self) -> bool:
        """Claim one window and send it; False where there is none, or nothing can be sent for now.

        Connect before anything is claimed, so that a relay that is down touches no row.
        """
        trouble = await self.connection.connect()
        if trouble is not None:
            await self.desk.health.failed(trouble)
            return False
        try:
            journal = self._journal = self._journals.create()
        except JournalUnusable as error:
            self.desk.health.unusable(error)
            return False
        self.desk.health.usable()
        lease = await self._source.claim(journal.token, relay=self.desk.relay)
        self._journal = None if lease is None else journal
        if lease is None:
            journal.discard()
            return False
        run = LeaseRun(lease, journal, self.connection, self.desk)
        is_well = await run.send_all()
        if run.was_lost:  # we know better: most of it was certainly not sent
            record, now = journal.read(), self.desk.clock()
            await self.desk.books.ask(lambda session: recovering.replay(session, record, now=now))
        self._source.released(lease)
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


class Sender:
    """Works through what its source gives, over its lanes."""

    def __init__(
        self, lanes: Sequence[Lane], source: Source, *, precedence: Precedence, stopping: asyncio.Event
    ) -> None:
        """Take what sending needs; nothing is connected yet."""
        self._precedence = precedence
        self._lanes = lanes
        self._source = source
        self._stopping = stopping
        self._idle: dict[Lane, asyncio.Future[None]] = {}
        self._changed = asyncio.Event()

    async def run(self, *, until_idle: bool) -> None:
        """Work until asked to stop, or until nothing is due and no lease is open anywhere."""
        async with asyncio.TaskGroup() as tasks:
            lanes = [tasks.create_task(self._work(lane)) for lane in self._lanes]
            pulse = tasks.create_task(self._beat())
            stopper = tasks.create_task(self._stop_in_time(lanes))
            await self._keep(until_idle=until_idle)
            self._stopping.set()
            while self._idle:
                self._idle.popitem()[1].set_result(None)
            await asyncio.wait(lanes)
            pulse.cancel()
            stopper.cancel()

    def look_now(self) -> None:
        """Have the keeper look at once, because there is something new."""
        self._changed.set()

    @property
    def trouble(self) -> str:
        """What is wrong with the journals; empty while they can be written."""
        return next((lane.desk.health.trouble for lane in self._lanes if lane.desk.health.trouble), "")

    async def _keep(self, *, until_idle: bool) -> None:
        while not self._stopping.is_set():
            self._changed.clear()
            was_idle = self._is_idle
            work = await self._source.look()
            trouble = self.trouble
            for lane in self._lanes:
                await lane.desk.health.tell()
            if work.due and not trouble:
                self._wake(work)
            elif until_idle and was_idle and self._is_idle and (trouble or not work.is_leased):
                return
            await self._pause(impatient=not trouble)

    async def _pause(self, *, impatient: bool) -> None:
        """Wait for the next look; trouble with the disk is given a whole second."""
        awaited = self._changed if impatient else self._stopping
        with suppress(TimeoutError):
            await asyncio.wait_for(awaited.wait(), POLL_S)
        if not impatient:
            for lane in self._lanes:
                lane.desk.health.try_again()

    @property
    def _is_idle(self) -> bool:
        return len(self._idle) == len(self._lanes)

    async def _work(self, lane: Lane) -> None:
        try:
            while not self._stopping.is_set():
                await self._bell(lane)
                while not self._stopping.is_set() and await lane.work():
                    pass
                await lane.connection.close()
        finally:
            lane.let_go()

    async def _bell(self, lane: Lane) -> None:
        bell = self._idle[lane] = asyncio.get_running_loop().create_future()
        self._changed.set()
        await bell

    def _wake(self, work: Work) -> None:
        """Wake connections to relays that do not rest; where they are too few, issues give way to urgent mail."""
        able = [lane for lane in self._idle if lane.desk.relay not in work.resting]
        for lane in able[: work.due]:
            self._idle.pop(lane).set_result(None)
        self._precedence.wanted = max(0, work.urgent - len(able))

    async def _stop_in_time(self, lanes: "list[asyncio.Task[None]]") -> None:
        """Wake who sleeps when it is time to stop, and hang up on relays that do not answer in time."""
        await self._stopping.wait()
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

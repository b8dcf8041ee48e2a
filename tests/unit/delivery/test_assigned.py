import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import update

from newsletter.database import Database
from newsletter.delivery import batches, ledger, mailings, planning, relays
from newsletter.delivery.assigned import NOTHING, Assigned, Batch, decoded, encoded
from newsletter.delivery.books import Books
from newsletter.delivery.ledger import Lease
from newsletter.delivery.models import Mailing, Window, WindowState
from newsletter.delivery.patience import Patient
from newsletter.delivery.verdicts import Reply, Step
from newsletter.delivery.work import Work
from tests.support.ledgers import Clock, a_mailing
from tests.support.makers import BY, NOW

RELAY = "relay"
DOWN = Reply(Step.CONNECT, None, "", "no answer")


@pytest.fixture
def mailing(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    """Six readers are three windows in two batches."""
    monkeypatch.setattr(planning, "WINDOW", 2)
    monkeypatch.setattr(batches, "WINDOWS", 2)
    with database.writing() as session:
        made = a_mailing(session, [f"r{number}@example.org" for number in range(1, 7)]).id
        while planning.plan_chunk(session, made, now=NOW):
            pass
    return made


class Process:
    """A sender process, as far as its source goes."""

    def __init__(self, database: Database, books: Books) -> None:
        self.done: list[Batch] = []
        self.books = books
        self.clock = Clock()
        self.database = database
        self.source = Assigned(books, executor="me", relays=[RELAY], clock=self.clock, done=self.done.append)

    async def claimed(self, token: str) -> Lease:
        lease = await self.source.claim(token, relay=RELAY)
        assert lease is not None
        return lease

    async def ended(self, lease: Lease, *, later: dt.timedelta | None = None) -> None:
        """Give a lease back with everything sent, or with its rows due later."""
        with self.database.writing() as session:
            ledger.end(session, lease.owner, now=self.clock.now)
            window = (Window.mailing_id == lease.mailing_id, Window.first_position == lease.first_position)
            values = {"due_at": self.clock.now + later} if later else {"state": WindowState.DONE.value}
            session.execute(update(Window).where(*window).values(**values))
        self.source.released(lease)


def _as(database: Database, test: Callable[[Process], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = Clock()
        async with Books(Patient(database, sleep=lambda _: None), clock=clock, monotonic=clock.monotonic) as books:
            await test(Process(database, books))

    asyncio.run(main())


def test_without_a_batch_there_is_nothing(database: Database, mailing: int) -> None:
    del mailing

    async def test(process: Process) -> None:
        assert await process.source.look() == NOTHING
        assert await process.source.claim("t", relay=RELAY) is None
        assert process.done == []

    _as(database, test)


def test_only_windows_of_its_batches_are_counted_and_given(database: Database, mailing: int) -> None:
    async def test(process: Process) -> None:
        process.source.take((mailing, 2))

        assert await process.source.look() == Work(due=1, urgent=0, is_leased=False, resting=frozenset())
        lease = await process.claimed("t1")
        assert (lease.batch, lease.first_position) == (2, 5)
        assert await process.source.claim("t2", relay=RELAY) is None

    _as(database, test)


def test_a_batch_is_done_when_nothing_is_to_be_claimed_and_no_lease_of_ours_is_open(
    database: Database, mailing: int
) -> None:
    async def test(process: Process) -> None:
        process.source.take((mailing, 1))
        first, second = await process.claimed("t1"), await process.claimed("t2")

        assert (await process.source.look()).due == 0
        assert process.done == []
        await process.ended(first)
        await process.source.look()
        assert process.done == []
        await process.ended(second)
        await process.source.look()
        assert process.done == [(mailing, 1)]
        assert await process.source.look() == NOTHING
        assert process.done == [(mailing, 1)]

    _as(database, test)


def test_what_waits_for_a_retry_is_done_for_now(database: Database, mailing: int) -> None:
    async def test(process: Process) -> None:
        process.source.take((mailing, 2))
        await process.ended(await process.claimed("t"), later=dt.timedelta(minutes=5))

        await process.source.look()

        assert process.done == [(mailing, 2)]

    _as(database, test)


def test_what_another_process_holds_keeps_no_batch_here(database: Database, mailing: int) -> None:
    async def test(process: Process) -> None:
        with database.writing() as session:
            for number in range(3):
                assert ledger.claim(session, "another", token=f"o{number}", now=NOW)
        process.source.take((mailing, 1))

        await process.source.look()

        assert process.done == [(mailing, 1)]

    _as(database, test)


def test_while_a_claim_is_under_way_nothing_is_called_done(database: Database, mailing: int) -> None:
    async def test(process: Process) -> None:
        process.source.take((mailing, 2))

        claim = asyncio.create_task(process.source.claim("t", relay=RELAY))
        await asyncio.sleep(0)  # the claim stands before the look in the books, and its answer after it
        look = asyncio.create_task(process.source.look())
        assert (await look).due == 0

        assert await claim is not None
        assert process.done == []

    _as(database, test)


def test_a_batch_stays_while_the_relay_rests(database: Database, mailing: int) -> None:
    async def test(process: Process) -> None:
        with database.writing() as session:
            relays.failed(session, RELAY, DOWN, now=NOW)
        process.source.take((mailing, 1))

        assert await process.source.look() == Work(due=0, urgent=0, is_leased=False, resting=frozenset({RELAY}))
        assert await process.source.claim("t", relay=RELAY) is None
        assert process.done == []
        process.clock.forward(seconds=15)

        assert (await process.source.look()).due == 2

    _as(database, test)


def test_a_batch_of_a_paused_mailing_is_done_and_may_come_again(database: Database, mailing: int) -> None:
    async def test(process: Process) -> None:
        process.source.take((mailing, 1))
        with database.writing() as session:
            mailings.pause(session, session.get_one(Mailing, mailing), by=BY, now=NOW)
        await process.source.look()
        assert process.done == [(mailing, 1)]

        with database.writing() as session:
            mailings.resume(session, session.get_one(Mailing, mailing), by=BY, now=NOW)
        process.source.take((mailing, 1))

        assert (await process.source.look()).due == 2

    _as(database, test)


def test_a_batch_goes_over_the_channel_as_a_line() -> None:
    assert encoded((7, 3)) == b"7 3\n"
    assert decoded(b"7 3\n") == (7, 3)

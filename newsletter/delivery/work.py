"""What is there to do? Recovers what the dead left, plans what is due, and counts the windows to be sent.

    work = await jobs.look()
    work.due, work.is_leased

This is all that hands out work; whoever sends asks here, so that another engine may do it one day.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, planning, recovering, relays
from newsletter.delivery.books import Books
from newsletter.delivery.journals import Journals
from newsletter.delivery.ledger import Lease
from newsletter.delivery.models import Mailing, MailingState, Window, WindowState

LOST_AFTER = dt.timedelta(minutes=15)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """How many windows may be claimed now, and whether anybody holds a lease."""

    due: int
    is_leased: bool


class Everything:
    """Looks for work, for one sender over one relay."""

    def __init__(
        self,
        books: Books,
        journals: Journals,
        *,
        relay: str,
        lost_after: dt.timedelta,
        clock: Callable[[], dt.datetime],
        stopping: asyncio.Event,
    ) -> None:
        """Take where to look; `lost_after` is how long another machine may be silent."""
        self._books = books
        self._journals = journals
        self._relay = relay
        self._lost_after = lost_after
        self._clock = clock
        self._stopping = stopping

    async def look(self) -> Work:
        """Recover, plan, and count."""
        await self._recover()
        await self._plan()
        return await self._books.look(self._counted)

    async def claim(self, token: str) -> Lease | None:
        """Take a window, unless the relay rests."""

        def work(session: Session) -> Lease | None:
            now = self._clock()
            if relays.resting_until(session, self._relay, now=now):
                return None
            return ledger.claim(session, str(self._journals.me), token=token, now=now)

        return await self._books.ask(work)

    async def _recover(self) -> None:
        self._journals.sweep(now=self._clock())
        for journal in self._journals.orphans():
            record = journal.read()
            await self._books.ask(lambda session: recovering.replay(session, record, now=self._clock()))  # noqa: B023  # awaited here
            journal.close()
            _log.warning("a dead sender's journal replayed", lines=len(record.lines))
        for token in await self._books.look(self._lost):
            await self._books.ask(lambda session: recovering.abandon(session, token, now=self._clock()))  # noqa: B023  # awaited here
            _log.warning("a lease was lost with its machine", owner=token)

    def _lost(self, session: Session) -> tuple[str, ...]:
        return recovering.lost(session, self._journals, now=self._clock(), lost_after=self._lost_after)

    async def _plan(self) -> None:
        for mailing_id in await self._books.look(lambda session: planning.due(session, now=self._clock())):
            while not self._stopping.is_set() and await self._books.ask(
                lambda session: planning.plan_chunk(session, mailing_id, now=self._clock())  # noqa: B023  # awaited here
            ):
                pass

    def _counted(self, session: Session) -> Work:
        now = self._clock()
        is_resting = relays.resting_until(session, self._relay, now=now) is not None
        due = 0 if is_resting else len(session.scalars(_due(now)).all())
        leased = select(func.count()).select_from(Window).where(Window.state == WindowState.LEASED.value)
        return Work(due, bool(session.scalar(leased)))


def next_window(session: Session) -> dt.datetime | None:
    """When the next open window of a running mailing is due."""
    return session.scalar(select(func.min(Window.due_at)).join(Mailing, Mailing.id == Window.mailing_id).where(*_OPEN))


_OPEN = (Window.state == WindowState.OPEN.value, Mailing.state == MailingState.SENDING.value)
_MOST = 100  # more connections than that nobody has


def _due(now: dt.datetime) -> Select[int]:
    return (
        select(Window.first_position)
        .join(Mailing, Mailing.id == Window.mailing_id)
        .where(*_OPEN, Window.due_at <= now)
        .limit(_MOST)
    )

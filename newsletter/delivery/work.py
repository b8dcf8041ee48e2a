"""Where a sender's work comes from: everything that is due, or what an engine handed to this process.

found = await source.look()
found.due, found.resting
lease = await source.claim(token, relay=name)
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, planning, relays
from newsletter.delivery.books import Books
from newsletter.delivery.ledger import Lease
from newsletter.delivery.models import Mailing, MailingKind, MailingState, Window, WindowState
from newsletter.delivery.recovering import Recovery

MOST = 100  # windows that are counted: more connections than that nobody has


@dataclass(frozen=True, slots=True)
class Work:
    """How many windows may be claimed now, how many are urgent, whether any is leased, and which relays rest."""

    due: int
    urgent: int
    is_leased: bool
    resting: frozenset[str]


class Source(Protocol):
    """Tells what there is to do, and gives it out."""

    async def look(self) -> Work:
        """See what may be claimed."""

    async def claim(self, token: str, *, relay: str) -> Lease | None:
        """Take a window for a connection to a relay, under a journal's token; None where there is none, or it rests."""

    def released(self, lease: Lease) -> None:
        """Note that a lease it gave has ended."""


class Everything:
    """All that is due in the ledger. Recovers what the dead left and plans, too: it needs no engine."""

    def __init__(
        self,
        books: Books,
        recovery: Recovery,
        *,
        executor: str,
        relays: Sequence[str],
        clock: Callable[[], dt.datetime],
        is_stopping: Callable[[], bool],
    ) -> None:
        """Take where to look; `relays` are the names of those that this process sends through."""
        self._books = books
        self._recovery = recovery
        self._executor = executor
        self._relays = relays
        self._clock = clock
        self._is_stopping = is_stopping

    async def look(self) -> Work:
        """Recover, plan, and count."""
        await self._books.do(self._recovery.run)
        for mailing_id in await self._books.look(lambda session: planning.due(session, now=self._clock())):
            await self._plan(mailing_id)
        return await self._books.look(lambda session: counted(session, self._relays, now=self._clock()))

    async def claim(self, token: str, *, relay: str) -> Lease | None:
        """Take the next window: tests and system mail before issues."""
        return await self._books.ask(
            lambda session: claimed(session, self._executor, token=token, relay=relay, now=self._clock())
        )

    def released(self, lease: Lease) -> None:
        """Nothing to be noted: the ledger knows."""

    async def _plan(self, mailing_id: int) -> None:
        while not self._is_stopping() and await self._books.ask(
            lambda session: planning.plan_chunk(session, mailing_id, now=self._clock())
        ):
            pass


def next_window(session: Session) -> dt.datetime | None:
    """When the next open window of a running mailing is due."""
    return session.scalar(select(func.min(Window.due_at)).join(Mailing, Mailing.id == Window.mailing_id).where(*_OPEN))


def counted(
    session: Session, relay_names: Sequence[str], *, now: dt.datetime, of: Sequence[tuple[int, int]] | None = None
) -> Work:
    """Count what is to do, in all or in the batches named as (mailing, number)."""
    resting = frozenset(name for name in relay_names if relays.resting_until(session, name, now=now))
    chosen = () if of is None else (in_batches(of),)
    due = select(Mailing.kind).join(Window, Window.mailing_id == Mailing.id)
    due = due.where(*_OPEN, *chosen, Window.due_at <= now).order_by(ledger.issues_last()).limit(MOST)
    leased = select(func.count()).select_from(Window).where(Window.state == WindowState.LEASED.value, *chosen)
    kinds = [] if len(resting) == len(relay_names) else session.scalars(due).all()
    urgent = sum(kind != MailingKind.ISSUE for kind in kinds)
    return Work(len(kinds), urgent, bool(session.scalar(leased)), resting)


def claimed(
    session: Session,
    executor: str,
    *,
    token: str,
    relay: str,
    now: dt.datetime,
    of: Sequence[tuple[int, int]] | None = None,
) -> Lease | None:
    """Claim a window, of all or of these batches, unless the relay rests.

    What was claimed already, by a commit that nobody heard of, is given in any case: it has no other owner.
    """
    if relays.resting_until(session, relay, now=now):
        return ledger.leased_as(session, token)
    return ledger.claim(session, executor, token=token, now=now, of=None if of is None else in_batches(of))


def in_batches(chosen: Sequence[tuple[int, int]]) -> ColumnElement[bool]:
    """The windows of these batches, (mailing, number) each."""
    return tuple_(Window.mailing_id, Window.batch).in_(chosen)


_OPEN = (Window.state == WindowState.OPEN.value, Mailing.state == MailingState.SENDING.value)

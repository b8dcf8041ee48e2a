"""What an engine handed to this sender process: some batches, each until nothing of it is to be sent for now.

    source = Assigned(books, executor=executor, relays=names, clock=now, done=tell)
    source.take((7, 3))           # mailing 7, batch 3
    await source.look()           # tells `done` of those with nothing to claim and no lease of ours

Over the channel between the two, each line is one batch: to the sender for sending, and back when it is done; an
empty line says that the sender is well. A batch stays here while a relay rests.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import work
from newsletter.delivery.books import Books
from newsletter.delivery.ledger import Lease
from newsletter.delivery.models import Mailing, MailingState, Window, WindowState
from newsletter.delivery.work import Work

Batch = tuple[int, int]
BEAT = b"\n"
NOTHING = Work(due=0, urgent=0, is_leased=False, resting=frozenset())


class Assigned:
    """Gives out the windows of the batches that were taken."""

    def __init__(
        self,
        books: Books,
        *,
        executor: str,
        relays: Sequence[str],
        clock: Callable[[], dt.datetime],
        done: Callable[[Batch], object],
    ) -> None:
        """Take where to look and whom to tell; there is nothing to do yet."""
        self._books = books
        self._executor = executor
        self._relays = relays
        self._clock = clock
        self._done = done
        self._batches: set[Batch] = set()
        self._held: Counter[Batch] = Counter()
        self._claiming = 0

    def take(self, batch: Batch) -> None:
        """Work on a batch, until `done` is told."""
        self._batches.add(batch)

    async def look(self) -> Work:
        """Count what may be claimed, and tell which batches are done."""
        batches, claiming = sorted(self._batches), self._claiming
        if not batches:
            return NOTHING
        found, waiting = await self._books.look(lambda session: self._seen(session, batches))
        if not claiming and not self._claiming:  # else a window may be between the ledger and us
            self._tell([batch for batch in batches if batch not in waiting and not self._held[batch]])
        return found

    async def claim(self, token: str, *, relay: str) -> Lease | None:
        """Take a window of our batches."""
        batches = sorted(self._batches)
        if not batches:
            return None
        self._claiming += 1
        try:
            lease = await self._books.ask(
                lambda session: work.claimed(
                    session, self._executor, token=token, relay=relay, now=self._clock(), of=batches
                )
            )
        finally:
            self._claiming -= 1
        if lease is not None:
            self._held[lease.mailing_id, lease.batch] += 1
        return lease

    def released(self, lease: Lease) -> None:
        """Note that one of our leases has ended."""
        self._held[lease.mailing_id, lease.batch] -= 1

    def _seen(self, session: Session, batches: Sequence[Batch]) -> tuple[Work, set[Batch]]:
        now = self._clock()
        return work.counted(session, self._relays, now=now, of=batches), _waiting(session, batches, now=now)

    def _tell(self, done: Sequence[Batch]) -> None:
        for batch in done:
            self._batches.discard(batch)
            self._held.pop(batch, None)
            self._done(batch)


def _waiting(session: Session, batches: Sequence[Batch], *, now: dt.datetime) -> set[Batch]:
    """Those with a window that may be claimed now, or could be if no relay rested."""
    found = session.execute(
        select(Window.mailing_id, Window.batch)
        .join(Mailing, Mailing.id == Window.mailing_id)
        .where(
            work.in_batches(batches),
            Window.state == WindowState.OPEN.value,
            Window.due_at <= now,
            Mailing.state == MailingState.SENDING.value,
        )
        .distinct()
    )
    return {(mailing, batch) for mailing, batch in found}


def encoded(batch: Batch) -> bytes:
    """A batch as a line."""
    mailing, number = batch
    return b"%d %d\n" % (mailing, number)


def decoded(line: bytes) -> Batch:
    """The batch of a line."""
    mailing, number = line.split()
    return int(mailing), int(number)

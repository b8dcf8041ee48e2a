"""The sources and how they are: looked at, paused, asked at once, removed.

    sources.seen(session, now=now)[0].next_at
    sources.ask_soon(session, sources.one(session, 7), by=by, now=now)

A worker asks all that are not paused every quarter of an hour, and within a minute those that somebody wants asked.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from newsletter.news import pool, troubles
from newsletter.news.models import NewsItem, Source
from newsletter.news.permissions import WRITE_NEWS
from newsletter.news.troubles import Trouble
from subscribers import audit
from subscribers.actor import Actor
from subscribers.orm import current

EVERY = dt.timedelta(minutes=15)  # a divisor of the hour: the worker's schedule is made of it
_LATE = 4 * EVERY  # who was not asked for so long has no worker


class SourceNotFound(NewsletterError):
    """No source has this number."""

    def __init__(self, source_id: int) -> None:
        super().__init__(f"There is no source {source_id}: somebody may have removed it.")
        self.source_id = source_id


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """A source as people see it.

    `next_at` is None while it is paused, or wanted (`wanted_at`): then it is its turn as soon as a worker looks.
    `is_late` tells that no worker has asked it for a long while.
    """

    id: int
    url: str
    kind: str
    items: int
    created_at: dt.datetime
    checked_at: dt.datetime | None
    succeeded_at: dt.datetime | None
    paused_at: dt.datetime | None
    wanted_at: dt.datetime | None
    next_at: dt.datetime | None
    is_late: bool
    trouble: Trouble | None
    detail: str

    def problem(self, language: str) -> troubles.Words | None:
        """What is wrong with it, and what to do."""
        return troubles.words(self.trouble, self.detail, language=language) if self.trouble else None


def seen(session: Session, *, now: dt.datetime) -> tuple[SourceSeen, ...]:
    """All sources, the oldest first."""
    counted = select(NewsItem.source_id, func.count()).group_by(NewsItem.source_id)
    items = dict(session.execute(counted).all())
    return tuple(_seen(source, items.get(source.id, 0), now=now) for source in pool.sources(session))


def one(session: Session, source_id: int) -> Source:
    """Find a source; locked, where the session may write.

    Raises:
        SourceNotFound: there is none of that number.
    """
    found = current(session, Source, source_id)
    if found is None:
        raise SourceNotFound(source_id)
    return found


def ask_soon(session: Session, source: Source, *, by: Actor, now: dt.datetime) -> None:
    """Have the next worker that looks ask it, also while it is paused."""
    by.require(WRITE_NEWS)
    source.wanted_at = now
    audit.record(session, "news.ask-source", f"source:{source.id}", by=by, now=now, url=source.url)


def pause(session: Session, source: Source, *, by: Actor, now: dt.datetime) -> None:
    """Ask it no more, until it is resumed; its items stay."""
    by.require(WRITE_NEWS)
    if source.paused_at is None:
        source.paused_at, source.wanted_at = now, None
        audit.record(session, "news.pause-source", f"source:{source.id}", by=by, now=now, url=source.url)


def resume(session: Session, source: Source, *, by: Actor, now: dt.datetime) -> None:
    """Ask it again, and soon."""
    by.require(WRITE_NEWS)
    if source.paused_at is not None:
        source.paused_at, source.wanted_at = None, now
        audit.record(session, "news.resume-source", f"source:{source.id}", by=by, now=now, url=source.url)


def remove(session: Session, source: Source, *, by: Actor, now: dt.datetime) -> int:
    """Forget a source; its items stay in the pool, and are of no source then. Tell how many."""
    by.require(WRITE_NEWS)
    of_it = update(NewsItem).where(NewsItem.source_id == source.id).values(source_id=None)
    kept = len(session.execute(of_it.returning(NewsItem.id)).all())
    session.delete(source)
    audit.record(session, "news.remove-source", f"source:{source.id}", by=by, now=now, url=source.url, items=kept)
    session.flush()
    return kept


def next_turn(now: dt.datetime) -> dt.datetime:
    """When all are asked next."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + ((now - hour) // EVERY + 1) * EVERY


def _seen(source: Source, items: int, *, now: dt.datetime) -> SourceSeen:
    is_asked = source.paused_at is None
    return SourceSeen(
        id=source.id,
        url=source.url,
        kind=source.kind,
        items=items,
        created_at=source.created_at,
        checked_at=source.checked_at,
        succeeded_at=source.succeeded_at,
        paused_at=source.paused_at,
        wanted_at=source.wanted_at,
        next_at=next_turn(now) if is_asked and source.wanted_at is None else None,
        is_late=is_asked and now - (source.checked_at or source.created_at) > _LATE,
        trouble=_trouble(source),
        detail=source.detail,
    )


def _trouble(source: Source) -> Trouble | None:
    """Its trouble; a failure of an older version has no kind."""
    return Trouble(source.trouble or Trouble.OTHER) if source.failure else None

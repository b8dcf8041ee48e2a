"""Finding items in the pool: by words, source and language.

found = searching.find(session, Search(words="hafen fest", source_id=3), limit=60)
found.items, found.has_more
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from newsletter.news.models import NewsItem

MOST_WORDS = 8  # more narrow nothing down any further


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. Every word must be in title or lead; `within` are the ids to look among, None for all."""

    words: str = ""
    source_id: int | None = None
    language: str = ""
    within: Select[int] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The items, the newest date first and those without one last."""

    items: tuple[NewsItem, ...]
    has_more: bool


def find(session: Session, search: Search, *, limit: int) -> Found:
    """Find at most so many items."""
    query = select(NewsItem).order_by(NewsItem.date.desc().nulls_last(), NewsItem.id.desc()).limit(limit + 1)
    for word in search.words.split()[:MOST_WORDS]:
        query = query.where(_has(word))
    if search.source_id is not None:
        query = query.where(NewsItem.source_id == search.source_id)
    if search.language:
        query = query.where(NewsItem.language == search.language)
    if search.within is not None:
        query = query.where(NewsItem.id.in_(search.within))
    items = tuple(session.scalars(query))
    return Found(items[:limit], len(items) > limit)


def languages(session: Session) -> tuple[str, ...]:
    """The languages that items are known to be in, in alphabetical order."""
    found = session.scalars(select(NewsItem.language).where(NewsItem.language != "").distinct())
    return tuple(sorted(found))


def _has(word: str) -> ColumnElement[bool]:
    """SQLite folds the case of ASCII letters alone, so the usual ways to write a word are asked for."""
    ways = {word, word.lower(), word.capitalize()}
    columns = (NewsItem.title, NewsItem.lead)
    return or_(*(column.icontains(way, autoescape=True) for column in columns for way in sorted(ways)))

"""The pool: sources, and the news items they gave.

    kept = pool.keep(session, article, origin=url, source_id=source.id, by=by, now=now)
    kept.outcome  # Outcome.NEW

A story is known by its identity. Seen again with the same words it is left alone; with other
words it gets them, and a higher version, which issues that placed it can offer to take over.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from newsletter.news.article import LONGEST_IDENTITY, Article, identity_of
from newsletter.news.models import NewsItem, Source, SourceKind
from newsletter.news.permissions import WRITE_NEWS
from subscribers import audit
from subscribers.actor import Actor

_LONGEST_ADDRESS = 2000  # characters, what the columns hold


class ItemNotFound(NewsletterError):
    """No item has this number."""

    def __init__(self, item_id: int) -> None:
        super().__init__(f"There is no news item {item_id}. `newsletter news list` shows those there are.")
        self.item_id = item_id


class SourceExists(NewsletterError):
    """The address is a source already."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} is a source already.")
        self.url = url


class SourceInvalid(NewsletterError):
    """What was given cannot be a source; `reason` is a clause that ends the sentence."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url} cannot be a source: {reason}.")
        self.url = url
        self.reason = reason


class Outcome(StrEnum):
    """What became of a story that was seen."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Kept:
    """An item of the pool, and what a sight of its story did to it."""

    item: NewsItem
    outcome: Outcome


def add_source(session: Session, url: str, *, kind: SourceKind, by: Actor, now: dt.datetime) -> Source:
    """Have an address asked from now on; nothing is fetched yet.

    Raises:
        SourceInvalid: it is no http or https address, or a calendar, which cannot be read yet.
        SourceExists: it is there already.
    """
    by.require(WRITE_NEWS)
    address = _checked(url.strip(), kind)
    source = Source(url=address, kind=kind.value, created_at=now)
    try:
        with session.begin_nested():
            session.add(source)
    except IntegrityError:
        raise SourceExists(address) from None
    audit.record(session, "news.add-source", f"source:{source.id}", by=by, now=now, url=address, kind=kind.value)
    return source


def sources(session: Session) -> Sequence[Source]:
    """All sources, the oldest first."""
    return session.scalars(select(Source).order_by(Source.id)).all()


def keep(
    session: Session, article: Article, *, origin: str, source_id: int | None, by: Actor, now: dt.datetime
) -> Kept:
    """Bring a story into the pool, or bring the one that is there up to date.

    A changed story without a picture at hand keeps the one it had, as long as it names any.
    """
    by.require(WRITE_NEWS)
    identity = article.identity or identity_of(origin)
    item = _known(session, identity)
    if item is None:
        item = _added(session, article, identity=identity, origin=origin, source_id=source_id, now=now)
        if item is not None:
            audit.record(session, "news.keep", f"news:{item.id}", by=by, now=now, origin=origin)
            return Kept(item, Outcome.NEW)
        item = session.scalars(select(NewsItem).where(NewsItem.identity == identity)).one()
    digest = digest_of(article)
    if item.content_digest == digest:
        return Kept(item, Outcome.UNCHANGED)
    _fill(item, article, digest)
    item.version += 1
    item.changed_at = now
    session.flush()
    audit.record(session, "news.change", f"news:{item.id}", by=by, now=now, version=item.version)
    return Kept(item, Outcome.CHANGED)


def items(session: Session, *, without: Select[int] | Collection[int] = ()) -> Sequence[NewsItem]:
    """The items, the newest date first and those without a date last; `without` are ids to leave out."""
    query = select(NewsItem).order_by(NewsItem.date.desc().nulls_last(), NewsItem.id.desc())
    if isinstance(without, Select) or without:
        query = query.where(NewsItem.id.not_in(without))
    return session.scalars(query).all()


def item(session: Session, item_id: int) -> NewsItem:
    """One item.

    Raises:
        ItemNotFound: there is none of that number.
    """
    found = session.get(NewsItem, item_id)
    if found is None:
        raise ItemNotFound(item_id)
    return found


def digests(session: Session, identities: Collection[str]) -> dict[str, str]:
    """What the pool holds of these stories: identity → digest."""
    query = select(NewsItem.identity, NewsItem.content_digest).where(NewsItem.identity.in_(identities))
    return dict(session.execute(query).all())


def digest_of(article: Article) -> str:
    """A hash of a story's words; the address of its picture may change without a change of the story."""
    words = (article.title, article.lead, article.body, article.credit, article.caption, article.link)
    date = article.date.isoformat() if article.date else ""
    return hashlib.sha256(json.dumps([*words, date]).encode()).hexdigest()


def as_json(item: NewsItem, used_in: Collection[int], source: str) -> dict[str, Any]:
    """An item as `news list --json` shows it; `used_in` are ids of issues, `source` says where it is from."""
    return {
        "id": item.id,
        "title": item.title,
        "date": item.date.isoformat() if item.date else None,
        "lead": item.lead,
        "body": item.body,
        "credit": item.credit,
        "image": item.image,
        "link": item.link,
        "language": item.language,
        "used_in": sorted(used_in),
        "source": source,
    }


def _checked(url: str, kind: SourceKind) -> str:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or len(url.encode()) > LONGEST_IDENTITY:
        raise SourceInvalid(url[:_LONGEST_ADDRESS], "a source is an http or https address")
    if parts.username or parts.password:
        raise SourceInvalid(parts.hostname or "", "an address with a user name or password in it is not asked")
    if kind is SourceKind.CALENDAR:
        raise SourceInvalid(url, "calendars cannot be read yet")
    return url


def _known(session: Session, identity: str) -> NewsItem | None:
    return session.scalar(select(NewsItem).where(NewsItem.identity == identity))


def _added(
    session: Session, article: Article, *, identity: str, origin: str, source_id: int | None, now: dt.datetime
) -> NewsItem | None:
    """A new row, or None if another process was faster."""
    new = NewsItem(identity=identity, origin=origin[:_LONGEST_ADDRESS], source_id=source_id, created_at=now)
    _fill(new, article, digest_of(article))
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        return None
    return new


def _fill(item: NewsItem, article: Article, digest: str) -> None:
    for name in ("title", "lead", "body", "credit", "caption", "date", "language", "image_alt"):
        setattr(item, name, getattr(article, name))
    item.link = article.link if len(article.link) <= _LONGEST_ADDRESS else ""
    item.content_digest = digest
    picture = article.picture
    if picture is not None:
        item.image, item.image_width, item.image_height = picture.name, picture.width, picture.height
    elif not article.image_url:
        item.image, item.image_width, item.image_height = None, None, None

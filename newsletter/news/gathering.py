"""All sources are asked for their news, each for itself.

    for result in fetch_sources(database, gatherer, by=by, now=now):
        result.url, result.new, result.failure

The network is used outside of any transaction; what came is kept in one short one for each
source. A source that fails leaves its sentence on its row, and the others their turn.
"""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.content.characters import tidy
from newsletter.news import pictures, pool
from newsletter.news.article import Article, NoArticle
from newsletter.news.feeds import FeedInvalid
from newsletter.news.fetching import Fetched, FetchFailed, FetchPolicy, Status, fetch
from newsletter.news.models import NewsItem, Source, SourceKind
from newsletter.news.permissions import WRITE_NEWS
from newsletter.news.pictures import PictureInvalid
from newsletter.news.pool import Kept, Outcome
from newsletter.news.reading import Document, Kind, articles_of
from newsletter.news.troubles import Trouble
from subscribers.actor import Actor
from subscribers.orm import current

PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/xml",
        "text/xml",
        "text/html",  # what careless servers say of their feeds
        "text/plain",
        "application/octet-stream",
    }
)
_PICTURE_TYPES = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "image/tiff",
        "application/octet-stream",
    }
)
_log = logging.getLogger(__name__)


class Sessions(Protocol):
    """Where sessions come from: the database, or the app."""

    def reading(self) -> AbstractContextManager[Session]:
        """A session on one snapshot."""

    def writing(self) -> AbstractContextManager[Session]:
        """A session that commits at its end."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """What gathering needs to know: how to fetch, and where pictures go."""

    policy: FetchPolicy
    media: Path


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one source gave; `failure` is empty, or the sentence why it gave nothing."""

    source_id: int
    url: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failure: str = ""


def fetch_sources(sessions: Sessions, gatherer: Gatherer, *, by: Actor, now: dt.datetime) -> Iterator[SourceResult]:
    """Ask all sources that are not paused, one after the other; each result comes when its source is done.

    Nothing happens before the first is taken. An error in one source never leaves this function.
    """
    by.require(WRITE_NEWS)
    with sessions.reading() as session:
        asked = [source for source in pool.sources(session) if source.paused_at is None]
    for source in asked:
        yield fetch_source(sessions, source, gatherer=gatherer, by=by, now=now)


def fetch_wanted(sessions: Sessions, gatherer: Gatherer, *, by: Actor, now: dt.datetime) -> Iterator[SourceResult]:
    """Ask the sources that somebody wants asked at once."""
    by.require(WRITE_NEWS)
    with sessions.reading() as session:
        asked = [source for source in pool.sources(session) if source.wanted_at is not None]
    for source in asked:
        yield fetch_source(sessions, source, gatherer=gatherer, by=by, now=now)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a source would give: its stories, and the identities of those that are new to the pool, or changed."""

    articles: tuple[Article, ...]
    unknown: frozenset[str]


def try_out(sessions: Sessions, url: str, *, kind: SourceKind, policy: FetchPolicy) -> Trial:
    """Ask an address as a source would be asked; nothing is kept, and no picture is fetched.

    Raises:
        FetchFailed: the address gives nothing that can be used.
        NoArticle: there is no story in it.
        FeedInvalid: it should be a feed, and is none.
    """
    source = Source(url=url, kind=kind.value, etag="", last_modified="")
    articles = _articles(source, _fetched(source, policy))
    return Trial(articles, unknown(sessions, articles))


def fetch_source(
    sessions: Sessions, source: Source, *, gatherer: Gatherer, by: Actor, now: dt.datetime
) -> SourceResult:
    """Ask one source; whatever goes wrong becomes the result's `failure`, and stands on its row."""
    by.require(WRITE_NEWS)
    try:
        fetched = _fetched(source, gatherer.policy)
        articles = _with_pictures(sessions, _articles(source, fetched), gatherer=gatherer)
    except (FetchFailed, FeedInvalid, NoArticle) as error:
        failure, trouble, detail = str(error), error.trouble, error.detail
    except Exception as error:  # noqa: BLE001  # one source's oddity, met in whichever library, must not stop the others
        _log.exception("source %s cannot be read", source.id)
        failure = f"{source.url} cannot be read ({type(error).__name__}); the log has the details."
        trouble, detail = Trouble.OTHER, ""
    else:
        return _settled(sessions, source, fetched, articles, by=by, now=now)
    with sessions.writing() as session:
        row = current(session, Source, source.id)
        if row is not None:  # else somebody has just removed it
            _note(row, failure=tidy(failure), trouble=trouble.value, detail=tidy(detail), now=now)
    return SourceResult(source.id, source.url, failure=failure)


def keep_all(
    session: Session,
    articles: Sequence[Article],
    *,
    origin: str,
    source_id: int | None,
    by: Actor,
    now: dt.datetime,
) -> tuple[Kept, ...]:
    """Bring several stories of one origin into the pool."""
    return tuple(
        pool.keep(session, article, origin=origin, source_id=source_id, by=by, now=now) for article in articles
    )


def unknown(sessions: Sessions, articles: Sequence[Article]) -> frozenset[str]:
    """The identities of the stories that the pool has not, or not with these words."""
    with sessions.reading() as session:
        known = pool.digests(session, [article.identity for article in articles])
    return frozenset(article.identity for article in articles if known.get(article.identity) != pool.digest_of(article))


def with_picture(article: Article, data: bytes, media: Path) -> Article:
    """The article with a picture stored, or without any if it is none: no picture stops a story."""
    try:
        return replace(article, picture=pictures.store(data, media))
    except PictureInvalid as error:
        _log.warning("picture of %s: %s", article.identity, error)
        return article


def with_fetched_picture(article: Article, gatherer: Gatherer) -> Article:
    """The article with the picture it names, fetched and stored, or without any."""
    try:
        fetched = fetch(article.image_url, policy=gatherer.policy, accept=_PICTURE_TYPES)
    except FetchFailed as error:
        _log.warning("picture of %s: %s", article.identity, error)
        return article
    return with_picture(article, fetched.body, gatherer.media)


def _fetched(source: Source, policy: FetchPolicy) -> Fetched:
    accept = FEED_TYPES if source.kind == SourceKind.FEED else PAGE_TYPES
    return fetch(source.url, policy=policy, etag=source.etag, last_modified=source.last_modified, accept=accept)


def _articles(source: Source, fetched: Fetched) -> tuple[Article, ...]:
    if fetched.status is Status.NOT_MODIFIED:
        return ()
    document = Document(fetched.body, origin=source.url, url=fetched.url, charset=fetched.charset)
    if source.kind == SourceKind.FEED:
        return articles_of(document, kind=Kind.FEED)
    # The source's own address tells the story apart: it may redirect elsewhere tomorrow.
    return tuple(replace(article, identity=source.url) for article in articles_of(document, kind=Kind.PAGE))


def _with_pictures(sessions: Sessions, articles: Sequence[Article], *, gatherer: Gatherer) -> tuple[Article, ...]:
    wanted = unknown(sessions, articles)
    return tuple(
        with_fetched_picture(article, gatherer) if article.image_url and article.identity in wanted else article
        for article in articles
    )


def _note(row: Source, *, failure: str, trouble: str, detail: str, now: dt.datetime) -> None:
    """Write down how asking it went; whoever has wanted that has got it, unless they asked meanwhile."""
    row.checked_at, row.failure, row.trouble, row.detail = now, failure, trouble, detail
    if row.wanted_at is not None and row.wanted_at <= now:
        row.wanted_at = None


def _settled(
    sessions: Sessions,
    source: Source,
    fetched: Fetched,
    articles: Sequence[Article],
    *,
    by: Actor,
    now: dt.datetime,
) -> SourceResult:
    with sessions.writing() as session:
        row = current(session, Source, source.id)
        if row is None:  # somebody has just removed it: what it gave is not wanted
            return SourceResult(source.id, source.url)
        kept = keep_all(session, articles, origin=source.url, source_id=source.id, by=by, now=now)
        _note(row, failure="", trouble="", detail="", now=now)
        row.succeeded_at = now
        counts = Counter(entry.outcome for entry in kept)
        if fetched.status is Status.NOT_MODIFIED:
            held = select(func.count()).select_from(NewsItem).where(NewsItem.source_id == source.id)
            counts[Outcome.UNCHANGED] = session.scalar(held) or 0
        else:
            row.etag, row.last_modified = fetched.etag, fetched.last_modified
    return SourceResult(source.id, source.url, counts[Outcome.NEW], counts[Outcome.CHANGED], counts[Outcome.UNCHANGED])

"""One file or address is imported at a person's word.

imported = import_from(database, "mitteilung.txt", gatherer=gatherer, by=by, now=now)
imported.kept[0].outcome
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from newsletter.errors import NewsletterError
from newsletter.news import gathering
from newsletter.news.article import Article, NoArticle
from newsletter.news.fetching import fetch
from newsletter.news.gathering import FEED_TYPES, PAGE_TYPES, Gatherer, Sessions
from newsletter.news.permissions import WRITE_NEWS
from newsletter.news.pool import Kept
from newsletter.news.reading import Document, Kind, articles_of, kind_of
from subscribers.actor import Actor

_KIND_OF_SUFFIX = {
    ".txt": Kind.TEXT,
    ".text": Kind.TEXT,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".html": Kind.PAGE,
    ".htm": Kind.PAGE,
    ".xhtml": Kind.PAGE,
    ".xml": Kind.FEED,
    ".rss": Kind.FEED,
    ".atom": Kind.FEED,
    ".rdf": Kind.FEED,
}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_WEB_TYPES = PAGE_TYPES | FEED_TYPES | {"text/markdown", "text/x-markdown"}


class ImportFailed(NewsletterError):
    """A file cannot be imported; `reason` is a clause that ends the sentence."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} cannot be imported: {reason}.")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file or address gave."""

    origin: str
    kept: tuple[Kept, ...]


def import_from(sessions: Sessions, path_or_url: str, *, gatherer: Gatherer, by: Actor, now: dt.datetime) -> Imported:
    """Bring what a file or an address holds into the pool: a feed's stories, or the one of a page or text.

    Raises:
        ImportFailed: there is no such file, it cannot be read, or is of no known kind.
        FetchFailed: the address gives nothing that can be used.
        NoArticle: there is no story in it.
        FeedInvalid: it should be a feed, and is none.
    """
    by.require(WRITE_NEWS)
    is_address = bool(_ADDRESS.match(path_or_url))
    articles = _from_address(path_or_url, gatherer) if is_address else _from_file(path_or_url, gatherer)
    wanted = gathering.unknown(sessions, articles)
    articles = tuple(
        _with_picture(article, path_or_url, gatherer) if article.identity in wanted else article for article in articles
    )
    with sessions.writing() as session:
        kept = gathering.keep_all(session, articles, origin=path_or_url, source_id=None, by=by, now=now)
    return Imported(path_or_url, kept)


def import_page(sessions: Sessions, url: str, *, gatherer: Gatherer, by: Actor, now: dt.datetime) -> Kept:
    """Bring the one story of a page into the pool, with its picture.

    Raises:
        FetchFailed: the address gives nothing that can be used.
        NoArticle: there is no story in it, or several, as in a feed, which would be a source.
        FeedInvalid: it says that it is a feed, and is none.
    """
    by.require(WRITE_NEWS)
    articles = _from_address(url, gatherer, accept=PAGE_TYPES)
    if len(articles) != 1:
        raise NoArticle(url)
    wanted = gathering.unknown(sessions, articles)
    article = articles[0]
    if article.image_url and article.identity in wanted:
        article = gathering.with_fetched_picture(article, gatherer)
    with sessions.writing() as session:
        return gathering.keep_all(session, [article], origin=url, source_id=None, by=by, now=now)[0]


def _from_address(url: str, gatherer: Gatherer, *, accept: frozenset[str] = _WEB_TYPES) -> tuple[Article, ...]:
    fetched = fetch(url, policy=gatherer.policy, accept=accept)
    document = Document(
        fetched.body, origin=url, url=fetched.url, content_type=fetched.content_type, charset=fetched.charset
    )
    return articles_of(document, kind=kind_of(document))


def _from_file(path: str, gatherer: Gatherer) -> tuple[Article, ...]:
    kind = _KIND_OF_SUFFIX.get(Path(path).suffix.lower())
    if kind is None and Path(path).is_file():
        raise ImportFailed(path, f"its name should end in one of {' '.join(_KIND_OF_SUFFIX)}")
    document = Document(_content(Path(path), gatherer.policy.limit_bytes), origin=path)
    articles = articles_of(document, kind=kind or Kind.TEXT)
    here = Path(path).resolve().as_uri()
    return tuple(replace(article, identity=article.identity or here) for article in articles)


def _content(path: Path, limit_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit_bytes + 1)
    except FileNotFoundError:
        raise ImportFailed(str(path), "there is no such file") from None
    except IsADirectoryError:
        raise ImportFailed(str(path), "it is a folder") from None
    except OSError as error:
        raise ImportFailed(str(path), f"it cannot be read ({error.strerror})") from error
    if len(content) > limit_bytes:
        raise ImportFailed(str(path), f"it is larger than {limit_bytes / 1_000_000:g} MB")
    return content


def _with_picture(article: Article, origin: str, gatherer: Gatherer) -> Article:
    if not article.image_url:
        return article
    if _ADDRESS.match(article.image_url):
        return gathering.with_fetched_picture(article, gatherer)
    beside = _beside(article.image_url, origin)
    if beside is None:
        return article
    try:
        data = _content(beside, gatherer.policy.limit_bytes)
    except ImportFailed:
        return article
    return gathering.with_picture(article, data, gatherer.media)


def _beside(name: str, origin: str) -> Path | None:
    """A file in the same folder; a page on disk may name no other, also not through a link."""
    folder = Path(origin).resolve().parent
    try:
        wanted = (folder / unquote(name.partition("?")[0])).resolve()
    except (OSError, ValueError):
        return None
    return wanted if wanted.parent == folder and wanted.is_file() else None

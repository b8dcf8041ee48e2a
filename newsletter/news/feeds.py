"""A feed becomes articles: RSS 0.9 to 2.0, RDF and Atom.

    feed = read(fetched.body, url=fetched.url, charset=fetched.charset)
    feed.articles[0].identity

A feed that is broken somewhere gives what can be read of it. No external entity is ever
followed, and the bytes are never taken for the name of a file.
"""

import datetime as dt
import html
import io
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import feedparser
from lxml import etree

from newsletter.content import links
from newsletter.content.flow import Block
from newsletter.content.parsing import parse
from newsletter.errors import NewsletterError
from newsletter.news import illustrations, pages
from newsletter.news.article import Article
from newsletter.news.assembling import assemble, text_of
from newsletter.news.dates import date_of
from newsletter.news.illustrations import Illustration
from newsletter.news.troubles import Trouble

_MOST_ENTRIES = 300  # the newest of a feed come first; no press office has more at a time
_GLOBAL_ID = re.compile(r"(?:https?|tag|urn|uuid):\S{4,}", re.IGNORECASE)
_SYNDICATED = re.compile(r"(?:der beitrag|the post)\b.*(?:erschien zuerst auf|appeared first on)\b.*", re.IGNORECASE)


class FeedInvalid(NewsletterError):
    """What should be a feed is not one."""

    trouble, detail = Trouble.NO_FEED, ""

    def __init__(self, origin: str) -> None:
        super().__init__(f"{origin} is no feed: neither RSS nor Atom can be read in it.")
        self.origin = origin


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's own title, and its articles as they come, the newest usually first."""

    title: str
    articles: tuple[Article, ...]


def read(body: bytes, *, url: str, origin: str, charset: str = "") -> Feed:
    """Read a feed; `url` resolves relative links, and may be empty; `charset` is that of the HTTP header.

    Raises:
        FeedInvalid: it is no feed.
    """
    headers = {"content-type": f"application/xml; charset={charset}" if charset else "application/xml"}
    headers |= {"content-location": url} if url else {}
    parsed = feedparser.parse(io.BytesIO(body), response_headers=headers)  # a stream: bytes might be taken for a path
    if not parsed.get("version"):
        raise FeedInvalid(origin)
    language = str(parsed.feed.get("language", ""))
    articles = (_article(entry, url=url or origin, language=language) for entry in parsed.entries[:_MOST_ENTRIES])
    return Feed(_plain(parsed.feed, "title"), tuple(article for article in articles if article.title))


def _article(entry: Any, *, url: str, language: str) -> Article:
    link = links.resolve(str(entry.get("link", "")), base_url=url) or ""
    blocks, picture = _text(entry, base_url=link or url)
    enclosed = _enclosed(entry)
    draft = Article(
        title=_plain(entry, "title"),
        date=_date(entry, "published") or _date(entry, "updated"),
        language=language,
        link=link,
        credit=picture.credit or _plain(entry, "media_credit"),
        caption=picture.caption,
        image_url=links.resolve(enclosed or picture.url, base_url=link or url) or "",
        image_alt="" if enclosed and picture.url and enclosed != picture.url else picture.alt,
    )
    article = assemble(blocks, draft)
    return replace(article, identity=_identity(entry, url=url, link=link, title=article.title))


def _text(entry: Any, *, base_url: str) -> tuple[tuple[Block, ...], Illustration]:
    """The longest content, else the summary; pictures in it apart."""
    written = [(str(content.get("value", "")), str(content.get("type", ""))) for content in entry.get("content", ())]
    value, kind = max(written, key=lambda pair: len(pair[0]), default=("", ""))
    if not value.strip():
        value, kind = str(entry.get("summary", "")), str(entry.get("summary_detail", {}).get("type", ""))
    source = html.escape(value) if kind == "text/plain" else value
    page = pages.parse(f"<div>{source}</div>")
    if page is None:
        return (), Illustration()
    picture = illustrations.take(page, None)
    blocks = parse(etree.tostring(page, encoding="unicode", method="html"), base_url=base_url)
    return tuple(block for block in blocks if not _SYNDICATED.fullmatch(text_of(block))), picture


def _plain(holder: Any, name: str) -> str:
    """A text field without markup."""
    value = holder.get(name, "")
    if not isinstance(value, str):
        return ""
    kind = str(holder.get(f"{name}_detail", {}).get("type", ""))
    source = html.escape(value) if kind == "text/plain" else value
    return " ".join(text_of(block) for block in parse(source))


def _date(entry: Any, name: str) -> dt.date | None:
    """The day as it is written, where the feed's people are; else as feedparser reads it, in UTC."""
    if name not in entry:  # its own `get` would answer `updated` with `published`, and warn
        return None
    written = date_of(str(entry[name]))
    parsed = entry.get(f"{name}_parsed")
    if written or not parsed:
        return written
    return dt.date(parsed.tm_year, parsed.tm_mon, parsed.tm_mday)


def _enclosed(entry: Any) -> str:
    """The address of a picture that is sent along."""
    for enclosure in entry.get("enclosures", ()):
        if str(enclosure.get("type", "")).startswith("image/"):
            return str(enclosure.get("href", ""))
    for media in entry.get("media_content", ()):
        if media.get("medium") == "image" or str(media.get("type", "")).startswith("image/"):
            return str(media.get("url", ""))
    return next((str(media.get("url", "")) for media in entry.get("media_thumbnail", ())), "")


def _identity(entry: Any, *, url: str, link: str, title: str) -> str:
    """The guid if it is one for the whole world, else one for this feed."""
    stated = str(entry.get("id", "")).strip() or link or title
    return stated if _GLOBAL_ID.match(stated) else f"{_feed_name(url)}#{stated}"


def _feed_name(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}" or url

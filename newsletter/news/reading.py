"""Documents become articles, whatever their kind: pages, feeds, text and Markdown.

articles_of(Document(body=b"<rss …", origin=url, url=url))
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.news import extraction, feeds, textfiles
from newsletter.news.article import Article
from newsletter.news.decoding import decoded

_FEED_START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*(?:<\?[^>]*\?>\s*|<!--.*?-->\s*|<!DOCTYPE\s+rss[^>]*>\s*)*<(?:rss|feed|rdf:RDF)\b",
    re.DOTALL | re.IGNORECASE,
)
_SNIFFED_BYTES = 4096
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})


class Kind(StrEnum):
    """How a document is read."""

    FEED = "feed"
    PAGE = "page"
    TEXT = "text"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes from somewhere. `origin` is shown to people; `url` is the base of links, empty for a file."""

    body: bytes
    origin: str
    url: str = ""
    content_type: str = ""
    charset: str = ""


def kind_of(document: Document) -> Kind:
    """Tell the kind by the stated type, and a feed also by how it begins, since many are sent as something else."""
    if document.content_type in _FEED_TYPES or _FEED_START.match(document.body[:_SNIFFED_BYTES]):
        return Kind.FEED
    if document.content_type in {"text/markdown", "text/x-markdown"}:
        return Kind.MARKDOWN
    if document.content_type == "text/plain":
        return Kind.TEXT
    return Kind.FEED if document.content_type in {"application/xml", "text/xml"} else Kind.PAGE


def articles_of(document: Document, *, kind: Kind) -> tuple[Article, ...]:
    """Read a document; each article has its identity.

    Raises:
        NoArticle: a page or file has none.
        FeedInvalid: it should be a feed, and is none.
    """
    if kind is Kind.FEED:
        feed = feeds.read(document.body, url=document.url, origin=document.origin, charset=document.charset)
        return feed.articles
    text = decoded(document.body, document.charset)
    match kind:
        case Kind.PAGE:
            article = extraction.extract(text, url=document.url, origin=document.origin)
        case Kind.TEXT:
            article = textfiles.article_of_text(text, origin=document.origin)
        case Kind.MARKDOWN:
            article = textfiles.article_of_markdown(text, origin=document.origin)
    return (replace(article, link=article.link or document.url, identity=article.identity or document.url),)

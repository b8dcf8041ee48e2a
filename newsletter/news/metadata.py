"""What a page says of itself for machines: JSON-LD, Open Graph and meta elements.

facts = read(page)
facts.date, facts.titles, facts.image
"""

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from newsletter.news.dates import date_of
from newsletter.news.pages import collapsed, text_of

_ARTICLES = frozenset({"Report", "BlogPosting", "LiveBlogPosting", "PressRelease"})
_DATE_NAMES = (
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.date",
    "dc.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "sailthru.date",
    "article.published",
)
_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$|;\s*$")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_DEEPEST = 6
_LONGEST = 1_000  # characters; what is longer is no title, name or address
_LONGEST = 1_000  # characters; what is longer is no title, name or address


@dataclass(frozen=True, slots=True)
class Metadata:
    """Facts as stated; empty where nothing is.

    `titles` are in the order of trust, and may carry the site's name.
    """

    titles: tuple[str, ...] = ()
    site: str = ""
    date: dt.date | None = None
    description: str = ""
    image: str = ""
    image_alt: str = ""
    language: str = ""
    link: str = ""
    is_article: bool = False


def read(page: HtmlElement) -> Metadata:
    """Read what is stated; broken parts count as not stated."""
    metas = _metas(page)
    nodes = list(_nodes(page))
    article = next((node for node in nodes if _is_article(node)), {})
    web_page = next((node for node in nodes if "WebPage" in _types(node)), {})
    title = page.find(".//title")
    stated = (
        _text(article.get("headline")),
        metas.get("og:title", ""),
        text_of(title)[:_LONGEST] if title is not None else "",
    )
    return Metadata(
        titles=tuple(text for text in (*stated, metas.get("twitter:title", "")) if text),
        site=metas.get("og:site_name", "") or _text(_name(article.get("publisher"))),
        date=_first_date(
            _text(article.get("datePublished")),
            *(metas.get(name, "") for name in _DATE_NAMES),
            _text(web_page.get("datePublished")),
        ),
        description=_text(article.get("description"))
        or metas.get("og:description", "")
        or metas.get("description", ""),
        image=_image(article.get("image")) or metas.get("og:image", "") or metas.get("twitter:image", ""),
        image_alt=metas.get("og:image:alt", ""),
        language=page.get("lang", "")
        or page.get("{http://www.w3.org/XML/1998/namespace}lang", "")
        or metas.get("og:locale", ""),
        link=_canonical(page) or metas.get("og:url", ""),
        is_article=bool(article) or metas.get("og:type", "") == "article",
    )


def _metas(page: HtmlElement) -> dict[str, str]:
    """The first content of each name, the names in small letters."""
    found: dict[str, str] = {}
    for meta in page.iter("meta"):
        content = collapsed(meta.get("content", "")[:_LONGEST])
        for attribute in ("property", "name", "itemprop"):
            name = meta.get(attribute, "").strip().lower()
            if name and content:
                found.setdefault(name, content)
    return found


def _canonical(page: HtmlElement) -> str:
    links = (link for link in page.iter("link") if "canonical" in link.get("rel", "").lower().split())
    return next((link.get("href", "").strip() for link in links), "")


def _nodes(page: HtmlElement) -> Iterator[dict[str, Any]]:
    for script in page.iter("script"):
        if "ld+json" in script.get("type", "").lower():
            yield from _walk(_parsed(script.text or ""), 0)


def _parsed(text: str) -> Any:
    """Read JSON as it is found in the wild: wrapped in comments, HTML-escaped, with commas too many."""
    bare = _WRAPPING.sub("", _WRAPPING.sub("", text).strip())
    for attempt in (bare, _TRAILING_COMMA.sub(r"\1", bare), html.unescape(bare)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _walk(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The nodes that speak of the page itself; a list of other articles is inside `itemListElement`, and left alone."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _walk(inner, depth + 1)
    elif isinstance(value, dict):
        yield value
        for name in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _walk(value.get(name), depth + 1)


def _types(node: dict[str, Any]) -> frozenset[str]:
    stated = node.get("@type")
    return frozenset(str(name).rpartition("/")[2] for name in (stated if isinstance(stated, list) else [stated]))


def _is_article(node: dict[str, Any]) -> bool:
    return any(name.endswith("Article") or name in _ARTICLES for name in _types(node))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    if isinstance(value, dict):
        return _text(value.get("@value"))
    return collapsed(html.unescape(value[:_LONGEST])) if isinstance(value, str) else ""


def _name(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else value


def _image(value: Any) -> str:
    if isinstance(value, list):
        return next((found for inner in value if (found := _image(inner))), "")
    if isinstance(value, dict):
        return _text(value.get("url")) or _text(value.get("contentUrl")) or _text(value.get("@id"))
    return _text(value)


def _first_date(*stated: str) -> dt.date | None:
    return next((date for text in stated if (date := date_of(text))), None)

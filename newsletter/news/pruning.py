"""A page without what stands around its article.

    prune(page, headline)

Taken out: navigation, footers, forms, cookie notices and hidden parts; and whatever follows a
heading that says “now come other things” (`stopping`). The headline is never taken out, nor is
an element that holds it.
"""

import re

from lxml.html import HtmlElement

from newsletter.news import captions, stopping
from newsletter.news.pages import drop, holds, short_texts, text_of, tokens_of

_MACHINERY = "script style template noscript iframe object svg math nav dialog button select textarea audio video"
_ALWAYS_CHROME = frozenset(_MACHINERY.split())
_OFTEN_CHROME = frozenset({"footer", "aside", "form"})  # some sites are one large form
_CHROME_ROLES = frozenset(
    {"navigation", "contentinfo", "banner", "dialog", "alertdialog", "complementary", "search", "menu"}
)
_CHROME_TOKEN = re.compile(
    r"(?:cookies?|consent|gdpr|dsgvo|breadcrumbs?|brotkrumen|sharing|share|social|socialmedia|related|sidebar|pagination|pager"
    r"|comments?|skip|skiplinks?|sr-only|visually-hidden|screen-reader-text|navigation|nav|menu|footer|fusszeile|noprint|toolbar)"
    r"(?:[-_].*|bar|box|banner|list|links?|buttons?)?"
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NEVER = frozenset({"html", "body", "main", "article"})
_TITLING = (
    "h1 h2 h3 h4 h5 h6 p div span strong b em i u font td th dt a li legend summary header center label section big"
)
_STOPPING = frozenset(_TITLING.split())
_LARGE_SHARE = 0.5  # of all the page's text: what holds more is no side part, whatever its class says


def prune(page: HtmlElement, headline: HtmlElement | None) -> None:
    """Take everything out that is not the article, as far as a page tells; changes the tree."""
    _drop_chrome(page, headline)
    for element, text in list(short_texts(page)):
        if element is headline or element.tag not in _STOPPING or not holds(page, element):
            continue
        if stopping.ends_article(text):
            _drop_with_followers(element, text, headline)
        elif stopping.is_tool(text):
            _drop_tool(element, text, headline)
        elif captions.is_footer(text) and not holds(element, headline):
            drop(element)


def _drop_chrome(page: HtmlElement, headline: HtmlElement | None) -> None:
    limit = _LARGE_SHARE * len(text_of(page))
    kept = [] if headline is None else [headline, *headline.iterancestors()]
    for element in list(page.iter("*")):
        if element.tag in _NEVER or element in kept or not holds(page, element):
            continue
        if element.tag in _ALWAYS_CHROME or (_looks_like_chrome(element) and len(text_of(element)) <= limit):
            drop(element)


def _looks_like_chrome(element: HtmlElement) -> bool:
    if element.tag in _OFTEN_CHROME or element.get("role", "").lower() in _CHROME_ROLES or "hidden" in element.attrib:
        return True
    if _HIDDEN.search(element.get("style", "")):
        return True
    return any(_CHROME_TOKEN.fullmatch(token) for token in tokens_of(element))


def _drop_with_followers(element: HtmlElement, text: str, headline: HtmlElement | None) -> None:
    """Drop the box that a stop heading opens; or, where it opens none, the heading and what follows beside it."""
    node = _alone(element, text)
    while (parent := node.getparent()) is not None and _is_first(node) and not holds(parent, headline):
        if parent.tag not in {"td", "th", "tr"}:
            break
        node = parent  # a cell or row that the heading opens is its heading in turn
    if parent is None:
        return
    if _is_first(node) and parent.tag not in _NEVER and not holds(parent, headline):
        drop(parent)
        return
    node.tail = None
    for follower in list(node.itersiblings()):
        if holds(follower, headline):
            break
        follower.tail = None
        drop(follower)
    if not holds(node, headline):
        drop(node)


def _drop_tool(element: HtmlElement, text: str, headline: HtmlElement | None) -> None:
    """Drop the bar that a tool is the first of, if it is only a bar, else the tool alone."""
    node = _alone(element, text)
    parent = node.getparent()
    if parent is not None and _is_first(node) and not holds(parent, headline) and _is_bar(parent):
        drop(parent)
    elif not holds(node, headline):
        drop(node)


def _alone(element: HtmlElement, text: str) -> HtmlElement:
    """Climb as long as the element is all that its parent holds."""
    node = element
    while (parent := node.getparent()) is not None and parent.tag not in _NEVER and text_of(parent) == text:
        node = parent
    return node


def _is_first(node: HtmlElement) -> bool:
    parent = node.getparent()
    if parent is None or (parent.text or "").strip():
        return False
    return not any(text_of(before) or (before.tail or "").strip() for before in node.itersiblings(preceding=True))


def _is_bar(element: HtmlElement) -> bool:
    words = text_of(element)
    return element.tag not in _NEVER and len(words) <= 120 and "." not in words  # noqa: PLR2004  # a row of short names

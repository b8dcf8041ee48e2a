"""A web page as a tree, and the short texts in it.

page = parse(html)
text_of(page.find(".//title"))
"""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

SHORT = 300  # characters; headlines, captions and buttons are no longer

_LONGEST = 2_000_000  # characters; what comes after is no news of a press office
_BLANK = re.compile(r"\s+")


def parse(html: str) -> HtmlElement | None:
    """Read a page of any quality; None if there is nothing in it.

    libxml2 stops 256 levels deep, so whatever walks the tree may rely on that.
    """
    data = html[:_LONGEST].replace("\0", "").encode("utf-8", "ignore")
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):  # the last: a document of nothing but comments
        return None


def text_of(element: HtmlElement) -> str:
    """All words in an element, on one line."""
    return collapsed("".join(_texts(element)))


def collapsed(text: str) -> str:
    """Each run of white space as one space; soft hyphens dropped."""
    return _BLANK.sub(" ", text.replace("\xad", "")).strip()


def key(text: str) -> str:
    """What two spellings of one text have in common: letters and digits, in small letters."""
    return "".join(character for character in text.casefold() if character.isalnum())


def short_texts(tree: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """Every element that holds a short text, in document order, with that text."""
    elements = list(tree.iter("*"))
    lengths: dict[HtmlElement, int] = {}
    for element in reversed(elements):
        inside = sum(lengths[child] + len((child.tail or "").strip()) for child in element if child in lengths)
        lengths[element] = inside + len((element.text or "").strip())
    for element in elements:
        if 0 < lengths[element] <= SHORT and (text := text_of(element)):
            yield element, text


def holds(element: HtmlElement, other: HtmlElement | None) -> bool:
    """Tell whether `other` is the element itself or inside it."""
    return other is not None and (other is element or any(parent is element for parent in other.iterancestors()))


def drop(element: HtmlElement) -> None:
    """Take an element out of its tree; the text behind it stays."""
    if element.getparent() is not None:
        element.drop_tree()


def tokens_of(element: HtmlElement) -> list[str]:
    """The words of its class and id, in small letters."""
    return f"{element.get('class', '')} {element.get('id', '')}".lower().split()


def _texts(element: HtmlElement) -> Iterator[str]:
    """Text and the space that a line break or a block makes between two words."""
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(node.tag, str) or node.tag in {"script", "style"}:
            continue
        if event == "start":
            yield node.text or ""
            continue
        if node.tag in {"br", "p", "div", "li", "td", "h1", "h2", "h3"}:
            yield " "
        if node is not element:
            yield node.tail or ""

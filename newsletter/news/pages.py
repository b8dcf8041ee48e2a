"""A web page as a tree, and the short texts in it.

page = parse(html)
text_of(page.find(".//title"))
"""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

SHORT = 300  # characters; headlines, captions and buttons are no longer

_MOST_CHARACTERS = 300_000  # of text: a book of a hundred pages
_MOST_ELEMENTS = 30_000  # ten times a large page; each costs up to 50 µs further on
_BLOATED_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9]*)[^<>]{20000,}>")  # pictures as text; or a bomb of attributes
_TOO_LONG = 4 * SHORT  # characters, white space included; enough to know that a text is not short
_PARTING = frozenset({"br", "p", "div", "li", "td", "h1", "h2", "h3", "h4"})
_BLANK = re.compile(r"\s+")


def parse(html: str) -> HtmlElement | None:
    """Read a page of any quality; None if there is nothing in it, or far more than a page.

    libxml2 stops 256 levels deep, so whatever walks the tree may rely on that.
    """
    data = _BLOATED_TAG.sub(r"<\1>", html.replace("\0", "")).encode("utf-8", "ignore")
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        page = document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):  # the last: a document of nothing but comments
        return None
    for element in list(page.iter("script", "style", "svg")):
        if "ld+json" not in element.get("type", ""):
            drop(element)
    return page if _is_of_page_size(page) else None


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
    texts: dict[HtmlElement, str] = {}
    for element in reversed(elements):  # children before their parents, so each text is put together once
        pieces = [element.text or ""]
        for child in element:
            pieces += [texts.get(child, ""), " " if child.tag in _PARTING else "", child.tail or ""]
        texts[element] = "".join(pieces)[:_TOO_LONG]
    for element in elements:
        text = collapsed(texts[element])
        if text and len(text) <= SHORT:
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


def _is_of_page_size(page: HtmlElement) -> bool:
    characters = 0
    for number, element in enumerate(page.iter("*")):
        texts = [element.tail or "", "" if element.tag == "script" else element.text or ""]
        characters += sum(len(text.strip()) for text in texts)
        if number > _MOST_ELEMENTS or characters > _MOST_CHARACTERS:
            return False
    return True


def _texts(element: HtmlElement) -> Iterator[str]:
    """Text and the space that a line break or a block makes between two words."""
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(node.tag, str) or node.tag in {"script", "style"}:
            continue
        if event == "start":
            yield node.text or ""
            continue
        if node.tag in _PARTING:
            yield " "
        if node is not element:
            yield node.tail or ""

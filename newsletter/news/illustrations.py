"""The picture of an article on a page, with what stands under it.

found = take(page, headline)
found.url, found.caption, found.credit
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from newsletter.news import captions
from newsletter.news.pages import SHORT, collapsed, drop, holds, text_of, tokens_of

_CAPTION_TOKEN = re.compile(
    r".*(?:caption|bildunterschrift|bildtext|bildnachweis|bild-?text|bild-?quelle|image-?text|credits?|copyright|foto-?graf|photographer).*"
    r"|bu|legend"
)
_ICON_PIXELS = 100
_NO_PHOTO = re.compile(r"\.svg(?:$|\?)|^data:|(?:logo|icon|pixel|spacer|avatar|blank)[^/]*$", re.IGNORECASE)
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture as the page names it (`url` may be relative), and its words; empty where there is nothing."""

    url: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""


def take(page: HtmlElement, headline: HtmlElement | None) -> Illustration:
    """Find the first picture and take all pictures' captions and credits out of the text; changes the tree.

    Words in a figure belong to its own picture; words that only stand somewhere, to the first.
    """
    figures = [figure for figure in page.iter("figure") if not holds(figure, headline)]
    images = [image for figure in figures for image in figure.iter("img")] or _images_below(page, headline)
    image = next((image for image in images if _is_photo(image)), None)
    own = [figure for figure in figures if image is None or holds(figure, image)]
    written = [captions.split(text) for text in _captions(own)]
    for figure in figures:
        drop(figure)
    written += [captions.split(text) for text in _marked(page, headline)]
    return Illustration(
        url=_source(image) if image is not None else "",
        alt=collapsed(image.get("alt", "")) if image is not None else "",
        caption=next((caption for caption, _ in written if caption), ""),
        credit=next((credit for _, credit in written if credit), ""),
    )


def _images_below(page: HtmlElement, headline: HtmlElement | None) -> list[HtmlElement]:
    """The images after the headline; those above it belong to the site."""
    elements = list(page.iter("*"))
    start = elements.index(headline) if headline in elements else 0
    return [element for element in elements[start:] if element.tag == "img"]


def _captions(figures: list[HtmlElement]) -> Iterator[str]:
    """The words of each figure; a marked credit inside a caption is parted from it by a bar."""
    for figure in figures:
        for caption in figure.iter("figcaption"):
            for inner in caption.iter("*"):
                if inner is not caption and _is_marked(inner):
                    inner.text = f" | {inner.text or ''}"
            yield text_of(caption)
            break
        else:
            yield text_of(figure)


def _marked(page: HtmlElement, headline: HtmlElement | None) -> Iterator[str]:
    """Take out the short elements whose class says that they are captions or credits."""
    for element in list(page.iter("*")):
        if element.tag in {"html", "body", "main", "article"} or not _is_marked(element):
            continue
        text = text_of(element)
        if text and len(text) <= SHORT and not holds(element, headline) and holds(page, element):
            drop(element)
            if not captions.is_footer(text):
                yield text


def _is_marked(element: HtmlElement) -> bool:
    return any(_CAPTION_TOKEN.fullmatch(token) for token in tokens_of(element))


def _is_photo(image: HtmlElement) -> bool:
    width = image.get("width", "").removesuffix("px")
    if width.isdecimal() and int(width) < _ICON_PIXELS:
        return False
    if any("logo" in token for token in tokens_of(image)):
        return False
    source = _source(image)
    return bool(source) and not _NO_PHOTO.search(source)


def _source(image: HtmlElement) -> str:
    """Where the picture is; a page that loads lazily keeps it beside an empty `src`."""
    stated = [image.get(name, "").strip() for name in _SOURCES]
    sets = [image.get(name, "") for name in ("srcset", "data-srcset")]
    stated += [part.split()[0] for text in sets for part in text.split(", ")[-1:] if part.strip()]
    return next((url for url in stated if url and not url.startswith("data:")), "")

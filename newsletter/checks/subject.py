"""What the checks look at, and how they walk through its words and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser

from newsletter.content.blocks import Block, Button, Divider, IssueContent, LeadStory, Picture, Story, Text
from newsletter.content.richtext import words_of
from newsletter.rendering.compiled import CompiledIssue, Part, Slot
from newsletter.rendering.frame import Frame

_LINK = re.compile(r"<a\b.*?</a>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Subject:
    """An issue as written, as compiled, and the facts around it.

    `measured` is true for the variant of those who agreed to be measured. `public_problems` are sentences on
    what keeps the public pages from being lawful. `topics` are the short names of the list's topics. `uncut` are
    the ids of the blocks whose picture cannot be cut to its shape.
    """

    content: IssueContent
    compiled: CompiledIssue
    frame: Frame
    public_problems: tuple[str, ...] = ()
    measured: bool = False
    topics: frozenset[str] = frozenset()
    uncut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Words:
    """A text an editor wrote; `block` is None for subject and preheader."""

    block: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the compiled HTML. `target` is None without an href; a slot stands as its expression in braces.

    `words` are what the link shows: text, the names it has for screen readers, and pictures' alts.
    """

    target: str | None
    words: str
    has_picture: bool


@lru_cache(maxsize=8)
def all_words(content: IssueContent) -> tuple[Words, ...]:
    """Every text of an issue, in reading order; rich text as plain words."""
    texts = [Words(None, content.subject), Words(None, content.preheader)]
    texts += [Words(block.id, text) for block in content.blocks for text in _texts_of(block)]
    return tuple(words for words in texts if words.text)


def pictures(content: IssueContent) -> Iterator[tuple[str, Picture]]:
    """The pictures with the id of the block each is in."""
    for block in content.blocks:
        if isinstance(block, LeadStory | Story) and block.picture:
            yield block.id, block.picture


def filled(parts: tuple[Part, ...]) -> str:
    """Put a slot's expression, in braces, where its value will be."""
    return "".join(f"{{{part.expression}}}" if isinstance(part, Slot) else part for part in parts)


@lru_cache(maxsize=8)
def links(compiled: CompiledIssue) -> tuple[Link, ...]:
    """The links of the HTML part, in order."""
    reader = _LinkReader()
    # A fallback may hold quotes; inside an attribute they would end it.
    parts = tuple(Slot(part.expression.replace('"', "'")) if isinstance(part, Slot) else part for part in compiled.html)
    for link in _LINK.findall(filled(parts)):  # the rest of the mail is layout
        reader.feed(link)
    reader.close()
    return tuple(reader.links)


def _texts_of(block: Block) -> tuple[str, ...]:
    match block:
        case LeadStory() | Story():
            picture = block.picture
            described = (picture.alt, picture.caption, picture.credit) if picture else ()
            return (block.title, block.date, words_of(block.text), block.link_text, *described)
        case Text():
            return (words_of(block.text),)
        case Button():
            return (block.label,)
        case Divider():
            return ()


class _LinkReader(HTMLParser):
    """Collects `a` elements; they cannot be nested."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._open: Link | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._open = Link(given.get("href"), given.get("aria-label") or "", has_picture=False)
        elif tag == "img" and self._open:
            self._open = Link(self._open.target, self._open.words + (given.get("alt") or ""), has_picture=True)

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open = Link(self._open.target, self._open.words + data, self._open.has_picture)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            self.links.append(self._open)
            self._open = None

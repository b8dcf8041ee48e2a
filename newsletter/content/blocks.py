"""The placed pieces of an issue, as frozen values.

A block that came from a news item holds a *copy* of the item's words and the version they
were copied from; the item may change, the block does not.

Rich text is sanitised HTML (`content.richtext`); plain fields are plain text. Both may hold
merge fields (`content.merge`).

`topics` are short names of topics of the list, sorted: whom a block is for (`content.variants`). None: for everybody.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a block's words were copied from."""

    item_id: int
    item_version: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the media folder. `alt` is empty for a picture that only decorates.

    `width` and `height` are pixels of the file. `shape` and `focus` say which part of it is shown
    (`content.cropping`); empty: all of it, and its middle.
    """

    name: str
    alt: str
    width: int
    height: int
    credit: str = ""
    caption: str = ""
    shape: str = ""
    focus: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """A news item as a teaser: title, date line, rich text, link."""

    id: str
    title: str
    text: str
    link: str = ""
    link_text: str = ""
    date: str = ""
    picture: Picture | None = None
    origin: Origin | None = None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadStory:
    """The story that opens the issue, larger than the others."""

    id: str
    title: str
    text: str
    link: str = ""
    link_text: str = ""
    date: str = ""
    picture: Picture | None = None
    origin: Origin | None = None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Free rich text."""

    id: str
    text: str
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """A call to action."""

    id: str
    label: str
    link: str
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between two parts."""

    id: str
    topics: tuple[str, ...] = ()


Block = LeadStory | Story | Text | Button | Divider


@dataclass(frozen=True, slots=True)
class Translation:
    """The words of an issue in a second language; all else is shared (`content.translating`).

    `words` are pairs of a field's name, such as `subject` or `b3.title`, and what is written there; sorted, and
    without those where nothing is.
    """

    language: str
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IssueContent:
    """One edition's words: subject, preheader and blocks in reading order; and perhaps the same in another language."""

    subject: str
    preheader: str = ""
    blocks: tuple[Block, ...] = ()
    translation: Translation | None = None

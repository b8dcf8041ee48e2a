"""What templates see of an issue: its words made ready for one part of the mail.

`HtmlWords` gives HTML, `TextWords` plain text; both put a token where a merge field stands, so a
design writes `{{ block.title }}` in either part and cannot get it wrong.
"""

import re
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote

from markupsafe import Markup

from newsletter.content import characters, flow, links, merge, richtext
from newsletter.content.blocks import Block, Button, Divider, IssueContent, LeadStory, Picture, Story, Text
from newsletter.content.cropping import part_of
from newsletter.content.stored import kind_of
from newsletter.rendering.slots import Slots

MARK = "block-of-"  # begins the class by which the preview knows a block
_MARKED = re.compile(rf'(class="[^"<>]*?) {MARK}[\w-]+?(-outlook)?(?=["\s])')  # MJML writes that after the last class


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture, or the part of it that is shown; `alt` is empty where it only decorates.

    `width` and `height` are the pixels of the file in `src`.
    `legend` is caption and credit on one line.
    """

    src: str
    alt: str
    width: int
    height: int
    caption: str
    credit: str
    legend: str


@dataclass(frozen=True, slots=True)
class BlockView:
    """One block. `kind` names its partial, such as `lead_story`; what a kind does not have is empty.

    `text` is rich, the others are plain; `link` is empty where a mail cannot carry the target. `mark` goes at the end
    of the `css-class` of a block's sections: by it the preview knows where the block is. It is empty in what is sent.
    """

    kind: str
    id: str
    title: str = ""
    text: str = ""
    link: str = ""
    link_text: str = ""
    date: str = ""
    picture: PictureView | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class IssueView:
    """The whole issue."""

    subject: str
    preheader: str
    blocks: tuple[BlockView, ...]


class Words(Protocol):
    """How one part of the mail writes words."""

    def plain(self, text: str) -> str:
        """A plain field, on one line."""
        ...

    def rich(self, text: str, *, below: int) -> str:
        """Rich text whose first headings are of the level under `below`."""
        ...


class HtmlWords:
    """Words as HTML, escaped; safe for an attribute, where rich text does not belong."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def plain(self, text: str) -> Markup:
        """Escape words and quotes."""
        pieces = merge.split(characters.on_one_line(text))
        return Markup("").join(self._written(piece) for piece in pieces)

    def rich(self, text: str, *, below: int) -> Markup:
        """Clean it again: what is clean stays, and nothing else gets in by another door."""
        cleaned = richtext.clean(text)
        for level in (3, 4):
            wanted = level + below - 2
            cleaned = cleaned.replace(f"<h{level}>", f"<h{wanted}>").replace(f"</h{level}>", f"</h{wanted}>")
        return Markup(richtext.with_words(cleaned, self._all_written))  # noqa: S704  # cleaned

    def _all_written(self, words: str) -> str:
        return "".join(
            self._slots.token(piece.expression) if isinstance(piece, merge.Field) else flow.escape(piece)
            for piece in merge.split(words)
        )

    def _written(self, piece: str | merge.Field) -> Markup:
        if isinstance(piece, merge.Field):
            return Markup(self._slots.token(piece.expression))  # noqa: S704  # alphanumeric
        return Markup(flow.escape(piece).replace('"', "&#34;").replace("'", "&#39;"))  # noqa: S704  # escaped


class TextWords:
    """Words as plain text, without characters that only steer line breaking."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._html = HtmlWords(slots)

    def plain(self, text: str) -> str:
        """Put tokens for the merge fields."""
        return "".join(
            self._slots.token(piece.expression) if isinstance(piece, merge.Field) else _plain(piece)
            for piece in merge.split(characters.on_one_line(text))
        )

    def rich(self, text: str, *, below: int) -> str:
        """Write paragraphs, lists and targets."""
        return _plain(richtext.words_of(self._html.rich(text, below=below)))


def view_of(content: IssueContent, words: Words, *, public_url: str, marked: bool = False) -> IssueView:
    """Make the words ready; `marked` for a preview, in which blocks can be found again."""
    return IssueView(
        subject=words.plain(content.subject),
        preheader=words.plain(content.preheader),
        blocks=tuple(
            replace(_block(block, words, public_url), mark=f" {MARK}{block.id}" if marked else "")
            for block in content.blocks
        ),
    )


def without_marks(html: str) -> str:
    """Take the marks out of compiled HTML, for whoever looks at the preview as at what is sent."""
    return _MARKED.sub(r"\1\2", html)


def _block(block: Block, words: Words, public_url: str) -> BlockView:
    kind = kind_of(block).replace(" ", "_")
    match block:
        case LeadStory() | Story():
            return BlockView(
                kind=kind,
                id=block.id,
                title=words.plain(block.title),
                text=words.rich(block.text, below=2),
                link=links.resolve(block.link) or "",
                link_text=words.plain(block.link_text),
                date=words.plain(block.date),
                picture=_picture(block.picture, words, public_url) if block.picture else None,
            )
        case Text():
            return BlockView(kind, block.id, text=words.rich(block.text, below=1))
        case Button():
            return BlockView(kind, block.id, title=words.plain(block.label), link=links.resolve(block.link) or "")
        case Divider():
            return BlockView(kind, block.id)


def _plain(words: str) -> str:
    """Drop the joiners too: merge fields are found, nothing can become one any more."""
    return characters.plain(words).replace("\u2060", "")


def _picture(picture: Picture, words: Words, public_url: str) -> PictureView:
    shown = part_of(picture) or picture
    return PictureView(
        src=f"{public_url}/media/{quote(shown.name)}",
        alt=words.plain(picture.alt),
        width=shown.width,
        height=shown.height,
        caption=words.plain(picture.caption),
        credit=words.plain(picture.credit),
        legend=words.plain(_legend(picture)),
    )


def _legend(picture: Picture) -> str:
    caption, credit = picture.caption.strip(), picture.credit.strip()
    if not caption or not credit:
        return caption or credit
    return f"{caption} {credit}" if caption.endswith((".", "!", "?", "…")) else f"{caption} · {credit}"

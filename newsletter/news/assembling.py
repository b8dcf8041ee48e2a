"""Blocks of text become an article, whatever they came from: a page, a file or a feed.

    assemble(parse("<h3>Titel</h3><p>4. April 2019<br>Der erste Absatz.</p><p>Der zweite.</p>"), Article(title=""))

The draft holds what is known already; what it lacks is looked for in the blocks, in the order
in which press offices write: headline, date line, first paragraph, text, and then other news,
which are left out.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from newsletter.content import flow
from newsletter.content.flow import BREAK, Block, Paragraph, Run
from newsletter.news import captions, dates, stopping
from newsletter.news.article import Article
from newsletter.news.languages import language_of
from newsletter.news.pages import collapsed, key

_HEAD_BLOCKS = 6  # how far from the top a headline may stand, after its kicker, date and the like
_LONGEST_TITLE = 300  # characters
_LONGEST_PLACE_LINE = 60


def assemble(blocks: Sequence[Block], draft: Article) -> Article:
    """Fill in what the draft lacks, and part lead and body; an empty title or text stays empty."""
    reading = _Reading(date=draft.date, credit=draft.credit, caption=draft.caption)
    title, rest = _parted_title(list(blocks), draft.title, reading)
    kept = [piece for block in _until_the_end(rest) if (piece := reading.without_notes(block)) is not None]
    lead, body = _parted_lead(kept)
    words = " ".join([title, lead, *(text_of(block) for block in body)])
    return replace(
        draft,
        title=title,
        date=reading.date,
        lead=lead,
        body=flow.to_html(tuple(body)),
        credit=reading.credit,
        caption=reading.caption,
        language=language_of(words, stated=draft.language),
    )


def text_of(block: Block) -> str:
    """The words of a block on one line, link targets left out."""
    match block:
        case Paragraph(_, runs):
            return _words(runs)
        case flow.Quote(blocks):
            return " ".join(text_of(inner) for inner in blocks)
        case flow.Listing(_, items):
            return " ".join(_item_words(item) for item in items)


def is_heading(block: Block) -> bool:
    """Tell whether a block is a heading, or a paragraph of nothing but strong words."""
    match block:
        case Paragraph("h3" | "h4"):
            return True
        case Paragraph("p", runs):
            return all(run.marks.strong for run in runs if run != BREAK)
    return False


def publication_date(before: Sequence[Block], after: Sequence[Block]) -> dt.date | None:
    """The date written near a headline: in a line of its own, or at the opening of one of the first two paragraphs.

    Failing that, one that says of itself, anywhere, that it is that of the publication.
    """
    near = [line for block in [*_opening(after), *reversed(before[-_HEAD_BLOCKS:])] for line in _lines(block)[:2]]
    for line in near:
        if found := _date_of_line(line):
            return found
    everywhere = (line for block in [*after, *before] for line in _lines(block))
    return next((found for line in everywhere if len(line) <= _LONGEST_TITLE and (found := dates.labelled(line))), None)


@dataclass(slots=True)
class _Reading:
    """What was met on the way through the blocks."""

    date: dt.date | None
    credit: str
    caption: str
    _paragraphs: int = field(default=0)

    def without_notes(self, block: Block) -> Block | None:
        """Take date, credit and caption lines out of a paragraph; None if nothing else was in it."""
        if not isinstance(block, Paragraph):
            return block
        lines = [line for line in _run_lines(block.runs) if not self.is_note(_words(line))]
        if not lines:
            return None
        if block.kind == "p":
            self._see(_words(lines[0]))
        return replace(block, runs=_joined(lines))

    def is_note(self, line: str) -> bool:
        """Tell whether a line is one of those, and keep what it says."""
        if captions.is_footer(line) or stopping.is_tool(line):
            return True
        if captions.is_credit(line) or captions.is_caption(line):
            caption, credit = captions.split(line)
            self.caption, self.credit = self.caption or caption, self.credit or credit
            return True
        return self._is_date_line(line)

    def _is_date_line(self, line: str) -> bool:
        if self._paragraphs or not dates.is_date_line(line, longest=_LONGEST_PLACE_LINE):
            return False
        self.date = self.date or dates.date_of(line)
        return True

    def _see(self, line: str) -> None:
        """Note a paragraph; the first two may open with place and date."""
        if self.date is None and self._paragraphs < 2:  # noqa: PLR2004  # see above
            opening = dates.dateline(line)
            self.date = opening[0] if opening else None
        self._paragraphs += 1


def _parted_title(blocks: list[Block], title: str, reading: _Reading) -> tuple[str, list[Block]]:
    """The title, and the blocks behind it; without a known one, the first line that may be one."""
    if title:
        for index, block in enumerate(blocks[:_HEAD_BLOCKS]):
            if key(text_of(block)) == key(title):
                for kicker in blocks[:index]:
                    reading.without_notes(kicker)
                return title, blocks[index + 1 :]
        return title, blocks
    for index, block in enumerate(blocks[:_HEAD_BLOCKS]):
        words = text_of(block)
        if isinstance(block, Paragraph) and len(words) <= _LONGEST_TITLE and not reading.is_note(words):
            return words, blocks[index + 1 :]
    return "", blocks


def _until_the_end(blocks: list[Block]) -> list[Block]:
    """Cut at the first heading or short line behind which other things come."""
    for index, block in enumerate(blocks):
        lines = _run_lines(block.runs) if isinstance(block, Paragraph) else []
        for number, line in enumerate(lines):
            if stopping.ends_article(_words(line)):
                rest = [replace(block, runs=_joined(lines[:number]))] if number and isinstance(block, Paragraph) else []
                return [*blocks[:index], *rest]
    return blocks


def _parted_lead(blocks: list[Block]) -> tuple[str, list[Block]]:
    """The first paragraph as plain text, and the other blocks; headings at the very end say nothing."""
    kept = list(blocks)
    while kept and isinstance(kept[-1], Paragraph) and kept[-1].kind != "p":
        kept.pop()
    for index, block in enumerate(kept):
        if isinstance(block, Paragraph) and block.kind == "p":
            return text_of(block), kept[:index] + kept[index + 1 :]
    return "", kept


def _opening(blocks: Sequence[Block]) -> list[Block]:
    """The first blocks, up to the second paragraph of text."""
    long = [index for index, block in enumerate(blocks) if len(text_of(block)) > _LONGEST_PLACE_LINE]
    return list(blocks[: min([_HEAD_BLOCKS, *(index + 1 for index in long[1:2])])])


def _date_of_line(line: str) -> dt.date | None:
    if dates.is_date_line(line, longest=2 * _LONGEST_PLACE_LINE):
        return dates.date_of(line)
    opening = dates.dateline(line)
    return opening[0] if opening else dates.labelled(line) if len(line) <= _LONGEST_TITLE else None


def _lines(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return [_words(line) for line in _run_lines(block.runs)]
    return [text_of(block)]


def _run_lines(runs: tuple[Run, ...]) -> list[tuple[Run, ...]]:
    lines: list[list[Run]] = [[]]
    for run in runs:
        if run == BREAK:
            lines.append([])
        else:
            lines[-1].append(run)
    return [tuple(line) for line in lines]


def _joined(lines: Sequence[tuple[Run, ...]]) -> tuple[Run, ...]:
    joined: list[Run] = []
    for line in lines:
        joined += [BREAK, *line] if joined else line
    return tuple(joined)


def _words(runs: tuple[Run, ...]) -> str:
    return collapsed("".join(run.text for run in runs))


def _item_words(item: flow.Item) -> str:
    return " ".join([_words(item.runs), *(text_of(listing) for listing in item.lists)])

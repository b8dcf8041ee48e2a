"""Rich text as values: paragraphs of runs, lists and quotes, and how they are written.

The marks of a run are a set, so inline markup is never deeper than three tags whatever came
in, and one meaning has one spelling.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from newsletter.content import characters


@dataclass(frozen=True, slots=True)
class Marks:
    """How a run looks, and where it leads."""

    strong: bool = False
    emphasis: bool = False
    link: str = ""


PLAIN = Marks()


@dataclass(frozen=True, slots=True)
class Run:
    """Text with one look. A line break is the run `BREAK`; no other holds one."""

    text: str
    marks: Marks = PLAIN


BREAK = Run("\n")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph or heading."""

    kind: Literal["p", "h3", "h4"]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list: its words, and the lists below them."""

    runs: tuple[Run, ...]
    lists: tuple["Listing", ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of at least one item."""

    ordered: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation of paragraphs and lists; a quotation inside it is part of it."""

    blocks: tuple[Paragraph | Listing, ...]


Block = Paragraph | Listing | Quote


def tidy_lines(runs: list[Run]) -> list[tuple[Run, ...]]:
    """Cut runs at their line breaks into lines as a browser would show them; blank lines stay, empty."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        if run is BREAK or run == BREAK:
            lines.append([])
        else:
            lines[-1].append(run)
    return [tuple(_tidy_line(line)) for line in lines]


def to_html(blocks: tuple[Block, ...]) -> str:
    """Write the canonical HTML."""
    return "".join(_block_html(block) for block in blocks)


def to_words(blocks: tuple[Block, ...]) -> str:
    """Write plain text: a blank line between blocks, `- ` and `1. ` before items, targets in brackets."""
    return "\n\n".join("\n".join(_block_lines(block)) for block in blocks)


def targets_in(blocks: tuple[Block, ...]) -> tuple[str, ...]:
    """The link targets, in order, each as often as it is linked."""
    targets: list[str] = []
    for block in blocks:
        match block:
            case Paragraph(_, runs):
                targets += _targets_of(runs)
            case Listing(_, items):
                for item in items:
                    targets += (*_targets_of(item.runs), *targets_in(item.lists))
            case Quote(inner):
                targets += targets_in(inner)
    return tuple(targets)


def escape(text: str) -> str:
    """Write words as HTML text.

    A combining mark at the start is written as a number: beside a tag's `>` it would make
    another character of it as soon as somebody composes the whole.
    """
    if text and unicodedata.combining(text[0]):
        return f"&#{ord(text[0])};{html.escape(text[1:], quote=False)}"
    return html.escape(text, quote=False)


def _tidy_line(line: list[Run]) -> Iterator[Run]:
    """Collapse white space across the runs, trim the ends, join equal neighbours, compose accents."""
    at_space = True
    pieces: list[tuple[Marks, str]] = []
    for run in line:
        text = characters.collapse(run.text)
        if at_space:
            text = text.removeprefix(" ")
        if text:
            at_space = text.endswith(" ")
            pieces.append((run.marks if text.strip(" ") else PLAIN, text))
    while pieces and pieces[-1][1].endswith(" "):
        marks, text = pieces.pop()
        if text := text.rstrip(" "):
            pieces.append((marks, text))
    joined = [(marks, "".join(text for _, text in group)) for marks, group in groupby(pieces, key=lambda pair: pair[0])]
    if characters.is_blank("".join(text for _, text in joined)):
        return
    for marks, text in joined:
        yield Run(unicodedata.normalize("NFC", text), marks)


def _block_html(block: Block) -> str:
    match block:
        case Paragraph(kind, runs):
            return f"<{kind}>{_runs_html(runs)}</{kind}>"
        case Listing(ordered, items):
            name = "ol" if ordered else "ul"
            return f"<{name}>{''.join(_item_html(item) for item in items)}</{name}>"
        case Quote(blocks):
            return f"<blockquote>{to_html(blocks)}</blockquote>"


def _item_html(item: Item) -> str:
    return f"<li>{_runs_html(item.runs)}{''.join(_block_html(listing) for listing in item.lists)}</li>"


def _runs_html(runs: tuple[Run, ...]) -> str:
    """Nest links outside, then strong, then emphasis, each as long as it lasts."""
    return _nested(list(runs), (_link_tag, _strong_tag, _emphasis_tag))


def _nested(runs: list[Run], tags: tuple[Callable[[Run], str], ...]) -> str:
    if not tags:
        return "".join("<br>" if run == BREAK else escape(run.text) for run in runs)
    written = []
    for tag, group in groupby(runs, key=tags[0]):
        inside = _nested(list(group), tags[1:])
        written.append(f"<{tag}>{inside}</{tag.partition(' ')[0]}>" if tag else inside)
    return "".join(written)


def _link_tag(run: Run) -> str:
    return f'a href="{html.escape(run.marks.link)}"' if run.marks.link else ""


def _strong_tag(run: Run) -> str:
    return "strong" if run.marks.strong else ""


def _emphasis_tag(run: Run) -> str:
    return "em" if run.marks.emphasis else ""


def _block_lines(block: Block) -> list[str]:
    match block:
        case Paragraph(_, runs):
            return _run_lines(runs)
        case Listing():
            return _listing_lines(block)
        case Quote(blocks):
            return [f"  {line}".rstrip() for line in to_words(blocks).split("\n")]


def _listing_lines(listing: Listing) -> list[str]:
    lines = []
    for number, item in enumerate(listing.items, start=1):
        bullet = f"{number}. " if listing.ordered else "- "
        below = _run_lines(item.runs) + [line for nested in item.lists for line in _listing_lines(nested)]
        lines.append(bullet + below[0])
        lines += [" " * len(bullet) + line for line in below[1:]]
    return lines


def _targets_of(runs: tuple[Run, ...]) -> list[str]:
    return [link for link, _ in groupby(runs, key=lambda run: run.marks.link) if link]


def _run_lines(runs: tuple[Run, ...]) -> list[str]:
    """Write each link once as `words (target)`, or as its words alone where they are the target."""
    words = []
    for link, group in groupby(runs, key=lambda run: run.marks.link):
        text = characters.plain("".join(run.text for run in group))
        target = re.sub("^(mailto|tel):", "", link)
        words.append(f"{text} ({target})" if target and text.strip() not in {target, link} else text)
    return "".join(words).split("\n")

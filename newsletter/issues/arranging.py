"""What is done to whole blocks: placed, moved, laid out, removed. Pure; `editing` saves what comes of it.

    content = arranging.place(content, item, base=7, language="de")
    content = arranging.move(content, "b3", places=-1)

A new block's id is made of the revision it is added to and of what it is. So it is never used twice in an issue, the
same request sent again adds nothing again, and an item that two people place at the same moment is there once.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from newsletter.content import translating
from newsletter.content.blocks import Block, Button, Divider, IssueContent, LeadStory, Story, Text
from newsletter.issues import composing
from newsletter.issues.errors import BlockNotFound
from newsletter.news.models import NewsItem


class Addition(StrEnum):
    """What can be added that is no story."""

    TEXT = "text"
    BUTTON = "button"
    DIVIDER = "divider"


_NEW: dict[Addition, Callable[[str], Block]] = {
    Addition.TEXT: lambda block: Text(block, ""),
    Addition.BUTTON: lambda block: Button(block, "", ""),
    Addition.DIVIDER: Divider,
}
LAYOUTS: dict[str, type[LeadStory | Story]] = {"lead": LeadStory, "story": Story}


def place(content: IssueContent, item: NewsItem, *, base: int, language: str) -> IssueContent:
    """Put a story at the end: large where it is the issue's first."""
    has_stories = any(isinstance(block, LeadStory | Story) for block in content.blocks)
    block = composing.placed(
        Story if has_stories else LeadStory, item, block=_new_id(base, str(item.id)), language=language
    )
    return _dated(replace(content, blocks=(*content.blocks, block)), block.id, item)


def add(content: IssueContent, what: Addition, *, base: int) -> IssueContent:
    """Put an empty text, a button or a line at the end."""
    return replace(content, blocks=(*content.blocks, _NEW[what](_new_id(base, what.value))))


def remove(content: IssueContent, block: str) -> IssueContent:
    """Take a block out.

    Raises:
        BlockNotFound: there is none of that id; so do all below.
    """
    _place_of(content, block)
    left = replace(content, blocks=tuple(each for each in content.blocks if each.id != block))
    return translating.without_block(left, block)


def move(content: IssueContent, block: str, *, places: int) -> IssueContent:
    """Move a block by so many places, at most to either end."""
    return move_to(content, block, place=_place_of(content, block) + places)


def move_to(content: IssueContent, block: str, *, place: int) -> IssueContent:
    """Move a block so that it has the place, counted from 0."""
    blocks = [*content.blocks]
    moved = blocks.pop(_place_of(content, block))
    blocks.insert(max(place, 0), moved)
    return replace(content, blocks=tuple(blocks))


def lay_out(content: IssueContent, block: str, layout: str) -> IssueContent:
    """Show a story as `LAYOUTS` has it; what is no story stays as it is."""
    kind = LAYOUTS[layout]
    return _with(content, block, lambda each: _as(kind, each) if isinstance(each, LeadStory | Story) else each)


def restore(content: IssueContent, block: str, item: NewsItem, *, language: str) -> IssueContent:
    """Give a story the words that its item has now; those of the second language stay, but for the date."""

    def restored(each: Block) -> Block:
        if not isinstance(each, LeadStory | Story):
            return each
        placed = composing.placed(type(each), item, block=each.id, language=language)
        return replace(placed, topics=each.topics)

    return _dated(_with(content, block, restored), block, item)


def drop_picture(content: IssueContent, block: str) -> IssueContent:
    """Show a story without its picture."""
    without = _with(
        content, block, lambda each: replace(each, picture=None) if isinstance(each, LeadStory | Story) else each
    )
    return translating.with_words(without, {f"{block}.{name}": "" for name in translating.OF_PICTURE})


def _dated(content: IssueContent, block: str, item: NewsItem) -> IssueContent:
    """The content with the date of a block's item in the second language, where there is one."""
    if content.translation is None:
        return content
    return translating.with_words(content, {f"{block}.date": composing.date_line(item, content.translation.language)})


def _as(kind: type[LeadStory | Story], block: LeadStory | Story) -> LeadStory | Story:
    return kind(
        id=block.id,
        title=block.title,
        text=block.text,
        link=block.link,
        link_text=block.link_text,
        date=block.date,
        picture=block.picture,
        origin=block.origin,
        topics=block.topics,
    )


def _with(content: IssueContent, block: str, change: Callable[[Block], Block]) -> IssueContent:
    _place_of(content, block)
    return replace(content, blocks=tuple(change(each) if each.id == block else each for each in content.blocks))


def _place_of(content: IssueContent, block: str) -> int:
    for place, each in enumerate(content.blocks):
        if each.id == block:
            return place
    raise BlockNotFound(block)


def _new_id(base: int, what: str) -> str:
    return f"b{base + 1}-{what}"

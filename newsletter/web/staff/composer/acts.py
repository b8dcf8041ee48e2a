"""What a button of the composer does: its value is a word and what it is about, such as `up b3` or `to b3 4`.

An act is done to what the form says, and its result is saved like any other edit. What cannot be done, since somebody
removed the block meanwhile, is left undone: the page then shows why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.content import translating
from newsletter.content.blocks import IssueContent, LeadStory, Story
from newsletter.i18n import other_language
from newsletter.issues import arranging, composing
from newsletter.issues.arranging import Addition
from newsletter.issues.errors import BlockNotFound
from newsletter.news import pool
from newsletter.news.pool import ItemNotFound
from newsletter.web.staff.guards import LARGEST_ID


@dataclass(frozen=True, slots=True)
class Act:
    """A button's value: `word` says what, `about` is a block's id or a field's name, `rest` what else there is."""

    word: str
    about: str = ""
    rest: str = ""

    @classmethod
    def of(cls, value: str) -> "Act":
        """Read a button's value."""
        word, _, rest = value.strip().partition(" ")
        about, _, rest = rest.partition(" ")
        return cls(word, about, rest)


_ON_CONTENT: dict[str, Callable[[IssueContent, Act], IssueContent]] = {
    "up": lambda content, act: arranging.move(content, act.about, places=-1),
    "down": lambda content, act: arranging.move(content, act.about, places=1),
    "to": lambda content, act: arranging.move_to(content, act.about, place=number(act.rest) or 0),
    "remove": lambda content, act: arranging.remove(content, act.about),
    "no-picture": lambda content, act: arranging.drop_picture(content, act.about),
    "only-first": lambda content, _: translating.ended(content),
}


def done(session: Session, content: IssueContent, act: Act, *, base: int, language: str) -> IssueContent:
    """Do an act to a content; one that is none, or that is about nothing there is, changes nothing."""
    try:
        if act.word in _ON_CONTENT:
            return _ON_CONTENT[act.word](content, act)
        if act.word == "add" and act.about in {each.value for each in Addition}:
            return arranging.add(content, Addition(act.about), base=base)
        if act.word == "restore":
            return _restored(session, content, act.about, language)
        if act.word == "also-in":
            return composing.also_in(session, content, other_language(language), first=language)
    except (BlockNotFound, ItemNotFound):
        return content
    return content


def ticked(
    session: Session, content: IssueContent, form: Mapping[str, str], *, base: int, language: str
) -> IssueContent:
    """Place the items that are ticked in the pool and take out those that no longer are; of those it shows."""
    placed = {block.origin.item_id: block.id for block in stories(content) if block.origin}
    for shown in form.get("shown", "").split():
        item_id = number(shown)
        is_ticked = f"item.{shown}" in form
        if item_id is None or is_ticked == (item_id in placed):
            continue
        if is_ticked:
            content = _placed(session, content, item_id, base=base, language=language)
        else:
            content = arranging.remove(content, placed[item_id])
    return content


def stories(content: IssueContent) -> tuple[LeadStory | Story, ...]:
    """The blocks that came from items or could have."""
    return tuple(block for block in content.blocks if isinstance(block, LeadStory | Story))


def taken(form: Mapping[str, str], act: Act) -> dict[str, str]:
    """The form, with what it holds put where the act takes it, and without what the act settles."""
    held = f"mine.{act.about}"
    if act.word not in {"take", "leave"} or held not in form:
        return dict(form)
    said = {name: value for name, value in form.items() if name != held}
    return {**said, act.about: form[held]} if act.word == "take" else said


def number(text: str) -> int | None:
    """A number of a form that could be an id."""
    is_one = text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_ID))
    return int(text) if is_one and int(text) <= LARGEST_ID else None


def _placed(session: Session, content: IssueContent, item_id: int, *, base: int, language: str) -> IssueContent:
    try:
        return arranging.place(content, pool.item(session, item_id), base=base, language=language)
    except ItemNotFound:
        return content


def _restored(session: Session, content: IssueContent, block_id: str, language: str) -> IssueContent:
    block = next((each for each in stories(content) if each.id == block_id), None)
    if block is None or block.origin is None:
        return content
    item = pool.item(session, block.origin.item_id)
    return arranging.restore(content, block_id, item, language=language)

"""Two people change one issue: what both meant, and where only one of them can have it.

    merged = merge(base, mine=mine, theirs=theirs)
    merged.content, merged.conflicts

A three-way merge, field by field: what only one side changed is taken; where both changed the same
field, theirs stays, as it is saved already, and mine is named in a conflict, so that no word is lost. Of topics
each is merged by itself, and of a picture each of its fields.
Blocks are known by their id. A block that one side removed and the other changed stays, with a
conflict; it can be removed again, and a removed text could not be brought back. So does the second language,
whose words are merged one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

from newsletter.content import translating
from newsletter.content.blocks import Block, IssueContent, Picture, Translation

_Sides = tuple[IssueContent, IssueContent, IssueContent]  # before, mine and theirs

REMOVED = "removed"
KIND = "kind"
ORDER = "order"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What mine said where theirs stands now.

    `block` is empty for the issue's own fields. `field` is a field's name or one of `REMOVED` (somebody
    removed what the other changed; without a block: the second language), `KIND` (the whole block is another kind,
    such as a lead story) and `ORDER`. `mine` is the value, the whole block for `KIND`, and for `ORDER` the ids in my
    order.
    """

    block: str
    field: str
    mine: object
    theirs: object


@dataclass(frozen=True, slots=True)
class Merged:
    """The content of both, and what of mine is not in it."""

    content: IssueContent
    conflicts: tuple[Conflict, ...] = ()


def merge(base: IssueContent, *, mine: IssueContent, theirs: IssueContent) -> Merged:
    """Bring my changes since `base` into theirs. Each content names each block once."""
    conflicts: list[Conflict] = []
    subject = _value("", "subject", (base.subject, mine.subject, theirs.subject), conflicts)
    preheader = _value("", "preheader", (base.preheader, mine.preheader, theirs.preheader), conflicts)
    kept = _blocks((base, mine, theirs), conflicts)
    order = _order([*_by_id(base)], [*_by_id(mine)], [*_by_id(theirs)], conflicts)
    blocks = tuple(kept[block_id] for block_id in order if block_id in kept)
    translation = _translation((base, mine, theirs), kept, conflicts)
    return Merged(IssueContent(str(subject), str(preheader), blocks, translation), tuple(conflicts))


def _blocks(sides: _Sides, conflicts: list[Conflict]) -> dict[str, Block]:
    """The blocks that stay, by id; one that one side removed and the other only translated stays, too."""
    before, ours, others = (_by_id(each) for each in sides)
    kept = {}
    for block_id in {**others, **ours}:
        mine, theirs = ours.get(block_id), others.get(block_id)
        block = _block(before.get(block_id), mine, theirs, conflicts)
        if block is None and (stays := mine or theirs) and _is_written_in(block_id, sides):
            conflicts.append(Conflict(block_id, REMOVED, mine, theirs))
            block = stays
        if block is not None:
            kept[block_id] = block
    return kept


def _is_written_in(block: str, sides: _Sides) -> bool:
    """Tell whether somebody wrote in the second language of a block, of which the other one has no words any more."""
    base, *changed = sides
    return any(translating.block_of(name) == block for each in changed for name in _written(base, each))


def _written(base: IssueContent, changed: IssueContent) -> set[str]:
    """The names of the words that were written in the second language since."""
    before = translating.words_of(base)
    return {name for name, word in translating.words_of(changed).items() if before.get(name) != word}


def _translation(sides: _Sides, kept: dict[str, Block], conflicts: list[Conflict]) -> Translation | None:
    """The second language, where there is one in the end, with its words of the blocks that stay."""
    language = _language(sides, conflicts)
    if not language:
        return None
    words = {}
    for name in sorted({name for each in sides for name in translating.words_of(each)}):
        block, field = translating.block_of(name), translating.field_of(name, language)
        if not block or block in kept:
            before, mine, theirs = (_word(name, each, sides[0]) for each in sides)
            words[name] = str(_value(block, field, (before, mine, theirs), conflicts))
    return translating.made(language, words)


def _language(sides: _Sides, conflicts: list[Conflict]) -> str:
    """The second language, empty where there is none; one that one side took away and the other wrote in stays."""
    base, mine, theirs = (each.translation.language if each.translation else "" for each in sides)
    if mine == theirs:
        return theirs
    taken_away_from = sides[2] if not mine else sides[1] if not theirs else None
    if base and taken_away_from and _written(sides[0], taken_away_from):
        conflicts.append(Conflict("", REMOVED, sides[1].translation, sides[2].translation))
        return base
    return str(_value("", translating.LANGUAGE, (base, mine, theirs), conflicts))


def _word(name: str, side: IssueContent, base: IssueContent) -> str:
    """What a side says; who removed the block or the language said nothing about its words."""
    block = translating.block_of(name)
    has_place = side.translation and (not block or any(each.id == block for each in side.blocks))
    return translating.words_of(side if has_place else base).get(name, "")


def _by_id(content: IssueContent) -> dict[str, Block]:
    return {block.id: block for block in content.blocks}


def _value(block: str, field: str, sides: tuple[object, object, object], conflicts: list[Conflict]) -> object:
    base, mine, theirs = sides
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    match base, mine, theirs:
        case tuple(), tuple(), tuple():
            return _of_both(base, mine, theirs)
        case Picture(), Picture(), Picture() if base.name == mine.name == theirs.name:
            return replace(theirs, **_fields(block, (base, mine, theirs), conflicts))
    conflicts.append(Conflict(block, field, mine, theirs))
    return theirs


def _of_both(base: tuple[str, ...], mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    """Of a choice, such as a block's topics: what either side added, without what either took away."""
    taken_away = set(base) - (set(mine) & set(theirs))
    return tuple(sorted({*mine, *theirs} - taken_away))


def _block(base: Block | None, mine: Block | None, theirs: Block | None, conflicts: list[Conflict]) -> Block | None:
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    if mine is None or theirs is None:
        stays = mine or theirs
        conflicts.append(Conflict(stays.id if stays else "", REMOVED, mine, theirs))
        return stays
    if base is None or not type(base) is type(mine) is type(theirs):
        conflicts.append(Conflict(theirs.id, KIND, mine, theirs))
        return theirs
    return replace(theirs, **_fields(theirs.id, (base, mine, theirs), conflicts))


def _fields(
    block: str, sides: tuple[Block | Picture, Block | Picture, Block | Picture], conflicts: list[Conflict]
) -> dict[str, Any]:
    base, mine, theirs = sides
    return {
        name: _value(block, name, (getattr(base, name), getattr(mine, name), getattr(theirs, name)), conflicts)
        for name in (field.name for field in fields(theirs))
    }


def _order(base: list[str], mine: list[str], theirs: list[str], conflicts: list[Conflict]) -> list[str]:
    """Every id of both. Who moved nothing follows who did; new blocks follow the one they were put after."""
    i_moved, they_moved = (_moved(base, each) for each in (mine, theirs))
    if i_moved and they_moved and _common(mine, theirs) != _common(theirs, mine):
        conflicts.append(Conflict("", ORDER, tuple(mine), tuple(theirs)))
    leading, following = (mine, theirs) if i_moved and not they_moved else (theirs, mine)
    order = [*leading]
    for after, block_id in pairwise([None, *following]):
        if block_id is not None and block_id not in order:
            order.insert(order.index(after) + 1 if after in order else 0, block_id)
    return order


def _moved(base: Sequence[str], changed: Sequence[str]) -> bool:
    return _common(base, changed) != _common(changed, base)


def _common(order: Sequence[str], other: Sequence[str]) -> list[str]:
    return [block_id for block_id in order if block_id in other]

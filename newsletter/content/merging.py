"""Two people change one issue: what both meant, and where only one of them can have it.

    merged = merge(base, mine=mine, theirs=theirs)
    merged.content, merged.conflicts

A three-way merge, field by field: what only one side changed is taken; where both changed the same
field, theirs stays, as it is saved already, and mine is named in a conflict, so that no word is lost. Of topics
each is merged by itself, and of a picture each of its fields.
Blocks are known by their id. A block that one side removed and the other changed stays, with a
conflict; it can be removed again, and a removed text could not be brought back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

from newsletter.content.blocks import Block, IssueContent, Picture

REMOVED = "removed"
KIND = "kind"
ORDER = "order"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What mine said where theirs stands now.

    `block` is empty for the issue's own fields. `field` is a field's name or one of `REMOVED` (somebody
    removed what the other changed), `KIND` (the whole block is another kind, such as a lead story) and
    `ORDER`. `mine` is the value, the whole block for `KIND`, and for `ORDER` the ids in my order.
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
    before, ours, others = (_by_id(each) for each in (base, mine, theirs))
    kept = {
        block_id: block
        for block_id in {**others, **ours}
        if (block := _block(before.get(block_id), ours.get(block_id), others.get(block_id), conflicts))
    }
    order = _order([*before], [*ours], [*others], conflicts)
    blocks = tuple(kept[block_id] for block_id in order if block_id in kept)
    return Merged(IssueContent(str(subject), str(preheader), blocks), tuple(conflicts))


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

"""What changed from one content to the next, as places: what a history shows, and what an undo is about.

    differences(before, after)  # (Difference("b3", "title", "Fest", "Seefest"),)

A block that was added or removed is one difference, and so is a new order of those that stayed, and the second
language. Of a second language that both have, each word is a difference of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from newsletter.content import translating
from newsletter.content.blocks import Block, IssueContent

ADDED, REMOVED, KIND, ORDER = "added", "removed", "kind", "order"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that changed. `block` is empty for the issue's own fields and for the order.

    `field` is a field's name, in the second language that of `translating.field_of`; or `ADDED`, `REMOVED` and `KIND`,
    where the values are blocks, or `ORDER`, where they are the ids of the blocks that both have.
    """

    block: str
    field: str
    before: object
    after: object

    @property
    def place(self) -> str:
        """The place in one word, such as `b3.title`, `subject` or `.order`."""
        return f"{self.block}.{self.field}" if self.block or self.field == ORDER else self.field


def differences(before: IssueContent, after: IssueContent) -> tuple[Difference, ...]:
    """List what changed: the issue's own fields, the order, block by block as they stand now, the second language."""
    return tuple(_differences(before, after))


def _differences(before: IssueContent, after: IssueContent) -> Iterator[Difference]:
    for name in ("subject", "preheader"):
        if getattr(before, name) != getattr(after, name):
            yield Difference("", name, getattr(before, name), getattr(after, name))
    old = {block.id: block for block in before.blocks}
    new = {block.id: block for block in after.blocks}
    order_before, order_after = (tuple(each for each in ids if each in old and each in new) for ids in (old, new))
    if order_before != order_after:
        yield Difference("", ORDER, order_before, order_after)
    for block_id, block in new.items():
        yield from _of_block(old.get(block_id), block)
    for block_id in [each for each in old if each not in new]:
        yield Difference(block_id, REMOVED, old[block_id], None)
    yield from _of_language(before, after)


def _of_block(before: Block | None, after: Block) -> Iterator[Difference]:
    if before is None:
        yield Difference(after.id, ADDED, None, after)
    elif type(before) is not type(after):
        yield Difference(after.id, KIND, before, after)
    else:
        for name in (field.name for field in fields(after)):
            if getattr(before, name) != getattr(after, name):
                yield Difference(after.id, name, getattr(before, name), getattr(after, name))


def _of_language(before: IssueContent, after: IssueContent) -> Iterator[Difference]:
    was, now = (each.translation.language if each.translation else "" for each in (before, after))
    if was != now:
        yield Difference("", translating.LANGUAGE, was, now)
        return
    old, new = (translating.words_of(each) for each in (before, after))
    kept = {"", *(block.id for block in before.blocks)} & {"", *(block.id for block in after.blocks)}
    for name in dict.fromkeys((*translating.translatable(after), *old, *new)):
        block = translating.block_of(name)
        if block in kept and old.get(name, "") != new.get(name, ""):
            yield Difference(block, translating.field_of(name, now), old.get(name, ""), new.get(name, ""))

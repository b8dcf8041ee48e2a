"""Which of a person's own edits is undone or redone next: pure, over the log of an issue's revisions.

    steps = steps_of(log, author="ana@example.org")
    steps.undo, steps.redo  # each a Step, or None

Undo is personal: it takes back what this person did last, whatever others have done since. Edits of the same places
within half a minute are one step, so that one press takes back a sentence and not a letter.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

ONE_STEP = dt.timedelta(seconds=30)


class Act(StrEnum):
    """How a revision came about."""

    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision in the log: `places` are the words of `Difference.place` for what it changed."""

    number: int
    author: str
    at: dt.datetime
    act: Act
    places: frozenset[str]


@dataclass(frozen=True, slots=True)
class Step:
    """Revisions `first` to `last`, all by one person without another's between, that are one act to them."""

    first: int
    last: int
    at: dt.datetime
    places: frozenset[str]


@dataclass(frozen=True, slots=True)
class Steps:
    """What the next undo and the next redo are about."""

    undo: Step | None
    redo: Step | None


def steps_of(log: Iterable[Entry], *, author: str) -> Steps:
    """Replay a log, oldest first. The first revision of an issue is its beginning and cannot be undone."""
    done: list[Step] = []
    undone: list[Step] = []
    for entry in log:
        if entry.author != author or entry.number == 1:
            continue
        match entry.act:
            case Act.UNDO:
                undone.append(done.pop())
            case Act.REDO:
                done.append(undone.pop())
            case Act.EDIT:
                undone.clear()
                _extend(done, entry)
    return Steps(done[-1] if done else None, undone[-1] if undone else None)


def _extend(done: list[Step], entry: Entry) -> None:
    before = done[-1] if done else None
    is_same = (
        before is not None
        and before.last == entry.number - 1
        and before.places == entry.places
        and entry.at - before.at <= ONE_STEP
    )
    if before is not None and is_same:
        done[-1] = replace(before, last=entry.number, at=entry.at)
    else:
        done.append(Step(entry.number, entry.number, entry.at, entry.places))

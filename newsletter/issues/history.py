"""What was changed in an issue, when and by whom: revisions, each with its differences.

    history.history(session, issue, limit=50)[0].differences  # the newest step's

Edits that are one step to whoever made them (`undoing.steps_of`) are one here, too.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from newsletter.content.differences import Difference, differences
from newsletter.issues import revisions
from newsletter.issues.models import Issue
from newsletter.issues.undoing import ONE_STEP, Act, Entry


@dataclass(frozen=True, slots=True)
class Change:
    """Revisions `first` to `last`, which somebody made in one go, and what that changed."""

    first: int
    last: int
    author: str
    at: dt.datetime
    act: Act
    differences: tuple[Difference, ...] = ()


def history(session: Session, issue: Issue, *, limit: int) -> list[Change]:
    """The newest changes, the newest first; the last of all is how the issue began."""
    newest = _changes(revisions.log(session, issue))[-limit:]
    return [_told(session, issue, change) for change in reversed(newest)]


def _told(session: Session, issue: Issue, change: Change) -> Change:
    if change.first == 1:
        return change
    before = revisions.content_at(session, issue, change.first - 1)
    after = revisions.content_at(session, issue, change.last)
    return replace(change, differences=differences(before, after))


def _changes(log: Iterable[Entry]) -> list[Change]:
    changes: list[Change] = []
    places: frozenset[str] = frozenset()
    for entry in log:
        newest = changes[-1] if changes else None
        if newest and places == entry.places and _is_same(newest, entry):
            changes[-1] = replace(newest, last=entry.number, at=entry.at)
        else:
            changes.append(Change(entry.number, entry.number, entry.author, entry.at, entry.act))
        places = entry.places
    return changes


def _is_same(newest: Change, entry: Entry) -> bool:
    both_edits = newest.act is Act.EDIT and entry.act is Act.EDIT and newest.first > 1
    return both_edits and newest.author == entry.author and entry.at - newest.at <= ONE_STEP

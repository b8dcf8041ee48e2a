"""Editing together: what somebody wrote is brought into what is saved by now, and everybody undoes only their own.

    edited = editing.edit(session, issue, content, base=7, by=ana, now=now)
    edited.content, edited.conflicts  # with what others saved since revision 7
    editing.undo(session, issue, by=ana, now=now)

The issue is locked (`revisions.issue`), so of two who save at once the second is merged into the first. Sending the
same content again from the same base changes nothing: whoever got no answer simply asks again.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.content.blocks import IssueContent
from newsletter.content.merging import KIND, Conflict, Merged, merge
from newsletter.issues import revisions
from newsletter.issues.models import Issue
from newsletter.issues.undoing import Act, Step, Steps, steps_of
from subscribers.actor import Actor


@dataclass(frozen=True, slots=True)
class Edited:
    """What the issue says now, as which revision, and what of mine is not in it."""

    revision: int
    content: IssueContent
    conflicts: tuple[Conflict, ...] = ()


def edit(session: Session, issue: Issue, content: IssueContent, *, base: int, by: Actor, now: dt.datetime) -> Edited:
    """Save what was made of revision `base`; merged, where somebody saved since.

    Raises:
        NotPermitted: the actor may not write.
        RevisionNotFound: there is no such base.
        WrongState: the issue is scheduled or sent.
    """
    before = revisions.content_at(session, issue, base)
    merged = merge(before, mine=content, theirs=revisions.content_of(session, issue))
    revisions.save(session, issue, merged.content, by=by, now=now)
    return Edited(issue.revision, merged.content, _lost(merged, before))


def undo(session: Session, issue: Issue, *, by: Actor, now: dt.datetime) -> Edited | None:
    """Take back what the actor did last, and nothing of what others did since; None where there is nothing."""
    step = steps(session, issue, author=by.name).undo
    if step is None:
        return None
    before, after = _around(session, issue, step)
    return _replace(session, issue, step, was=after, becomes=before, act=Act.UNDO, by=by, now=now)


def redo(session: Session, issue: Issue, *, by: Actor, now: dt.datetime) -> Edited | None:
    """Do again what the actor took back last; None where there is nothing."""
    step = steps(session, issue, author=by.name).redo
    if step is None:
        return None
    before, after = _around(session, issue, step)
    return _replace(session, issue, step, was=before, becomes=after, act=Act.REDO, by=by, now=now)


def steps(session: Session, issue: Issue, *, author: str) -> Steps:
    """What somebody's next undo and redo are about."""
    return steps_of(revisions.log(session, issue), author=author)


def _replace(
    session: Session,
    issue: Issue,
    step: Step,
    *,
    was: IssueContent,
    becomes: IssueContent,
    act: Act,
    by: Actor,
    now: dt.datetime,
) -> Edited:
    merged = merge(was, mine=becomes, theirs=revisions.content_of(session, issue))
    revisions.save(session, issue, merged.content, by=by, now=now, act=act, places=step.places)
    return Edited(issue.revision, merged.content, _lost(merged, was))


def _around(session: Session, issue: Issue, step: Step) -> tuple[IssueContent, IssueContent]:
    return revisions.content_at(session, issue, step.first - 1), revisions.content_at(session, issue, step.last)


def _lost(merged: Merged, base: IssueContent) -> tuple[Conflict, ...]:
    """The conflicts in which words are lost. A block that both added is the same item placed twice: nothing is."""
    known = {block.id for block in base.blocks}
    return tuple(each for each in merged.conflicts if each.field != KIND or each.block in known)

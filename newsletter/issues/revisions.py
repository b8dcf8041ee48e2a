"""Revisions: every save of an issue's content is kept, and the newest one is the issue.

revisions.save(session, issue, content, by=by, now=now)
content = revisions.content_of(session, issue)
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.content.blocks import IssueContent, LeadStory, Story
from newsletter.content.differences import differences
from newsletter.content.stored import from_stored, to_stored
from newsletter.errors import WrongState
from newsletter.issues import approvals
from newsletter.issues.errors import IssueNotFound, RevisionNotFound
from newsletter.issues.models import Issue, IssueItem, IssueRevision, IssueState
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.issues.undoing import Act, Entry
from subscribers import audit
from subscribers.actor import Actor
from subscribers.orm import current

_WRITABLE = frozenset({IssueState.DRAFT, IssueState.IN_REVIEW, IssueState.APPROVED})


def save(
    session: Session,
    issue: Issue,
    content: IssueContent,
    *,
    by: Actor,
    now: dt.datetime,
    act: Act = Act.EDIT,
    places: Iterable[str] = (),
) -> bool:
    """Keep content as the issue's newest revision; an approval or review of other words is void.

    `places` are what an undo or a redo is about; of an edit they are what it changed.

    Returns:
        False when an edit changes nothing: nothing is written then. An undo is always kept, as it counts as done.

    Raises:
        WrongState: the issue is scheduled or sent; call it back first.
    """
    by.require(WRITE_ISSUES)
    if issue.state not in _WRITABLE:
        raise WrongState(f"Issue {issue.id}", issue.state, "changed")
    before = content_of(session, issue) if issue.revision else None
    if content == before and act is Act.EDIT:
        return False
    if content != before:
        approvals.void(session, issue, by=by, now=now)
    if act is Act.EDIT and before is not None:
        places = [difference.place for difference in differences(before, content)]
    issue.revision += 1
    session.add(
        IssueRevision(
            issue_id=issue.id,
            number=issue.revision,
            content=to_stored(content),
            at=now,
            author=by.name,
            act=act.value,
            places=" ".join(sorted(places)),
        )
    )
    _note_items(session, issue, content)
    audit.record(session, "issue.save", f"issue:{issue.id}", by=by, now=now, revision=issue.revision)
    return True


def content_of(session: Session, issue: Issue) -> IssueContent:
    """The words of the issue's newest revision."""
    return content_at(session, issue, issue.revision)


def content_at(session: Session, issue: Issue, number: int) -> IssueContent:
    """The words of one revision.

    Raises:
        RevisionNotFound: the issue has none of that number.
    """
    found = session.get(IssueRevision, (issue.id, number))
    if found is None:
        raise RevisionNotFound(issue.id, number)
    return from_stored(found.content)


def log(session: Session, issue: Issue) -> list[Entry]:
    """Who saved what when, without the words; the oldest first."""
    table = IssueRevision
    rows = session.execute(
        select(table.number, table.author, table.at, table.act, table.places)
        .where(table.issue_id == issue.id)
        .order_by(table.number)
    )
    return [Entry(number, author, at, Act(act), frozenset(places.split())) for number, author, at, act, places in rows]


def issue(session: Session, issue_id: int) -> Issue:
    """Find an issue; locked, where the session may write.

    Raises:
        IssueNotFound: there is none of this id.
    """
    found = current(session, Issue, issue_id)
    if found is None:
        raise IssueNotFound(issue_id)
    return found


def uses(session: Session) -> dict[int, list[int]]:
    """Each used item's id with the ids of the issues that use it, in order."""
    used = defaultdict(list)
    for item_id, issue_id in session.execute(
        select(IssueItem.item_id, IssueItem.issue_id).order_by(IssueItem.item_id, IssueItem.issue_id)
    ):
        used[item_id].append(issue_id)
    return dict(used)


def _note_items(session: Session, issue: Issue, content: IssueContent) -> None:
    used = {block.origin.item_id for block in content.blocks if isinstance(block, LeadStory | Story) and block.origin}
    session.execute(delete(IssueItem).where(IssueItem.issue_id == issue.id))
    session.add_all(IssueItem(issue_id=issue.id, item_id=item_id) for item_id in sorted(used))

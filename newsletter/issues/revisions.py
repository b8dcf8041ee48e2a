"""Revisions: every save of an issue's content is kept, and the newest one is the issue.

revisions.save(session, issue, content, by=by, now=now)
content = revisions.content_of(session, issue)
"""

import datetime as dt
from collections import defaultdict

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.content.blocks import IssueContent, LeadStory, Story
from newsletter.content.stored import from_stored, to_stored
from newsletter.errors import WrongState
from newsletter.issues import approvals
from newsletter.issues.errors import IssueNotFound
from newsletter.issues.models import Issue, IssueItem, IssueRevision, IssueState
from newsletter.issues.permissions import WRITE_ISSUES
from subscribers import audit
from subscribers.actor import Actor
from subscribers.orm import current

_WRITABLE = frozenset({IssueState.DRAFT, IssueState.IN_REVIEW, IssueState.APPROVED})


def save(session: Session, issue: Issue, content: IssueContent, *, by: Actor, now: dt.datetime) -> bool:
    """Keep content as the issue's newest revision; an approval or review of the one before is void.

    Returns:
        False when the content is what it was: nothing is written then.

    Raises:
        WrongState: the issue is scheduled or sent; call it back first.
    """
    by.require(WRITE_ISSUES)
    if issue.state not in _WRITABLE:
        raise WrongState(f"Issue {issue.id}", issue.state, "changed")
    if issue.revision and content == content_of(session, issue):
        return False
    approvals.void(session, issue, by=by, now=now)
    issue.revision += 1
    session.add(
        IssueRevision(issue_id=issue.id, number=issue.revision, content=to_stored(content), at=now, author=by.name)
    )
    _note_items(session, issue, content)
    audit.record(session, "issue.save", f"issue:{issue.id}", by=by, now=now, revision=issue.revision)
    return True


def content_of(session: Session, issue: Issue) -> IssueContent:
    """The words of the issue's newest revision."""
    return from_stored(session.get_one(IssueRevision, (issue.id, issue.revision)).content)


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

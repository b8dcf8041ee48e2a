"""Handing an approved issue to the mailers, and calling it back.

    mailing = dispatching.send(session, issue, at=None, by=by, now=now)

The issue's move and the new mailing are one transaction, so there is never one without the other.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.models import Mailing
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.errors import NewsletterError, WrongState
from newsletter.issues import approvals
from newsletter.issues.errors import NotApproved, SentAlready
from newsletter.issues.models import Issue, IssueState, Publication
from subscribers import audit
from subscribers.actor import Actor


class DueInThePast(NewsletterError):
    """A mailing is to go out at a moment that has gone by."""

    def __init__(self, at: dt.datetime) -> None:
        super().__init__(f"{at.isoformat(timespec='minutes')} is in the past. Leave --at out to send at once.")
        self.at = at


def send(session: Session, issue: Issue, *, at: dt.datetime | None, by: Actor, now: dt.datetime) -> Mailing:
    """Schedule what was approved, exactly as it is stored; the audience freezes when it is due.

    Whether the approval still holds is asked before, by `approving.still_holds`.

    Raises:
        NotPermitted: the actor may not send.
        NotApproved: nobody approved the issue as it stands.
        SentAlready: it is scheduled, sending, sent or cancelled.
        DueInThePast: `at` lies before now.
    """
    by.require(SEND_ISSUES)
    if issue.state in (IssueState.DRAFT, IssueState.IN_REVIEW):
        raise NotApproved(issue.id, issue.state)
    if issue.state != IssueState.APPROVED:
        raise SentAlready(issue.id, issue.state)
    if at is not None and at < now:
        raise DueInThePast(at)
    approval = approvals.standing(session, issue)
    publication = session.get_one(Publication, issue.publication_id)
    issue.move(IssueState.SCHEDULED)
    issue.due_at = at or now
    mailing = mailings.send_issue(
        session,
        issue_id=issue.id,
        compiled_digest=approval.compiled,
        list_id=publication.list_id,
        name=publication.name,
        due_at=issue.due_at,
        by=by,
        now=now,
    )
    audit.record(session, "issue.send", f"issue:{issue.id}", by=by, now=now, mailing=mailing.id)
    return mailing


def call_back(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> None:
    """Take back what waits for its time: the mailing is cancelled, and the issue is approved again.

    `mailing` is locked by whoever found it, so none is cancelled in the middle that began at the same moment.

    Raises:
        NotPermitted: the actor may not send.
        WrongState: it has begun, or is none of an issue to everybody.
    """
    is_to_all = mailing.issue_id is not None and mailing.parent_id is None
    issue = session.get(Issue, mailing.issue_id, populate_existing=True) if is_to_all else None
    if issue is None or issue.state != IssueState.SCHEDULED:
        raise WrongState(f"Mailing {mailing.id}", mailing.state, IssueState.APPROVED.value)
    mailings.cancel(session, mailing, by=by, now=now)

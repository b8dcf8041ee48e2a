"""Approvals that were given: the one that holds, and taking it back.

approvals.standing(session, issue).compiled
approvals.void(session, issue, by=by, now=now)
"""

import datetime as dt

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from newsletter.issues.errors import NotApproved
from newsletter.issues.models import Approval, Issue, IssueState, Publication
from subscribers import audit
from subscribers.actor import Actor

_VOIDABLE = (IssueState.IN_REVIEW.value, IssueState.APPROVED.value)


def standing(session: Session, issue: Issue) -> Approval:
    """The approval that holds.

    Raises:
        NotApproved: there is none.
    """
    approval = session.scalar(select(Approval).where(Approval.issue_id == issue.id, Approval.voided_at.is_(None)))
    if approval is None:
        raise NotApproved(issue.id, issue.state)
    return approval


def void(session: Session, issue: Issue, *, by: Actor, now: dt.datetime) -> bool:
    """Take an issue in review or approved back to draft; tell whether there was anything to void."""
    if issue.state not in _VOIDABLE:
        return False
    issue.move(IssueState.DRAFT)
    issue.submitted_by = ""
    session.execute(
        update(Approval).where(Approval.issue_id == issue.id, Approval.voided_at.is_(None)).values(voided_at=now)
    )
    audit.record(session, "issue.void approval", f"issue:{issue.id}", by=by, now=now)
    return True


def voidable(session: Session, publication: Publication) -> tuple[int, ...]:
    """The ids of the issues that a change of their publication takes back to draft, in the order they were begun."""
    return tuple(session.scalars(_standing(publication).with_only_columns(Issue.id)))


def void_all(session: Session, publication: Publication, *, by: Actor, now: dt.datetime) -> tuple[int, ...]:
    """Void what stands for a publication's issues; give their ids."""
    touched = session.scalars(
        _standing(publication)
        .with_for_update(key_share=True)  # who is just approving is waited for, and then voided
        .execution_options(populate_existing=True)
    )
    return tuple(issue.id for issue in touched.all() if void(session, issue, by=by, now=now))


def _standing(publication: Publication) -> Select[Issue]:
    of_it = select(Issue).where(Issue.publication_id == publication.id, Issue.state.in_(_VOIDABLE))
    return of_it.order_by(Issue.id)

"""Approval: somebody's word that exactly this may go out.

    approving.submit(session, issue, by=ana, now=now)
    ready = approving.made_ready(reading, issue, site=site)  # what takes long, while others write
    approving.approve(session, issue, site=site, by=ben, now=now, ready=ready)

What is approved is compiled and stored, and what is stored goes out. The approval remembers a
fingerprint of everything that went in; any change voids it.
"""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.content import variants
from newsletter.errors import WrongState
from newsletter.issues import approvals, compilations, editions
from newsletter.issues.editions import Edition
from newsletter.issues.errors import FourEyes, GateClosed, NotSubmitted
from newsletter.issues.models import Approval, Issue, IssueState, Publication
from newsletter.issues.permissions import APPROVE_ISSUES, WRITE_ISSUES
from newsletter.issues.site import Site
from subscribers import audit
from subscribers.actor import Actor


def submit(session: Session, issue: Issue, *, by: Actor, now: dt.datetime) -> None:
    """Hand a draft to whoever approves.

    Raises:
        WrongState: the issue is no draft.
    """
    by.require(WRITE_ISSUES)
    issue.move(IssueState.IN_REVIEW)
    issue.submitted_by = by.name
    audit.record(session, "issue.submit", f"issue:{issue.id}", by=by, now=now, revision=issue.revision)


def call_back(session: Session, issue: Issue, *, by: Actor, now: dt.datetime) -> None:
    """Make a draft again of what is in review or approved.

    Raises:
        NotPermitted: the actor may not write.
        WrongState: it is neither.
    """
    by.require(WRITE_ISSUES)
    if not approvals.void(session, issue, by=by, now=now):
        raise WrongState(f"Issue {issue.id}", issue.state, IssueState.DRAFT.value)


def made_ready(session: Session, issue: Issue, *, site: Site) -> Edition:
    """Compile the issue and check it, in a session that only reads: up to 64 mails take seconds, and one may write.

    Raises:
        DesignNotFound, TemplateInvalid: the design is gone, or has a mistake.
    """
    edition = editions.edition_of(session, issue, site)
    if not edition.errors:
        edition.variants  # noqa: B018  # computed once
    return edition


def approve(
    session: Session, issue: Issue, *, site: Site, by: Actor, now: dt.datetime, ready: Edition | None = None
) -> Approval:
    """Compile the issue, store it, and give the word for it. What is `ready` counts if nothing has changed since.

    Raises:
        NotPermitted: the actor may not approve.
        WrongState: the issue cannot be approved from where it is; with four eyes it must be in review.
        FourEyes: the publication asks for a second person, and the actor submitted the issue.
        GateClosed: the checks found errors.
        TemplateInvalid: the design has a mistake.
    """
    by.require(APPROVE_ISSUES)
    if issue.state == IssueState.SCHEDULED:  # calling it back is the move that its mailing's cancelling makes
        raise WrongState(f"Issue {issue.id}", issue.state, IssueState.APPROVED.value)
    _check_four_eyes(session, issue, by)
    edition = editions.edition_of(session, issue, site)
    if ready is not None and ready == edition:
        edition = ready
    if edition.errors:
        raise GateClosed(issue.id, edition.findings, len(edition.errors))
    issue.move(IssueState.APPROVED)
    approval = Approval(
        issue_id=issue.id,
        number=1 + (session.scalar(select(func.max(Approval.number)).where(Approval.issue_id == issue.id)) or 0),
        revision=issue.revision,
        fingerprint=edition.fingerprint,
        compiled=compilations.store_with_variants(
            session, edition.compiled, edition.variants, sections=variants.sections(edition.content), now=now
        ),
        approved_by=by.name,
        approved_at=now,
    )
    session.add(approval)
    audit.record(session, "issue.approve", f"issue:{issue.id}", by=by, now=now, compiled=approval.compiled)
    return approval


def still_holds(session: Session, issue: Issue, *, site: Site, by: Actor, now: dt.datetime) -> bool:
    """Tell whether an approved issue is still what was approved; if not, it goes back to draft.

    Design files, brand and sender can change outside of the issue; this compares them all.
    """
    if issue.state != IssueState.APPROVED:
        return False
    holds = approvals.standing(session, issue).fingerprint == editions.edition_of(session, issue, site).fingerprint
    if not holds:
        approvals.void(session, issue, by=by, now=now)
    return holds


def _check_four_eyes(session: Session, issue: Issue, by: Actor) -> None:
    if not session.get_one(Publication, issue.publication_id).four_eyes:
        return
    if issue.state == IssueState.DRAFT:
        raise NotSubmitted(issue.id)
    if issue.submitted_by == by.name:
        raise FourEyes(issue.id, by.name)

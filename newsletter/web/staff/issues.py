"""All issues of a publication with their mailings; a copy of one, and corrections of those that went out."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import precedents
from newsletter.delivery.archive import correcting
from newsletter.delivery.archive.correcting import CorrectionInvalid, NotOutYet
from newsletter.delivery.archive.models import ArchivedIssue
from newsletter.issues import composing, overview, publications, revisions
from newsletter.issues.permissions import CORRECT_ISSUES, WRITE_ISSUES
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.composer import acts
from newsletter.web.staff.guards import Allowed, Staff, of_issue, of_publication
from newsletter.web.staff.start import names_of
from subscribers.models import MailingList

ROWS = 50

router = APIRouter()

Writer = Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=of_publication("slug")))]
IssueWriter = Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=of_issue("issue_id")))]
Corrector = Annotated[Staff, Depends(Allowed(CORRECT_ISSUES, publication=of_issue("issue_id")))]


@router.api_route("/staff/publications/{slug}/issues", methods=["GET", "HEAD"])
def show(slug: str, staff: Writer) -> Response:
    """List the issues, the newest first."""
    before = acts.number(staff.visit.request.query_params.get("before", ""))
    with staff.visit.app.reading() as session:
        publication = publications.named(session, slug)
        found = overview.all_of(session, publication, before=before, limit=ROWS + 1)
        ids = [each.id for each in found]
        made = precedents.of_issues(session, ids)
        archived = set(session.scalars(select(ArchivedIssue.issue_id).where(ArchivedIssue.issue_id.in_(ids))))
        names = names_of(session)
    return page(
        staff,
        "issues.html",
        publication=publication,
        found=found[:ROWS],
        has_more=len(found) > ROWS,
        before=before,
        mailings=made,
        archived=archived,
        names=names,
        may_correct=staff.by.may(CORRECT_ISSUES),
    )


@router.post("/staff/issues/{issue_id}/copy")
def copy(issue_id: int, staff: IssueWriter) -> Response:
    """Make a draft with the same words, and open it."""
    app = staff.visit.app
    with app.writing() as session:
        made = composing.copy(session, revisions.issue(session, issue_id), by=staff.by, now=app.now()).id
    return ways.redirect(staff.visit, f"/staff/issues/{made}/edit", done="copied")


@router.api_route("/staff/issues/{issue_id}/correct", methods=["GET", "HEAD"])
def ask(issue_id: int, staff: Corrector) -> Response:
    """Show what was put right, and the form for more."""
    return _corrections(staff, issue_id)


@router.post("/staff/issues/{issue_id}/correct")
def correct(issue_id: int, staff: Corrector, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Put a dated correction above the issue in the archive."""
    app = staff.visit.app
    text = form.text("text", most=2 * correcting.MOST_CHARACTERS)
    try:
        with app.writing() as session:
            correcting.correct(session, issue_id, text=text, by=staff.by, now=app.now())
    except CorrectionInvalid:
        return _corrections(staff, issue_id, text=text, status=400)
    except NotOutYet:
        raise HTTPException(404) from None
    return ways.redirect(staff.visit, f"/staff/issues/{issue_id}/correct", done="corrected")


def _corrections(staff: Staff, issue_id: int, *, text: str | None = None, status: int = 200) -> Response:
    with staff.visit.app.reading() as session:
        archived = session.get(ArchivedIssue, issue_id)
        if archived is None:
            raise HTTPException(404)
        url = _archived_at(session, archived)
        made = correcting.corrections_of(session, issue_id)
        names = names_of(session)
    return page(
        staff,
        "correct.html",
        status=status,
        archived=archived,
        url=url,
        made=made,
        names=names,
        text=text,
        most=correcting.MOST_CHARACTERS,
    )


def _archived_at(session: Session, archived: ArchivedIssue) -> str:
    return f"/archive/{session.get_one(MailingList, archived.list_id).slug}/{archived.slug}"

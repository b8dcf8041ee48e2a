"""The routes of an issue's sending. Each works without scripts; whoever schedules is asked once more on a page."""

import datetime as dt
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, Response

from newsletter.delivery import dispatching, scheduling, trials
from newsletter.delivery.dispatching import DueInThePast
from newsletter.delivery.pairing import RestoreInDoubt
from newsletter.delivery.permissions import SEND_ISSUES, SEND_TESTS
from newsletter.delivery.scheduling import NoSuchTime, TimeTwice
from newsletter.issues import approving, editions, revisions
from newsletter.issues.errors import DesignNotFound, NotApproved, SentAlready
from newsletter.issues.models import IssueState
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.rendering.errors import TemplateInvalid
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import moments, ways
from newsletter.web.staff.answers import POLICY, page
from newsletter.web.staff.composer import acts, saving
from newsletter.web.staff.composer.acts import Act
from newsletter.web.staff.guards import Allowed, Staff, of_issue
from newsletter.web.staff.sending.outgoing import Outgoing, may_approve, outgoing
from newsletter.web.staff.sending.wishes import LATER, NOW, Wish, WishUnclear
from newsletter.web.staff.start import names_of
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.errors import AddressInvalid

PATH = "/staff/issues/{issue_id}/send"
_POLICY = f"{POLICY}; frame-src 'self'"  # the preview
_DONE = {"submit": "submitted", "approve": "approved", "call-back": "called-back"}

router = APIRouter()

_OF_ISSUE = of_issue("issue_id")
Writer = Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=_OF_ISSUE))]
Tester = Annotated[Staff, Depends(Allowed(SEND_TESTS, publication=_OF_ISSUE))]
Sender = Annotated[Staff, Depends(Allowed(SEND_ISSUES, publication=_OF_ISSUE))]
Sent = Annotated[Form, Depends(submitted)]


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(issue_id: int, staff: Writer) -> Response:
    """Show what would go out, to whom and when."""
    return _page(staff, issue_id)


@router.post(f"{PATH}/test")
def test(issue_id: int, staff: Tester, form: Sent) -> Response:
    """Send the issue as it stands to one's own address, or to another one."""
    app = staff.visit.app
    wanted = form.text("address", most=ADDRESS_LIMIT) if form.text("to") == "other" else staff.user.address
    try:
        address = EmailAddress.parse(wanted)
        with app.writing() as session:
            edition = editions.edition_of(session, revisions.issue(session, issue_id), app.site)
            trials.send(session, edition, issue_id=issue_id, address=address, by=staff.by, now=app.now())
    except AddressInvalid:
        return _page(staff, issue_id, problem="address", told=wanted, status=400)
    except (TemplateInvalid, DesignNotFound):
        return _page(staff, issue_id, problem="template", status=409)
    return ways.redirect(staff.visit, _path(issue_id), done="tested")


@router.post(f"{PATH}/state")
def move(issue_id: int, staff: Writer, form: Sent) -> Response:
    """Submit, approve or call back what somebody has before them."""
    app, act = staff.visit.app, Act.of(form.text("act"))
    if act.word not in saving.MOVES:
        raise HTTPException(400)
    ready = saving.made_ready(app, issue_id, act)
    with app.writing() as session:
        issue = revisions.issue(session, issue_id)
        if issue.revision == acts.number(form.text("revision")):
            problem = saving.move(session, issue, act=act, site=app.site, by=staff.by, now=app.now(), ready=ready)
        else:
            problem = "changed"
    if problem:
        return _page(staff, issue_id, problem=problem, status=409)
    return ways.redirect(staff.visit, _path(issue_id), done=_DONE[act.word])


@router.api_route(f"{PATH}/confirm", methods=["GET", "HEAD"])
def ask(issue_id: int, staff: Sender) -> Response:
    """Ask once more, with the number of people and the time written out."""
    return _question(staff, issue_id, Wish.of(staff.visit.request.query_params))


@router.post(f"{PATH}/schedule")
def schedule(issue_id: int, staff: Sender, form: Sent) -> Response:
    """Send it at that time."""
    app, wish = staff.visit.app, Wish.of(form.fields)
    with app.reading() as session:
        seen = outgoing(session, issue_id, staff)
    if seen.is_unusual and not _is_agreed(seen, form):
        return _question(staff, issue_id, wish, problem="typed")
    try:
        due = wish.moment(now=app.now(), zone=app.settings.zone)
        made = _scheduled(staff, issue_id, due)
    except (WishUnclear, NoSuchTime, TimeTwice, DueInThePast) as error:
        return _unclear(staff, issue_id, wish, error)
    except (NotApproved, SentAlready):
        return _page(staff, issue_id, problem="state", status=409)
    except RestoreInDoubt:
        return _page(staff, issue_id, problem="restored", status=409)
    if made is None:
        return _page(staff, issue_id, problem="outdated", status=409)
    return ways.redirect(
        staff.visit, f"/staff/mailings/{made}", done="sending-soon" if wish.when == NOW else "scheduled"
    )


def _scheduled(staff: Staff, issue_id: int, due: dt.datetime) -> int | None:
    """Hand it over, and give the mailing's number; None where the approval no longer holds, which is then void."""
    app = staff.visit.app
    with app.writing() as session:
        issue = revisions.issue(session, issue_id)
        was_approved = issue.state == IssueState.APPROVED
        holds = approving.still_holds(session, issue, site=app.site, by=staff.by, now=app.now())
    if was_approved and not holds:
        return None
    with app.writing() as session:
        issue = revisions.issue(session, issue_id)
        return dispatching.send(session, issue, at=due, by=staff.by, now=app.now()).id


def _question(staff: Staff, issue_id: int, wish: Wish, *, problem: str = "") -> Response:
    app = staff.visit.app
    try:
        due = wish.moment(now=app.now(), zone=app.settings.zone)
    except (WishUnclear, NoSuchTime, TimeTwice, DueInThePast) as error:
        return _unclear(staff, issue_id, wish, error)
    with app.reading() as session:
        seen = outgoing(session, issue_id, staff)
    if seen.state != IssueState.APPROVED:
        return _page(staff, issue_id, problem="state", status=409)
    return page(
        staff, "send_confirm.html", seen=seen, wish=wish, due=due, problem=problem, status=400 if problem else 200
    )


def _unclear(staff: Staff, issue_id: int, wish: Wish, error: Exception) -> Response:
    """Show the page with what is wrong about the time, at its field."""
    language = staff.user.language
    match error:
        case NoSuchTime():
            before, after = (moments.wall(each, language=language) for each in (error.before, error.after))
            return _page(staff, issue_id, problem="gap", wish=wish, status=400, before=before, after=after)
        case TimeTwice():
            both = (error.first, error.second)
            return _page(staff, issue_id, problem="twice", wish=replace(wish, fold=""), status=400, both=both)
        case DueInThePast():
            return _page(staff, issue_id, problem="past", wish=wish, status=400)
    return _page(staff, issue_id, problem="unclear", wish=wish, status=400)


def _page(
    staff: Staff, issue_id: int, *, problem: str = "", wish: Wish | None = None, status: int = 200, **facts: object
) -> HTMLResponse:
    app = staff.visit.app
    with app.reading() as session:
        seen: Outgoing = outgoing(session, issue_id, staff)
        names = names_of(session)
    answer = page(
        staff,
        "send.html",
        status=status,
        seen=seen,
        names=names,
        problem=problem,
        wish=wish or Wish.at(seen.proposal, zone=app.settings.zone),
        may_approve=may_approve(staff, seen),
        may_send=staff.by.may(SEND_ISSUES),
        later=LATER,
        zone=app.settings.time_zone,
        **{"told": "", "before": "", "after": "", "both": (), **facts},
    )
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _path(issue_id: int) -> str:
    return PATH.format(issue_id=issue_id)


def _is_agreed(seen: Outgoing, form: Form) -> bool:
    """Tell whether the number was typed that the question showed, and is not far exceeded since; dots may part it."""
    typed = acts.number("".join(filter(str.isdecimal, form.text("typed"))))
    is_as_shown = typed is not None and typed == acts.number(form.text("shown"))
    return is_as_shown and not scheduling.is_unusual(seen.reached.active, last=(typed or 0,))

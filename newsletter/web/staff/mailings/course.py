"""The page of a mailing: how it stands and gets on; and pause, go on, stop and call back."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from newsletter.delivery import dispatching, failures, mailings, precedents
from newsletter.delivery.discretion import masked
from newsletter.delivery.models import Mailing
from newsletter.delivery.pairing import RestoreInDoubt
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.delivery.progress import progress
from newsletter.delivery.scheduling import GRACE
from newsletter.errors import WrongState
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.guards import Allowed, Staff, of_mailing
from newsletter.web.staff.mailings.seen import PATH, MailingSeen, seen_of
from newsletter.web.staff.start import names_of
from subscribers.actor import MANAGE_PEOPLE

SOON = 2 * GRACE  # what is due later is looked at once a minute, not every two seconds

router = APIRouter()

_OF_MAILING = of_mailing("mailing_id")
Looker = Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=_OF_MAILING, also=MANAGE_PEOPLE))]
Sender = Annotated[Staff, Depends(Allowed(SEND_ISSUES, publication=_OF_MAILING))]

_ACTS: dict[str, tuple[Callable[..., None], str]] = {
    "pause": (mailings.pause, "paused"),
    "resume": (mailings.resume, "resumed"),
    "stop": (mailings.cancel, "stopped"),
    "call-back": (dispatching.call_back, "taken-back"),
}


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(mailing_id: int, staff: Looker) -> Response:
    """Show how it gets on."""
    return _page(staff, mailing_id)


@router.post(f"{PATH}/state")
def act(mailing_id: int, staff: Sender, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Pause it, let it go on, stop it for good, or call it back before it began."""
    word = form.text("act")
    if word not in _ACTS:
        raise HTTPException(400)
    does, done = _ACTS[word]
    app = staff.visit.app
    try:
        with app.writing() as session:
            mailing = mailings.mailing(session, mailing_id)
            does(session, mailing, by=staff.by, now=app.now())
            issue_id = mailing.issue_id
    except WrongState:
        return _page(staff, mailing_id, problem="begun" if word == "call-back" else "state", status=409)
    except RestoreInDoubt:
        return _page(staff, mailing_id, problem="restored", status=409)
    to = f"/staff/issues/{issue_id}/send" if word == "call-back" else PATH.format(mailing_id=mailing_id)
    return ways.redirect(staff.visit, to, done=done)


@router.api_route(f"{PATH}/stop", methods=["GET", "HEAD"])
def ask_to_stop(mailing_id: int, staff: Sender) -> Response:
    """Ask once more: what is stopped does not go on."""
    app = staff.visit.app
    with app.reading() as session:
        seen = seen_of(session, mailing_id)
        numbers = progress(session, mailing_id, now=app.now()).statement
    if seen.is_over:
        return _page(staff, mailing_id, problem="state", status=409)
    return page(staff, "mailing_stop.html", seen=seen, numbers=numbers)


def _page(staff: Staff, mailing_id: int, *, problem: str = "", status: int = 200) -> HTMLResponse:
    app, language = staff.visit.app, staff.user.language
    may_see_names = staff.by.may(SEND_ISSUES) or staff.by.may(MANAGE_PEOPLE)
    with app.reading() as session:
        seen = seen_of(session, mailing_id)
        course = progress(session, mailing_id, now=app.now())
        names = names_of(session)
        related = _related(session, seen)
    return page(
        staff,
        "mailing.html",
        status=status,
        seen=seen,
        course=course,
        related=related,
        paused_by=names.get(seen.paused_by, ""),
        stopped=seen.stopped(language=language),
        reason=lambda failure: failures.reason(failure, language=language),
        may_send=staff.by.may(SEND_ISSUES),
        may_write=staff.by.may(WRITE_ISSUES),
        may_see_names=may_see_names,
        minutes=_minutes(course.expected_end, now=app.now()),
        is_soon=seen.mailing.due_at <= app.now() + SOON,
        reply_of=lambda failure: failure.reply if may_see_names else masked(failure.reply),
        problem=problem,
    )


def _related(session: Session, seen: MailingSeen) -> tuple[Mailing, ...]:
    """The issue's other mailings: to everybody, to the missed."""
    others = precedents.of_issues(session, [seen.issue_id]).get(seen.issue_id, ())
    return tuple(each for each in others if each.id != seen.mailing.id)


def _minutes(end: dt.datetime | None, *, now: dt.datetime) -> int | None:
    return None if end is None else max(0, round((end - now) / dt.timedelta(minutes=1)))

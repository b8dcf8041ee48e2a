"""Where one is signed in, and how to end it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.accounts import sessions
from newsletter.accounts.ending import end_other, end_others
from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.web.staff import devices, ways
from newsletter.web.staff.account import PATH as ACCOUNT
from newsletter.web.staff.answers import page
from newsletter.web.staff.guards import Allowed, Staff

PATH = f"{ACCOUNT}/sessions"

router = APIRouter()

Self = Annotated[Staff, Depends(Allowed(OWN_ACCOUNT))]


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff: Self) -> Response:
    """List the sessions, the one used last first."""
    app = staff.visit.app
    with app.reading() as session:
        found = sessions.of(session, staff.user.id, now=app.now())
    return page(staff, "sessions.html", sessions=found, devices=devices)


@router.post(f"{PATH}/{{session_id}}/end")
def end(session_id: int, staff: Self) -> Response:
    """End one of them; the one that one sits at is ended by signing out."""
    app = staff.visit.app
    if session_id != staff.session.id:
        with app.writing() as session:
            end_other(session, session_id, user_id=staff.user.id, by=staff.by, now=app.now())
    return ways.redirect(staff.visit, PATH, done="session-ended")


@router.post(f"{PATH}/end-others")
def end_all(staff: Self) -> Response:
    """End all but the one that one sits at."""
    app = staff.visit.app
    with app.writing() as session:
        end_others(session, but=staff.session.id, user_id=staff.user.id, by=staff.by, now=app.now())
    return ways.redirect(staff.visit, PATH, done="sessions-ended")

"""What can be done for those who did not get an issue, or perhaps not: send to the missed, resend one in doubt."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response

from newsletter.delivery import mailings, missed, resending, statement
from newsletter.delivery.missed import AudienceOpen, Forgotten
from newsletter.delivery.models import DeliveryState
from newsletter.delivery.pairing import RestoreInDoubt
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.delivery.resending import NotUnknown
from newsletter.errors import WrongState
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.composer import acts
from newsletter.web.staff.guards import Allowed, Staff, of_mailing
from newsletter.web.staff.mailings.seen import PATH, seen_of

SHOWN = 20  # of the missed

router = APIRouter()

Sender = Annotated[Staff, Depends(Allowed(SEND_ISSUES, publication=of_mailing("mailing_id")))]


@router.api_route(f"{PATH}/missed", methods=["GET", "HEAD"])
def show_missed(mailing_id: int, staff: Sender) -> Response:
    """Show how many the issue missed and who they are, and ask."""
    return _missed(staff, mailing_id)


@router.post(f"{PATH}/missed")
def send_to_missed(mailing_id: int, staff: Sender) -> Response:
    """Send the issue to them."""
    app = staff.visit.app
    try:
        with app.reading() as session:  # counting may take a second, in which others can write
            number = missed.number(session, mailings.mailing(session, mailing_id), now=app.now())
        if not number:
            return _missed(staff, mailing_id, status=409)
        with app.writing() as session:
            child = missed.send(session, mailings.mailing(session, mailing_id), by=staff.by, now=app.now()).id
    except (AudienceOpen, Forgotten):
        return _missed(staff, mailing_id, status=409)
    except RestoreInDoubt:
        return _missed(staff, mailing_id, problem="restored", status=409)
    return ways.redirect(staff.visit, PATH.format(mailing_id=child), done="missed-sent")


@router.api_route(f"{PATH}/resend", methods=["GET", "HEAD"])
def ask_to_resend(mailing_id: int, staff: Sender) -> Response:
    """Ask whether one recipient in doubt gets the mail once more."""
    position = acts.number(staff.visit.request.query_params.get("position", ""))
    return _resend(staff, mailing_id, position)


@router.post(f"{PATH}/resend")
def resend(mailing_id: int, staff: Sender, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Send it to them once more."""
    app, position = staff.visit.app, acts.number(form.text("position"))
    if position is None:
        raise HTTPException(400)
    try:
        with app.writing() as session:
            mailing = mailings.mailing(session, mailing_id)
            resending.resend(session, mailing, positions=[position], by=staff.by, now=app.now())
    except (NotUnknown, WrongState):
        return _resend(staff, mailing_id, position, status=409)
    except RestoreInDoubt:
        return _resend(staff, mailing_id, position, problem="restored", status=409)
    return ways.redirect(
        staff.visit,
        f"{PATH.format(mailing_id=mailing_id)}/recipients",
        state=DeliveryState.UNKNOWN.value,
        done="resent",
    )


def _missed(staff: Staff, mailing_id: int, *, problem: str = "", status: int = 200) -> Response:
    app, number, some = staff.visit.app, 0, tuple[str, ...]()
    with app.reading() as session:
        seen = seen_of(session, mailing_id)
        try:
            number = missed.number(session, seen.mailing, now=app.now())
            some = missed.some(session, seen.mailing, now=app.now(), limit=SHOWN)
        except AudienceOpen:
            problem = "open"
        except Forgotten:
            problem = "forgotten"
    return page(staff, "missed.html", status=status, seen=seen, number=number, some=some, problem=problem)


def _resend(staff: Staff, mailing_id: int, position: int | None, *, problem: str = "", status: int = 200) -> Response:
    with staff.visit.app.reading() as session:
        seen = seen_of(session, mailing_id)
        row = next(iter(statement.page(session, mailing_id, after=(position or 1) - 1, limit=1)), None)
    if row is None or row.position != position:
        raise HTTPException(404)
    if row.state != DeliveryState.UNKNOWN or seen.mailing.state == "cancelled":
        problem = problem or "known"
    return page(staff, "resend.html", status=status, seen=seen, row=row, problem=problem)

"""What waits for a person: the alerts, and taking one on.

An alert about a mailing is for whoever may send for its publication; one about a machine or a relay is seen by all who
may send, and taken on by those who may everywhere.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response
from sqlalchemy.orm import Session

from newsletter.delivery.alerts import acknowledging, listing
from newsletter.delivery.alerts.listing import AlertNotFound
from newsletter.delivery.alerts.models import Alert
from newsletter.delivery.alerts.wording import Words
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.guards import LARGEST_ID, Allowed, Staff
from newsletter.web.staff.start import names_of
from subscribers.errors import NotPermitted

PATH = "/staff/alerts"
EARLIER = 50  # what is over, the newest first

router = APIRouter()

Sender = Annotated[Staff, Depends(Allowed(SEND_ISSUES, anywhere=True))]


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert with its words; `mailing_id` only where its mailing has a page."""

    alert: Alert
    words: Words
    mailing_id: int | None
    may_take_on: bool


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff: Sender) -> Response:
    """Show those that wait, those that somebody has taken on, and earlier ones."""
    with staff.visit.app.reading() as session:
        standing = _shown(session, staff, listing.standing(session))
        over = _shown(session, staff, listing.ended(session, most=EARLIER))
        names = names_of(session)
    return page(
        staff,
        "alerts.html",
        waiting=[each for each in standing if each.alert.acknowledged_at is None],
        taken_on=[each for each in standing if each.alert.acknowledged_at is not None],
        over=over,
        names=names,
    )


@router.post(f"{PATH}/{{alert_id}}/acknowledge")
def acknowledge(alert_id: int, staff: Sender) -> Response:
    """Take one on: nobody is told of it again."""
    app = staff.visit.app
    if alert_id not in range(1, LARGEST_ID + 1):
        raise HTTPException(404)
    try:
        with app.writing() as session:
            found = listing.alert(session, alert_id)
            publication_id = listing.publications(session, [found])[found.id]
            by = staff.everywhere if publication_id is None else staff.on(publication_id)
            is_theirs = acknowledging.acknowledge(session, found, by=by, now=app.now())
    except AlertNotFound:
        raise HTTPException(404) from None
    except NotPermitted:
        raise HTTPException(403) from None
    return ways.redirect(staff.visit, PATH, done="alert-taken" if is_theirs else "alert-theirs")


def _shown(session: Session, staff: Staff, alerts: tuple[Alert, ...]) -> tuple[Shown, ...]:
    publications = listing.publications(session, alerts)
    return tuple(
        _one(staff, alert, publications[alert.id])
        for alert in alerts
        if publications[alert.id] is None or staff.may_on(SEND_ISSUES, publications[alert.id])
    )


def _one(staff: Staff, alert: Alert, publication_id: int | None) -> Shown:
    return Shown(
        alert,
        listing.words_of(alert, language=staff.user.language),
        alert.mailing_id if publication_id else None,
        staff.may_on(SEND_ISSUES, publication_id),
    )

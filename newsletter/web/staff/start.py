"""The start of the staff web: whoever comes is sent to what they may see first."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.web.staff import ways
from newsletter.web.staff.answers import PLACES
from newsletter.web.staff.guards import Allowed, Staff

router = APIRouter()


@router.api_route("/staff", methods=["GET", "HEAD"])
@router.api_route("/staff/", methods=["GET", "HEAD"])
def start(staff: Annotated[Staff, Depends(Allowed(OWN_ACCOUNT))]) -> Response:
    """Go to the first place of the navigation."""
    first = next(place for place in PLACES if staff.everywhere.may(place.permission))
    return ways.redirect(staff.visit, first.path)

"""The page behind the button of the mail that follows a leaving: one press, and everything is as before."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.readers import undoing
from newsletter.readers.undoing import Undoing
from newsletter.web.forms import Form, submitted
from newsletter.web.public.origin import list_of
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers.actor import Actor
from subscribers.errors import TokenExpired, TokenInvalid

BUTTON = "undo"

router = APIRouter()


@router.api_route("/undo/{token}", methods=["GET", "HEAD"])
def show(token: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show what the button would give back."""
    app = visit.app
    try:
        with app.reading() as session:
            found = undoing.undoing_of(session, token, secret=app.secret, now=app.now())
    except TokenInvalid:
        return _invalid(visit)
    except TokenExpired as expired:
        return _expired(visit, expired)
    return _page(visit, found)


@router.post("/undo/{token}")
def undo(
    token: str,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Take the leaving back; pressed twice, it says so again."""
    if not form.text(BUTTON):
        return show(token, visit)
    app, by = visit.app, Actor.reader(None)
    try:
        with app.writing() as session:
            found = undoing.undo(session, token, secret=app.secret, by=by, now=app.now())
    except TokenInvalid:
        return _invalid(visit)
    except TokenExpired as expired:
        return _expired(visit, expired)
    return _page(visit, found)


def _page(visit: Visit, found: Undoing) -> Response:
    name = "undone.html" if found.restored else "undo.html"
    language = visit.language_of_mail(found.language)
    return visit.page(name, language=language, headers=PRIVATE, undoing=found, button=BUTTON)


def _invalid(visit: Visit) -> Response:
    return visit.page("undo_invalid.html", language=visit.language(), status=404, headers=PRIVATE)


def _expired(visit: Visit, expired: TokenExpired) -> Response:
    with visit.app.reading() as session:
        found = list_of(session, expired.subscription_id)
    if found is None:
        return _invalid(visit)
    language = visit.language_of_mail(found.language)
    return visit.page("undo_expired.html", language=language, status=410, headers=PRIVATE, offer=found)

"""The page behind the button of the mail that follows a leaving: one press, and everything is as before."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.readers import undoing
from newsletter.readers.undoing import Undoing
from newsletter.texts.naming import listed
from newsletter.texts.pages import UNDO, UNDO_EXPIRED, UNDONE
from newsletter.web.forms import Form, submitted
from newsletter.web.public.origin import list_of
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers.actor import Actor
from subscribers.errors import TokenExpired, TokenInvalid

BUTTON = "undo"

router = APIRouter()


@router.api_route("/undo/{token}", methods=["GET", "HEAD"])
def show(token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
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
    token: Token,
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
    page = UNDONE if found.restored else UNDO
    language = visit.language_of_mail(found.language)
    lists = listed(found.list_names, language=language)
    texts = visit.texts(page, found.list_slug, language=language, lists=lists, address=found.masked_address)
    name = f"{page.short_name}.html"
    return visit.page(name, language=language, headers=PRIVATE, texts=texts, undoing=found, button=BUTTON)


def _invalid(visit: Visit) -> Response:
    return visit.page("undo_invalid.html", language=visit.language(), status=404, headers=PRIVATE)


def _expired(visit: Visit, expired: TokenExpired) -> Response:
    with visit.app.reading() as session:
        found = list_of(session, expired.subscription_id)
    if found is None:
        return _invalid(visit)
    language = visit.language_of_mail(found.language)
    texts = visit.texts(UNDO_EXPIRED, found.slug, language=language, list=found.name, publisher=found.publisher)
    return visit.page("undo_expired.html", language=language, status=410, headers=PRIVATE, texts=texts, offer=found)

"""The leave page: a button for people, one POST for mail programs (RFC 8058).

The POST needs no cookie, login or redirect, and says 200 however often it comes. It must carry the
button's field or `List-Unsubscribe=One-Click`: scanners that post to any link they find do not.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.readers import leaving
from newsletter.readers.leaving import Leaving
from newsletter.web.forms import Form, submitted
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers.actor import Actor
from subscribers.errors import TokenInvalid

BUTTON = "leave"
ONE_CLICK = "List-Unsubscribe"  # RFC 8058, section 3.2

router = APIRouter()


@router.api_route("/leave", methods=["GET", "HEAD"])
def explain(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Say where one's own link is: here leads the link of an issue seen in the browser, which is nobody's."""
    return visit.page("leave_how.html", language=visit.language(), headers=PRIVATE)


@router.api_route("/leave/{token}", methods=["GET", "HEAD"])
def show(token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show whom the button would take off which list."""
    try:
        with visit.app.reading() as session:
            found = leaving.leaving_of(session, token, secret=visit.app.secret)
    except TokenInvalid:
        return _invalid(visit)
    return _page(visit, found)


@router.post("/leave/{token}")
def leave(
    token: Token,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Leave at once; who has left already has left."""
    if not form.text(BUTTON) and not form.text(ONE_CLICK):
        return show(token, visit)
    app, by = visit.app, Actor.reader(None)
    try:
        with app.writing() as session:
            found = leaving.leave(session, token, secret=app.secret, by=by, now=app.now())
    except TokenInvalid:
        return _invalid(visit)
    return _page(visit, found)


def _page(visit: Visit, found: Leaving) -> Response:
    name = "leave_test.html" if found.test else "left.html" if found.left else "leave.html"
    language = visit.language_of_mail(found.language)
    return visit.page(name, language=language, headers=PRIVATE, leaving=found, button=BUTTON)


def _invalid(visit: Visit) -> Response:
    return visit.page("leave_invalid.html", language=visit.language(), status=404, headers=PRIVATE)

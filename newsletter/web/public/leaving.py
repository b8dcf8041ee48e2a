"""The leave page: buttons for people, one POST for mail programs (RFC 8058).

The POST needs no cookie, login or redirect, and says 200 however often it comes. It must carry a
button's field or `List-Unsubscribe=One-Click`: scanners that post to any link they find do not. A mail
program's POST is always about the one list of its mail. Why somebody left is asked afterwards, if at all.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.readers import leaving
from newsletter.readers.leaving import Leaving
from newsletter.texts.pages import LEAVE, LEFT
from newsletter.web.forms import Form, submitted
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers.actor import Actor
from subscribers.errors import TokenInvalid
from subscribers.leave_reasons import LeaveReason

BUTTON = "leave"
EVERYTHING = "everything"  # the value of the button that ends more than the one list
REASON = "reason"
ONE_CLICK = "List-Unsubscribe"  # RFC 8058, section 3.2

_REASONS = {reason.value: reason for reason in LeaveReason}

router = APIRouter()


@router.api_route("/leave", methods=["GET", "HEAD"])
@router.api_route("/leave/", methods=["GET", "HEAD"])
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
    reason = _REASONS.get(form.text(REASON))
    if not (form.text(BUTTON) or form.text(ONE_CLICK) or reason):
        return show(token, visit)
    try:
        with visit.app.writing() as session:
            found = _done(session, token, visit.app, form, reason)
    except TokenInvalid:
        return _invalid(visit)
    return _page(visit, found, asks=reason is None, thanks=reason is not None)


def _done(session: Session, token: str, app: App, form: Form, reason: LeaveReason | None) -> Leaving:
    secret, by, now, undo_mail = app.secret, Actor.reader(None), app.now(), app.settings.undo_mail
    if form.text(ONE_CLICK):
        source = leaving.BY_ONE_CLICK
        return leaving.leave(session, token, secret=secret, by=by, now=now, source=source, undo_mail=undo_mail)
    if reason is not None:
        return leaving.give_reason(session, token, reason, secret=secret, by=by, now=now)
    if form.text(BUTTON) == EVERYTHING:
        return leaving.leave_everything(session, token, secret=secret, by=by, now=now, undo_mail=undo_mail)
    return leaving.leave(session, token, secret=secret, by=by, now=now, undo_mail=undo_mail)


def _page(visit: Visit, found: Leaving, *, asks: bool = False, thanks: bool = False) -> Response:
    name = "leave_test.html" if found.test else "left.html" if found.left else "leave.html"
    language = visit.language_of_mail(found.language)
    values = {"list": found.list_name, "address": found.masked_address}
    return visit.page(
        name,
        language=language,
        headers=PRIVATE,
        texts=visit.texts(LEFT if found.left else LEAVE, found.list_slug, language=language, **values),
        leaving=found,
        button=BUTTON,
        everything=EVERYTHING,
        reasons=REASON if asks else "",
        thanks=thanks,
    )


def _invalid(visit: Visit) -> Response:
    return visit.page("leave_invalid.html", language=visit.language(), status=404, headers=PRIVATE)

"""The page on measuring: whether a reader is measured, and a button for the other choice.

Only a POST with a button's own field changes anything; agreeing also needs the digest of the words
that stood beside the button, so that nobody agrees to words that were changed meanwhile.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.readers import measuring
from newsletter.readers.errors import ChangedTooOften
from newsletter.readers.measuring import MeasuringChoice
from newsletter.web import visitors
from newsletter.web.forms import Form, submitted
from newsletter.web.public.offering import digest_of, offer_of, wording_of_measuring
from newsletter.web.public.preferring import changed_too_often
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers.actor import Actor
from subscribers.errors import TokenInvalid

BUTTON, STOP, AGREE = "measuring", "stop", "agree"
WORDING = "wording"

router = APIRouter()


@router.api_route("/measuring", methods=["GET", "HEAD"])
def explain(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Say where one's own link is: here leads the link of an issue seen in the browser, which is nobody's."""
    return visit.page("measuring_how.html", language=visit.language(), headers=PRIVATE)


@router.api_route("/measuring/{token}", methods=["GET", "HEAD"])
def show(token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show what was chosen, and the button for the other choice."""
    try:
        with visit.app.reading() as session:
            found = measuring.choice_of(session, token, secret=visit.app.secret)
    except TokenInvalid:
        return _invalid(visit)
    return _page(visit, found)


@router.post("/measuring/{token}")
def choose(
    token: Token,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Stop measuring, or agree to it; pressed twice, it says so again."""
    pressed = form.text(BUTTON)
    if pressed not in {STOP, AGREE}:
        return show(token, visit)
    try:
        found = _stopped(visit, token) if pressed == STOP else _agreed(visit, token, form)
    except TokenInvalid:
        return _invalid(visit)
    except ChangedTooOften:
        return changed_too_often(visit, visit.language(), back=f"/measuring/{token}")
    return _page(visit, found, pressed=pressed)


def _stopped(visit: Visit, token: str) -> MeasuringChoice:
    app = visit.app
    ip = visitors.ip_kept(visit.request, app.settings)
    with app.writing() as session:
        return measuring.stop(session, token, secret=app.secret, by=Actor.reader(None), now=app.now(), ip=ip)


def _agreed(visit: Visit, token: str, form: Form) -> MeasuringChoice:
    app = visit.app
    with app.reading() as session:
        found = measuring.choice_of(session, token, secret=app.secret)
    words = _words(visit, found)
    if form.text(WORDING) != digest_of(words):
        return found
    with app.writing() as session:
        return measuring.agree(
            session,
            token,
            wording=words,
            language=visit.language_of_mail(found.language),
            secret=app.secret,
            by=Actor.reader(None),
            now=app.now(),
            ip=visitors.ip_kept(visit.request, app.settings),
        )


def _words(visit: Visit, found: MeasuringChoice) -> str:
    if not found.may_agree:
        return ""
    with visit.app.reading() as session:
        offer = offer_of(session, found.list_slug)
    return wording_of_measuring(offer, language=visit.language_of_mail(found.language))


def _page(visit: Visit, found: MeasuringChoice, *, pressed: str = "") -> Response:
    name = "measuring_test.html" if found.test else "measuring.html"
    words = _words(visit, found)
    return visit.page(
        name,
        language=visit.language_of_mail(found.language),
        headers=PRIVATE,
        choice=found,
        button=BUTTON,
        wording=words,
        digest=digest_of(words),
        has_stopped=pressed == STOP and not found.measured,
        has_agreed=pressed == AGREE and found.measured,
    )


def _invalid(visit: Visit) -> Response:
    return visit.page("leave_invalid.html", language=visit.language(), status=404, headers=PRIVATE)

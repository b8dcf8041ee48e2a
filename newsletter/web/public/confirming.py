"""The confirmation page: opening the link shows a button, pressing the button confirms.

Mail scanners open links, and some post to them without a body. So only a POST that carries the
button's own field changes anything; any other request sees the page.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.readers import confirming
from newsletter.readers.confirming import PendingConfirmation
from newsletter.texts.pages import CONFIRM, CONFIRM_EXPIRED, CONFIRMED
from newsletter.texts.passages import Place
from newsletter.web import visitors
from newsletter.web.forms import Form, submitted
from newsletter.web.public.offering import public_offers
from newsletter.web.public.origin import list_of
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers import tokens
from subscribers.actor import Actor
from subscribers.errors import TokenExpired, TokenInvalid

BUTTON = "confirm"
SHOWN = "measuring"  # the words on measuring that stand beside the button

router = APIRouter()


@router.api_route("/confirm", methods=["GET", "HEAD"])
@router.api_route("/confirm/", methods=["GET", "HEAD"])
def lost(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Say that the link lost its token on the way."""
    return _invalid(visit)


@router.api_route("/confirm/{token}", methods=["GET", "HEAD"])
def show(token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show what will be confirmed, and the button."""
    try:
        with visit.app.reading() as session:
            pending = confirming.confirmation_of(session, token, secret=visit.app.secret, now=visit.app.now())
    except TokenInvalid:
        return _invalid(visit)
    except TokenExpired as expired:
        return _expired(visit, expired)
    return _page(visit, CONFIRMED if pending.already else CONFIRM, pending)


@router.post("/confirm/{token}")
def confirm(
    token: Token,
    visit: Annotated[Visit, Depends(visit_of)],
    form: Annotated[Form, Depends(submitted)],
) -> Response:
    """Confirm; pressed twice, it says so again."""
    if not form.text(BUTTON):
        return show(token, visit)
    app, by = visit.app, Actor.reader(None)
    try:
        with app.writing() as session:
            ip = visitors.ip_kept(visit.request, app.settings)
            confirmed = confirming.confirm(
                session, token, secret=app.secret, by=by, now=app.now(), ip=ip, shown=form.text(SHOWN)
            )
    except TokenInvalid:
        return _invalid(visit)
    except TokenExpired as expired:
        return _expired(visit, expired)
    return _page(visit, CONFIRMED, confirmed)


def _page(visit: Visit, place: Place, pending: PendingConfirmation) -> Response:
    language = visit.language_of_mail(pending.language)
    texts = visit.texts(
        place, pending.list_slug, language=language, list=pending.list_name, address=pending.masked_address
    )
    return visit.page(
        f"{place.short_name}.html",
        language=language,
        headers=PRIVATE,
        texts=texts,
        pending=pending,
        button=BUTTON,
        settings_token=tokens.preferences(visit.app.secret, pending.subscription_id),
    )


def _invalid(visit: Visit) -> Response:
    """Say that nothing was changed, and where to go: to the one public newsletter, or to all that are public."""
    with visit.app.reading() as session:
        offers = public_offers(session)
    only = offers[0] if len(offers) == 1 else None
    language = visit.language(only.language) if only else visit.language()
    return visit.page(
        "confirm_invalid.html", language=language, status=404, headers=PRIVATE, only=only, some=bool(offers)
    )


def _expired(visit: Visit, expired: TokenExpired) -> Response:
    with visit.app.reading() as session:
        found = list_of(session, expired.subscription_id)
    if found is None:
        return _invalid(visit)
    language = visit.language_of_mail(found.language)
    texts = visit.texts(CONFIRM_EXPIRED, found.slug, language=language, list=found.name, publisher=found.publisher)
    return visit.page("confirm_expired.html", language=language, status=410, headers=PRIVATE, texts=texts, offer=found)

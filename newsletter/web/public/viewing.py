"""A mailing in the browser: what everybody may see of it, with nobody's name and nobody's links."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, Response

from newsletter.delivery import assembly
from newsletter.delivery.models import Mailing, MailingKind
from newsletter.issues import compilations
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers import tokens
from subscribers.errors import TokenInvalid

# A mail has its styles inside, and its pictures where the site was when it went out. It runs and sends nothing.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)

router = APIRouter()


@router.api_route("/view/{token}", methods=["GET", "HEAD"])
def show(token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the HTML of a mailing as it went out."""
    app = visit.app
    try:
        mailing_id = tokens.read_view(app.secret, token).mailing_id
    except TokenInvalid:
        raise HTTPException(404) from None
    with app.reading() as session:
        mailing = session.get(Mailing, mailing_id)
        if mailing is None or mailing.kind == MailingKind.SYSTEM.value:
            raise HTTPException(404)
        compiled = compilations.load(session, mailing.compiled)
    content = assembly.neutral(
        compiled,
        view_url=f"{app.settings.public_url}/view/{token}",
        unsubscribe_url=f"{app.settings.public_url}/leave",
        preferences_url=f"{app.settings.public_url}/preferences",
        measuring_url=f"{app.settings.public_url}/measuring",
    )
    return HTMLResponse(content, headers={**PRIVATE, "Content-Security-Policy": POLICY})

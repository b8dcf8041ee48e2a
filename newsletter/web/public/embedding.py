"""A form for other sites: plain HTML to copy, without script, frame or cookie, and what it looks like."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.web.public.offering import digest_of, offer_of, wording_of, wording_of_measuring
from newsletter.web.public.signing_up import TRAP
from newsletter.web.visit import PRIVATE, Visit, visit_of

router = APIRouter()


@router.api_route("/lists/{slug}/embed", methods=["GET", "HEAD"])
def show(slug: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the form's HTML, in the language of the page."""
    with visit.app.reading() as session:
        offer = offer_of(session, slug)
    language = visit.language(offer.language)
    wording = wording_of(offer, language=language)
    measuring = wording_of_measuring(offer, language=language)
    form = visit.pages.render(
        "embedded_form.html",
        language=language,
        action=f"{visit.app.settings.public_url}/lists/{offer.slug}",
        offer=offer,
        wording=wording,
        digest=digest_of(wording),
        measuring=measuring,
        measuring_digest=digest_of(measuring),
        trap=TRAP,
    )
    return visit.page("embed.html", language=language, headers=PRIVATE, offer=offer, form=form.strip())

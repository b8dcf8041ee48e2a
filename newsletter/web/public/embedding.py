"""A form for other sites: plain HTML to copy, or a frame, both without script or cookie of that site's."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from newsletter.web.public import asking
from newsletter.web.public.offering import Offer, digest_of, offer_of, wording_of_measuring
from newsletter.web.public.place import FRAME, PAGE
from newsletter.web.public.signing_up import TRAP
from newsletter.web.visit import PRIVATE, Visit, visit_of

# A frame cannot grow with what is in it. Room on a phone, in pixels: for the smallest form, each field and each topic.
FRAME_HEIGHT, FIELD_HEIGHT, TOPIC_HEIGHT = 700, 104, 42

router = APIRouter()


@router.api_route("/lists/{slug}/embed", methods=["GET", "HEAD"])
def show(slug: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the HTML of form and frame, in the language of the page."""
    with visit.app.reading() as session:
        offer = offer_of(session, slug)
    language = visit.language(offer.language)
    base = visit.app.settings.public_url
    wording = offer.words[language]
    measuring = wording_of_measuring(offer, language=language)
    form = visit.pages.render(
        "embedded_form.html",
        language=language,
        action=f"{base}{PAGE.path(offer.slug)}",
        offer=offer,
        answers=asking.no_answers(offer),
        wording=wording,
        digest=digest_of(wording),
        measuring=measuring,
        measuring_digest=digest_of(measuring),
        trap=TRAP,
    )
    frame = visit.pages.render(
        "embedded_frame.html",
        language=language,
        address=f"{base}{FRAME.path(offer.slug)}?lang={language}",
        offer=offer,
        height=_height(offer),
    )
    return visit.page(
        "embed.html", language=language, headers=PRIVATE, offer=offer, form=form.strip(), frame=frame.strip()
    )


def _height(offer: Offer) -> int:
    openly, _ = asking.fields_in_order(offer)
    return FRAME_HEIGHT + FIELD_HEIGHT * len(openly) + TOPIC_HEIGHT * len(offer.topics)

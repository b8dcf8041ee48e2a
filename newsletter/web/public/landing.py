"""The start page: the newsletters that everybody may find, where to subscribe to them and what they wrote last."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from newsletter.delivery.archive import reading
from newsletter.delivery.archive.reading import Entry
from newsletter.readers.errors import ListNotOpen
from newsletter.readers.signing_up import publication_of
from newsletter.web.conditional import shared
from newsletter.web.visit import Visit, visit_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Listed:
    """A newsletter on the start page; `newest` is None before its first issue."""

    slug: str
    name: str
    language: str
    publisher: str
    newest: Entry | None


@router.api_route("/", methods=["GET", "HEAD"])
def show(visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show them."""
    with visit.app.reading() as session:
        listed = _listed(session)
    answer = visit.page(
        "landing.html",
        language=visit.language(),
        headers={"Vary": "Accept-Language"},
        listed=listed,
        canonical=f"{visit.app.settings.public_url}/",
    )
    return shared(visit.request, answer)


def _listed(session: Session) -> list[Listed]:
    """The public lists that somebody publishes on, by name."""
    found = []
    for each in reading.public_lists(session):
        try:
            publication = publication_of(session, each)
        except ListNotOpen:
            continue
        publisher = publication.sender_name or publication.name
        found.append(Listed(each.slug, each.name, each.language, publisher, reading.newest(session, each.id)))
    return found

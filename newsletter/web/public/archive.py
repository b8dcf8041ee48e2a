"""A list's archive: its issues by year, newest first, and searched by words.

The page speaks the list's language unless asked for another: so it is the same for everybody and caches may keep it.
"""

from itertools import groupby
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response
from sqlalchemy.orm import Session

from newsletter.delivery.archive import reading
from newsletter.delivery.archive.folding import terms_of
from newsletter.web.conditional import shared
from newsletter.web.public.shelf import shelf_of
from newsletter.web.visit import PRIVATE, Visit, visit_of

MOST_CHARACTERS = 100
_DIGITS = 4  # of a year, and of the number of a page

router = APIRouter()


@router.api_route("/archive/{slug}", methods=["GET", "HEAD"])
def show(slug: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show a page of the archive; what was searched or chosen is for no search engine."""
    asked = visit.request.query_params
    words = asked.get("q", "").strip()[:MOST_CHARACTERS]
    year, number = _number(asked.get("year")), _number(asked.get("page", "1")) or 0
    with visit.app.reading() as session:
        shelf = shelf_of(session, slug)
        page = _page(session, shelf.list_id, number=number, year=year, words=words)
        years = reading.years(session, shelf.list_id)
    if page is None or (year is not None and year not in years):
        raise HTTPException(404)
    chosen = bool(words or year or number > 1)
    answer = visit.page(
        "archive.html",
        language=visit.language_of_mail(shelf.language),
        headers=dict(PRIVATE) if chosen else shelf.headers,
        shelf=shelf,
        shown=page,
        by_year=[(each, list(entries)) for each, entries in groupby(page.entries, lambda one: one.published_at.year)],
        years=years,
        year=year,
        words=words,
        chosen=chosen,
        newer=_turned(visit, number - 1) if number > 1 else None,
        older=_turned(visit, number + 1) if number < page.pages else None,
        asked_language=visit.asked_language,
    )
    return shared(visit.request, answer)


def _page(session: Session, list_id: int, *, number: int, year: int | None, words: str) -> reading.Page | None:
    """What is shown: who searches, searches all years."""
    terms = terms_of(words)
    if terms:
        return reading.search(session, list_id, terms, number=number)
    return reading.page(session, list_id, number=number, year=year)


def _turned(visit: Visit, number: int) -> str:
    """The query of another page of what is shown; of the first one without its number, so that it has one address."""
    kept = [(name, value) for name, value in visit.request.query_params.multi_items() if name != "page"]
    query = urlencode([*kept, *([("page", number)] if number > 1 else [])])
    return f"?{query}" if query else ""


def _number(text: str | None) -> int | None:
    """A year or the number of a page; whatever else is asked for is nowhere.

    Raises:
        HTTPException: 404 for what is no such number.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise HTTPException(404)
    return int(text)

"""One issue of the archive: the mail as it was sent, in the frame of a page, with what was put right afterwards.

What is shown is made of the stored compiled mail alone; no delivery and no person is read. An issue that went out in
two languages is shown in the second one where that is asked for (`?lang=en`), else in the first.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import PlainTextResponse, Response

from newsletter.delivery import neutral
from newsletter.delivery.archive import correcting, reading
from newsletter.delivery.archive.models import IssueCorrection
from newsletter.delivery.archive.reading import Entry
from newsletter.delivery.archive.slugs import is_slug
from newsletter.delivery.models import Mailing
from newsletter.i18n import translations
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue
from newsletter.texts.naming import day
from newsletter.web.conditional import shared
from newsletter.web.mail_page import POLICY, mail_of
from newsletter.web.public.shelf import Shelf, shelf_of
from newsletter.web.visit import Visit, visit_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Archived:
    """An issue of the archive with everything its page shows.

    `entry` and `compiled` are in the language that is shown, of `languages`, the first one first.
    """

    shelf: Shelf
    entry: Entry
    compiled: CompiledIssue
    languages: tuple[str, ...]
    corrections: tuple[IssueCorrection, ...]
    neighbours: reading.Neighbours

    @property
    def query(self) -> str:
        """What asks for the language that is shown; empty for the first one, which needs no asking."""
        return "" if self.entry.language == self.languages[0] else f"?lang={self.entry.language}"


@router.api_route("/archive/{slug}/{issue}.txt", methods=["GET", "HEAD"])
def show_text(slug: str, issue: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the text part, corrections first."""
    found = _find(visit, slug, issue)
    url = visit.app.settings.public_url
    parts = [
        *_correction_lines(found),
        neutral.text(found.compiled, view_url=address_of(url, found), public_url=url),
    ]
    headers = {**found.shelf.headers, "Content-Language": found.entry.language}
    return shared(visit.request, PlainTextResponse("\n".join(parts), headers=headers))


@router.api_route("/archive/{slug}/{issue}", methods=["GET", "HEAD"])
def show(slug: str, issue: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Show the issue."""
    found = _find(visit, slug, issue)
    url = visit.app.settings.public_url
    view_url = address_of(url, found)
    mail = mail_of(neutral.html(found.compiled, view_url=view_url, public_url=url), public_url=url)
    answer = visit.page(
        "archived.html",
        language=visit.language_of_mail(found.shelf.language),
        headers={**found.shelf.headers, "Content-Security-Policy": POLICY},
        shelf=found.shelf,
        entry=found.entry,
        languages=found.languages,
        address=view_url,
        query=found.query,
        canonical=f"{view_url}{found.query}",
        mail=mail,
        corrections=found.corrections,
        neighbours=found.neighbours,
        asked_language=visit.asked_language,
    )
    return shared(visit.request, answer)


def address_of(public_url: str, found: Archived) -> str:
    """The one address of an issue, in its first language."""
    return f"{public_url}/archive/{found.shelf.slug}/{found.entry.slug}"


def _find(visit: Visit, slug: str, issue: str) -> Archived:
    """Read the issue.

    Raises:
        HTTPException: 404 where there is none, or the archive is off.
    """
    with visit.app.reading() as session:
        shelf = shelf_of(session, slug)
        entry = reading.entry(session, shelf.list_id, issue) if is_slug(issue) else None
        if entry is None:
            raise HTTPException(404)
        compiled = compilations.load(session, session.get_one(Mailing, entry.mailing_id).compiled)
        second = compilations.load_in(session, compiled, visit.asked_language or "")
        return Archived(
            shelf,
            reading.in_second(session, entry, second) if second else entry,
            second or compiled,
            compiled.languages,
            correcting.corrections_of(session, entry.issue_id),
            reading.neighbours(session, shelf.list_id, entry),
        )


def _correction_lines(found: Archived) -> list[str]:
    """Each correction with its date, and a line under all."""
    language = found.compiled.language
    _ = translations(language).gettext
    lines = []
    for correction in found.corrections:
        lines += [_("Correction of %(day)s") % {"day": day(correction.at, language=language)}, "", correction.text, ""]
    return [*lines, "-" * 40, ""] if lines else []

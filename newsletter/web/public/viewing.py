"""A mail in the browser, by the link in it: the issue's page in the archive, where everybody may see that.

Else the mail itself is shown in the same frame, under the address of the link: nobody finds it who was not given
the link, and it holds nobody's name and nobody's links.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.delivery import neutral
from newsletter.delivery.archive import correcting, reading
from newsletter.delivery.archive.models import IssueCorrection
from newsletter.delivery.models import Mailing, MailingKind
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue
from newsletter.web.mail_page import POLICY, mail_of
from newsletter.web.public.shelf import public_shelf
from newsletter.web.public.tokens import Token
from newsletter.web.visit import PRIVATE, Visit, visit_of
from subscribers import tokens
from subscribers.errors import TokenInvalid

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A mail behind a link; `address` is its page in the archive, relative to the site, where it has a public one.

    `compiled` is in the language that is asked for, of `languages`, the first one first.
    """

    address: str
    compiled: CompiledIssue
    languages: tuple[str, ...]
    subject: str
    corrections: tuple[IssueCorrection, ...]


@router.api_route("/view/{token}", methods=["GET", "HEAD"])
def show(token: Token, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """Lead to the issue's page, or show the mail as it went out."""
    app, url = visit.app, visit.app.settings.public_url
    try:
        mailing_id = tokens.read_view(app.secret, token).mailing_id
    except TokenInvalid:
        raise HTTPException(404) from None
    with app.reading() as session:
        seen = _seen(session, session.get(Mailing, mailing_id), language=visit.asked_language or "")
    query = "" if seen.compiled.language == seen.languages[0] else f"?lang={seen.compiled.language}"
    if seen.address:
        return RedirectResponse(f"{url}{seen.address}{query}", 303, PRIVATE)
    view_url = f"{url}/view/{token}"
    return visit.page(
        "viewed.html",
        language=visit.language_of_mail(seen.compiled.language),
        headers={**PRIVATE, "Content-Security-Policy": POLICY},
        subject=seen.subject,
        mail_language=seen.compiled.language,
        languages=seen.languages,
        canonical=f"{view_url}{query}",
        mail=mail_of(neutral.html(seen.compiled, view_url=view_url, public_url=url), public_url=url),
        corrections=seen.corrections,
    )


def _seen(session: Session, mailing: Mailing | None, *, language: str) -> _Seen:
    """What is behind a link, in the language that is asked for where it is there in that.

    Raises:
        HTTPException: 404 where the mailing is gone, or was a system mail, which nobody else may see.
    """
    if mailing is None or mailing.kind == MailingKind.SYSTEM.value:
        raise HTTPException(404)
    first = compilations.load(session, mailing.compiled)
    compiled = compilations.load_in(session, first, language) or first
    is_issue = mailing.kind == MailingKind.ISSUE.value and mailing.issue_id is not None
    corrections = correcting.corrections_of(session, mailing.issue_id or 0) if is_issue else ()
    address = _address(session, mailing) if is_issue else ""
    return _Seen(address, compiled, first.languages, neutral.subject(compiled), corrections)


def _address(session: Session, mailing: Mailing) -> str:
    """The issue's page, also for those who got it by a mailing to the missed; empty where it has no public one."""
    found = reading.of_issue(session, mailing.issue_id or 0)
    shelf = public_shelf(session, found[1]) if found is not None else None
    return f"/archive/{shelf.slug}/{found[0].slug}" if shelf is not None and found is not None else ""

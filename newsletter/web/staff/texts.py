"""What a list says in system mails and on public pages, in its own words: changed, looked at, and taken back.

A place is a mail or a page; its form holds all its passages. An empty one, and one that says what the product says, is
the product's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from newsletter.delivery import samples
from newsletter.i18n import LANGUAGES
from newsletter.mails import letters
from newsletter.readers.errors import ListNotOpen
from newsletter.readers.signing_up import publication_of
from newsletter.texts import catalogue, prose, reading, writing
from newsletter.texts.letters import LETTERS
from newsletter.texts.pages import PAGES
from newsletter.texts.passages import Passage, Place
from newsletter.texts.prose import Prose
from newsletter.texts.reading import Texts, Version
from newsletter.texts.rules import TextRefused, accepted
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import HEADERS, MAIL_POLICY, POLICY, page
from newsletter.web.staff.guards import Staff
from newsletter.web.staff.lists import ONE, Manager
from newsletter.web.staff.start import names_of
from subscribers import lists
from subscribers.models import MailingList

PATH = f"{ONE}/texts"
PLACE = f"{PATH}/{{place}}"
_FRAMED = f"{POLICY}; frame-src 'self'"


def _key_of(place: Place) -> str:
    """What an address calls a place: `mail-confirmation`."""
    return place.name.replace(".", "-").replace("_", "-")


_PLACES = {_key_of(place): place for place in catalogue.PLACES}

router = APIRouter()

Sent = Annotated[Form, Depends(submitted)]


@dataclass(frozen=True, slots=True)
class Row:
    """A place in the list of places."""

    key: str
    place: Place
    own: int
    outdated: int


@dataclass(frozen=True, slots=True)
class Field:
    """A passage as its form shows it: what stands there, whether it is the list's own, and why it is not taken."""

    passage: Passage
    text: str
    is_own: bool
    shown: Prose
    problem: str
    last: Version | None


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(slug: str, staff: Manager) -> Response:
    """List the mails and pages."""
    with staff.visit.app.reading() as session:
        found = lists.named(session, slug)
        language = _language(staff.visit.request.query_params.get("language", ""), found)
        texts = reading.of_list(session, found.id, language=language)
    return page(
        staff,
        "texts.html",
        mailing_list=found,
        spoken=language,
        languages=LANGUAGES,
        mails=[_row(place, texts) for place in LETTERS],
        pages=[_row(place, texts) for place in PAGES],
    )


@router.api_route(PLACE, methods=["GET", "HEAD"])
def detail(slug: str, place: str, staff: Manager) -> Response:
    """Show the passages of one."""
    where = _found(place)
    with staff.visit.app.reading() as session:
        found = lists.named(session, slug)
        language = _language(staff.visit.request.query_params.get("language", ""), found)
        texts = reading.of_list(session, found.id, language=language)
        written = {passage.name: texts.text(passage) for passage in where.passages}
        return _detail(staff, session, found, where, texts, written=written)


@router.post(PLACE)
def write(slug: str, place: str, staff: Manager, form: Sent) -> Response:
    """Save what is written, or show what it would look like (`act` is `look`)."""
    app, where = staff.visit.app, _found(place)
    with app.reading() as session:
        found = lists.named(session, slug)
        language = _language(form.text("language"), found)
        texts = reading.of_list(session, found.id, language=language)
        written = {passage.name: _written(form, passage, texts) for passage in where.passages}
        problems = _problems(where, written, language=staff.user.language)
        if problems or form.text("act") == "look":
            return _detail(staff, session, found, where, texts, written=written, problems=problems)
    with app.writing() as session:
        for passage in where.passages:
            _keep(session, lists.named(session, slug), passage, written[passage.name], language=language, staff=staff)
    return ways.redirect(staff.visit, f"/staff/lists/{slug}/texts/{place}", language=language, done="text-saved")


@router.api_route(f"{PLACE}/sample", methods=["GET", "HEAD"])
def sample(slug: str, place: str, staff: Manager) -> Response:
    """A mail for the frame, as a sample reader would get it now."""
    app, where = staff.visit.app, _found(place)
    if where not in LETTERS:
        raise HTTPException(404)
    with app.reading() as session:
        found = lists.named(session, slug)
        language = _language(staff.visit.request.query_params.get("language", ""), found)
        try:
            publication = publication_of(session, found)
        except ListNotOpen:
            raise HTTPException(404) from None
        values = where.samples(language)
        compiled = letters.compiled(
            session, where, publication=publication, mailing_list=found, language=language, values=values
        )
    made = samples.letter(compiled, link=where.link, public_url=app.settings.public_url, now=app.now())
    policy = MAIL_POLICY.format(pictures="'self' data:")
    return HTMLResponse(made.html, headers={**HEADERS, "Content-Security-Policy": policy})


def _detail(
    staff: Staff,
    session: Session,
    found: MailingList,
    where: Place,
    texts: Texts,
    *,
    written: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
) -> Response:
    values, is_open = _values(session, found, where, texts.language)
    answer = page(
        staff,
        "text.html",
        status=400 if problems else 200,
        mailing_list=found,
        key=_key_of(where),
        place=where,
        is_mail=where in LETTERS,
        spoken=texts.language,
        languages=LANGUAGES,
        has_sample=where in LETTERS and is_open,
        names=names_of(session),
        fields=[
            Field(
                passage=passage,
                text=written[passage.name],
                is_own=texts.text(passage) != passage.own_text(texts.language),
                shown=prose.filled(_showable(passage, written[passage.name], texts), values),
                problem=(problems or {}).get(passage.name, ""),
                last=next(iter(reading.history(session, found.id, passage=passage, language=texts.language)), None),
            )
            for passage in where.passages
        ],
    )
    answer.headers["Content-Security-Policy"] = _FRAMED
    return answer


def _found(place: str) -> Place:
    if place not in _PLACES:
        raise HTTPException(404)
    return _PLACES[place]


def _language(asked: str, mailing_list: MailingList) -> str:
    return asked if asked in LANGUAGES else mailing_list.language


def _row(place: Place, texts: Texts) -> Row:
    kept = {passage: texts.own.get(passage.name, "") for passage in place.passages}
    outdated = sum(bool(text) and bool(reading.refusal(text, passage)) for passage, text in kept.items())
    return Row(_key_of(place), place, sum(map(bool, kept.values())) - outdated, outdated)


def _values(session: Session, found: MailingList, where: Place, language: str) -> tuple[dict[str, str], bool]:
    """Values for the placeholders, and whether somebody publishes on the list already."""
    values = where.samples(language) | {"list": found.name}
    try:
        publication = publication_of(session, found)
    except ListNotOpen:
        return values, False
    return values | {"publisher": publication.sender_name or publication.name}, True


def _written(form: Form, passage: Passage, texts: Texts) -> str:
    """What the form says: what the product says where it was emptied, and nothing new where it lacks the field."""
    if passage.name not in form.fields:
        return texts.text(passage)
    text = form.text(passage.name, most=2 * passage.shape.limit).replace("\r\n", "\n")
    return text or passage.own_text(texts.language)


def _problems(where: Place, written: Mapping[str, str], *, language: str) -> dict[str, str]:
    """Why passages are not taken, by their name."""
    found = {}
    for passage in where.passages:
        try:
            accepted(written[passage.name], passage=passage)
        except TextRefused as error:
            found[passage.name] = error.why.said(language)
    return found


def _showable(passage: Passage, text: str, texts: Texts) -> str:
    """The text for the preview; one that is not taken is shown as it was."""
    try:
        return accepted(text, passage=passage)
    except TextRefused:
        return texts.text(passage)


def _keep(session: Session, found: MailingList, passage: Passage, text: str, *, language: str, staff: Staff) -> None:
    now = staff.visit.app.now()
    if accepted(text, passage=passage) == passage.own_text(language):
        writing.reset(session, found, passage=passage, language=language, by=staff.by, now=now)
        return
    writing.write(session, found, passage=passage, language=language, text=text, by=staff.by, now=now)

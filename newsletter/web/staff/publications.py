"""The publications: which there are, a new one, and what each of them is called and looks like.

A change of what its issues look like voids their approvals, so the page names those issues before anything is saved.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from babel.numbers import format_decimal
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from newsletter.content.characters import on_one_line, tidy
from newsletter.delivery import samples
from newsletter.errors import NewsletterError
from newsletter.issues import approvals, editions, overview, publications
from newsletter.issues.errors import DesignNotFound, PublicationExists, PublicationNameInvalid
from newsletter.issues.models import Publication
from newsletter.issues.overview import IssueSeen
from newsletter.issues.permissions import MANAGE_PUBLICATIONS, WRITE_ISSUES
from newsletter.rendering import legibility, palette
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import HEADERS, MAIL_POLICY, POLICY, page
from newsletter.web.staff.guards import Allowed, Staff, of_publication
from subscribers import lists
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.errors import AddressInvalid, ListNotFound, SlugInvalid
from subscribers.models import MailingList

PATH = "/staff/publications"
ONE = f"{PATH}/{{slug}}"
IMPRINT_LIMIT = 5_000  # characters
DESIGN = "regional"
_FRAMED = f"{POLICY}; frame-src 'self'"

router = APIRouter()

Writer = Annotated[Staff, Depends(Allowed(WRITE_ISSUES, anywhere=True))]
Maker = Annotated[Staff, Depends(Allowed(MANAGE_PUBLICATIONS))]
Manager = Annotated[Staff, Depends(Allowed(MANAGE_PUBLICATIONS, publication=of_publication("slug")))]
Sent = Annotated[Form, Depends(submitted)]


@dataclass(frozen=True, slots=True)
class Entry:
    """A publication in the list."""

    slug: str
    name: str
    sender: str
    list_name: str
    language: str
    colour: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form of a publication says, and the fields that cannot be kept."""

    name: str
    sender_name: str
    sender_address: str
    reply_to: str
    imprint: str
    design: str
    colour: str
    four_eyes: bool
    problems: frozenset[str] = frozenset()


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff: Writer) -> Response:
    """List those that somebody writes for."""
    return _list(staff, Form())


@router.post(PATH)
def make(staff: Maker, form: Sent) -> Response:
    """Make a publication and open it."""
    app, slug, problem = staff.visit.app, form.text("slug", most=60).lower(), ""
    try:
        with app.writing() as session:
            app.site.design(form.text("design"))
            publications.create(
                session,
                slug,
                mailing_list=lists.named(session, form.text("list")),
                name=form.text("name"),
                sender=(form.text("sender_name"), EmailAddress.parse(form.text("sender_address", most=ADDRESS_LIMIT))),
                design=form.text("design"),
                by=staff.by,
                now=app.now(),
            )
    except SlugInvalid:
        problem = "slug"
    except PublicationExists:
        problem = "known"
    except PublicationNameInvalid:
        problem = "name"
    except AddressInvalid:
        problem = "address"
    except (ListNotFound, DesignNotFound):
        problem = "gone"
    return _list(staff, form, problem=problem) if problem else ways.redirect(staff.visit, f"{PATH}/{slug}", done="made")


@router.api_route(ONE, methods=["GET", "HEAD"])
def detail(slug: str, staff: Manager) -> Response:
    """Show one with its form."""
    with staff.visit.app.reading() as session:
        return _detail(staff, session, slug, _as_kept(publications.named(session, slug)))


@router.post(ONE)
def change(slug: str, staff: Manager, form: Sent) -> Response:
    """Save the form, or show what it would be (`act` is `look`), or put the darker shade in (`shade`)."""
    app, asked = staff.visit.app, _as_asked(form, staff.visit.app.site.design_names())
    if form.text("act") in {"look", "shade"} or asked.problems:
        with app.reading() as session:
            return _detail(staff, session, slug, asked, shade=form.text("act") == "shade")
    with app.writing() as session:
        voided = _change(session, publications.named(session, slug), asked, staff=staff)
    return ways.redirect(staff.visit, f"{PATH}/{slug}", done="saved-void" if voided else "saved")


@router.api_route(f"{ONE}/sample", methods=["GET", "HEAD"])
def sample(slug: str, staff: Manager) -> Response:
    """The head of a mail for the frame: in the kept design and colour, or in those of the address."""
    app, asked = staff.visit.app, staff.visit.request.query_params
    policy = MAIL_POLICY.format(pictures=f"'self' {app.settings.public_url} https: data:")
    headers = {**HEADERS, "Content-Security-Policy": policy}
    with app.reading() as session:
        publication = publications.named(session, slug)
        try:
            colour = publications.colour_of(f"#{asked['colour']}") if "colour" in asked else _colour(publication)
            design = asked.get("design", publication.design)
            brand = {**publication.brand, "colour": colour}
            compiled = editions.sample_of(session, publication, app.site, design=design, brand=brand)
        except NewsletterError as error:
            return staff.visit.page(
                "staff/mail_text.html", language=staff.user.language, headers=headers, words=str(error)
            )
    html, _ = samples.preview(compiled, secret=app.secret, public_url=app.site.public_url)
    return HTMLResponse(html, headers=headers)


def _list(staff: Staff, form: Form, *, problem: str = "") -> Response:
    with staff.visit.app.reading() as session:
        entries = [_entry(staff, session, each) for each in publications.every(session) if _may(staff, each)]
        mailing_lists = lists.every(session)
    return page(
        staff,
        "publications.html",
        status=400 if problem else 200,
        entries=entries,
        may_make=staff.everywhere.may(MANAGE_PUBLICATIONS),
        lists=mailing_lists,
        designs=staff.visit.app.site.design_names(),
        design=form.text("design") or DESIGN,
        told=form,
        problem=problem,
    )


def _may(staff: Staff, publication: Publication) -> bool:
    return staff.may_on(WRITE_ISSUES, publication.id)


def _entry(staff: Staff, session: Session, publication: Publication) -> Entry:
    return Entry(
        slug=publication.slug,
        name=publication.name,
        sender=publication.sender_name or publication.sender_address,
        list_name=session.get_one(MailingList, publication.list_id).name,
        language=publication.language,
        colour=_colour(publication),
        may_change=staff.may_on(MANAGE_PUBLICATIONS, publication.id),
    )


def _detail(staff: Staff, session: Session, slug: str, asked: Asked, *, shade: bool = False) -> Response:
    publication = publications.named(session, slug)
    seen = legibility.legibility_of(_colour(publication) if "colour" in asked.problems else asked.colour)
    if shade:
        asked, seen = replace(asked, colour=seen.shade), legibility.legibility_of(seen.shade)
    answer = page(
        staff,
        "publication.html",
        status=400 if asked.problems else 200,
        publication=publication,
        mailing_list=session.get_one(MailingList, publication.list_id),
        asked=asked,
        seen=seen,
        designs=staff.visit.app.site.design_names(),
        voidable=_voidable(session, publication),
        number=partial(format_decimal, format="0.00", locale=staff.user.language),
    )
    answer.headers["Content-Security-Policy"] = _FRAMED
    return answer


def _voidable(session: Session, publication: Publication) -> tuple[IssueSeen, ...]:
    """The issues that a change takes back to draft."""
    ids = approvals.voidable(session, publication)
    return tuple(issue for issue in overview.overview(session, publication).open if issue.id in ids)


def _colour(publication: Publication) -> str:
    return str(publication.brand.get("colour", palette.DEFAULT))


def _as_kept(publication: Publication) -> Asked:
    return Asked(
        name=publication.name,
        sender_name=publication.sender_name,
        sender_address=publication.sender_address,
        reply_to=publication.reply_to,
        imprint=publication.imprint,
        design=publication.design,
        colour=_colour(publication),
        four_eyes=publication.four_eyes,
    )


def _as_asked(form: Form, designs: Collection[str]) -> Asked:
    colour = form.text("colour").lower()
    asked = Asked(
        name=on_one_line(form.text("name")),
        sender_name=on_one_line(form.text("sender_name")),
        sender_address=form.text("sender_address"),
        reply_to=form.text("reply_to"),
        imprint=tidy(form.text("imprint", most=IMPRINT_LIMIT).replace("\r\n", "\n")),
        design=form.text("design"),
        colour=colour if colour.startswith("#") else f"#{colour}",
        four_eyes=bool(form.text("four_eyes")),
    )
    return replace(asked, problems=_problems(asked, designs))


def _problems(asked: Asked, designs: Collection[str]) -> frozenset[str]:
    """The fields that cannot be kept."""
    wrong = {
        "name": not 0 < len(asked.name) <= publications.NAME_LIMIT,
        "sender_name": len(asked.sender_name) > publications.NAME_LIMIT,
        "sender_address": not _is_address(asked.sender_address),
        "reply_to": bool(asked.reply_to) and not _is_address(asked.reply_to),
        "design": asked.design not in designs,
        "colour": not publications.COLOUR.fullmatch(asked.colour),
    }
    return frozenset(field for field, is_wrong in wrong.items() if is_wrong)


def _is_address(text: str) -> bool:
    try:
        EmailAddress.parse(text)
    except AddressInvalid:
        return False
    return True


def _change(session: Session, publication: Publication, asked: Asked, *, staff: Staff) -> tuple[int, ...]:
    return publications.change(
        session,
        publication,
        name=asked.name,
        sender=(asked.sender_name, EmailAddress.parse(asked.sender_address)),
        reply_to=EmailAddress.parse(asked.reply_to) if asked.reply_to else "",
        imprint=asked.imprint,
        design=asked.design,
        # A publication without a colour of its own keeps having none as long as nobody chooses another.
        brand=None if asked.colour == _colour(publication) else {**publication.brand, "colour": asked.colour},
        four_eyes=asked.four_eyes,
        by=staff.by,
        now=staff.visit.app.now(),
    )

"""S1, the start of the staff web: each publication with what is new, what is being written and what runs.

From here an issue is begun: with the newest items that the publication has not used, or empty. Who looks after the
people of a publication without writing for it finds its mailings here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import staff
from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.delivery import precedents, statement
from newsletter.delivery.alerts import listing as alerts
from newsletter.delivery.alerts.wording import Words
from newsletter.delivery.models import Mailing, MailingKind, MailingState
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.delivery.statement import Statement
from newsletter.issues import composing, overview, publications
from newsletter.issues.errors import NothingNew
from newsletter.issues.models import Publication
from newsletter.issues.overview import Overview
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.guards import Allowed, Staff, of_publication
from newsletter.web.staff.mailings.seen import MailingSeen, seen_of
from subscribers.actor import MANAGE_PEOPLE

MAILINGS = 5  # of a publication, for who looks after its people

router = APIRouter()

Anybody = Annotated[Staff, Depends(Allowed(OWN_ACCOUNT))]
Writer = Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=of_publication("slug")))]


@dataclass(frozen=True, slots=True)
class Card:
    """A publication, and the mailings of its issues that run: by the issue's id."""

    seen: Overview
    running: dict[int, Statement]
    suggested: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A publication whose readers somebody looks after without writing for it, and its newest mailings."""

    publication: Publication
    mailings: tuple[MailingSeen, ...]


@router.api_route("/staff", methods=["GET", "HEAD"])
@router.api_route("/staff/", methods=["GET", "HEAD"])
def start(staff_: Anybody) -> Response:
    """Show the publications that somebody writes for, and those whose readers they look after."""
    with staff_.visit.app.reading() as session:
        every = publications.every(session)
        cards = [_card(session, each.slug) for each in every if _may(staff_, each.id)]
        watched = [
            _watched(session, each)
            for each in every
            if not _may(staff_, each.id) and staff_.may_on(MANAGE_PEOPLE, each.id)
        ]
        waiting = _waiting(session, staff_) if cards else []
        names = names_of(session)
    return page(
        staff_,
        "start.html",
        cards=cards,
        watched=watched,
        waiting=waiting,
        names=names,
        there_are_any=bool(every),
        may_act=staff_.may_anywhere(SEND_ISSUES),
    )


@router.post("/staff/publications/{slug}/issues")
def begin(slug: str, staff_: Writer, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Begin an issue and open it."""
    app = staff_.visit.app
    with app.writing() as session:
        publication = publications.named(session, slug)
        try:
            items = composing.suggested(session, publication) if form.text("with") == "suggestion" else []
        except NothingNew:  # somebody was faster
            items = []
        made = composing.create(session, publication, items=items, by=staff_.by, now=app.now()).id
    return ways.redirect(staff_.visit, f"/staff/issues/{made}/edit")


def names_of(session: Session) -> dict[str, str]:
    """What those who act are called, by how the tables name them."""
    return {member.address: member.shown for member in staff.every(session)}


def _waiting(session: Session, staff_: Staff) -> list[Words]:
    """The alerts of their publications, and those of none."""
    found = alerts.waiting(session)
    publication = alerts.publications(session, found)
    theirs = [each for each in found if not (of := publication[each.id]) or _may(staff_, of)]
    return [alerts.words_of(each, language=staff_.user.language) for each in theirs]


def _may(staff_: Staff, publication_id: int) -> bool:
    return staff_.may_on(WRITE_ISSUES, publication_id)


def _watched(session: Session, publication: Publication) -> Watched:
    newest = precedents.newest(session, publication.id, limit=MAILINGS)
    return Watched(publication, tuple(seen_of(session, each.id) for each in newest))


def _card(session: Session, slug: str) -> Card:
    seen = overview.overview(session, publications.named(session, slug))
    sending = [issue.id for issue in seen.open if issue.state == "sending"]
    return Card(seen, _running(session, sending), min(seen.new, composing.SUGGESTED_AT_MOST))


def _running(session: Session, issues: Iterable[int]) -> dict[int, Statement]:
    going = select(Mailing).where(
        Mailing.issue_id.in_(issues),
        Mailing.kind == MailingKind.ISSUE.value,
        Mailing.state.in_([MailingState.SENDING.value, MailingState.PAUSED.value]),
    )
    return {each.issue_id: statement.statement(session, each.id) for each in session.scalars(going) if each.issue_id}

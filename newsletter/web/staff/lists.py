"""The lists: who is on them by number, what their forms ask, and their topics. Who is on them is on other pages."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.i18n import LANGUAGES
from newsletter.issues import overview
from newsletter.issues.models import Publication
from newsletter.issues.overview import IssueSeen
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.guards import LARGEST_ID, NOBODYS, Allowed, Staff, of_list
from subscribers import audience, form_fields, lists, topics
from subscribers.actor import MANAGE_PEOPLE
from subscribers.audience import Numbers
from subscribers.errors import ListExists, ListNameInvalid, SlugInvalid, TopicExists, TopicNameInvalid
from subscribers.form_fields import Asked
from subscribers.models import MailingList, Topic

PATH = "/staff/lists"
ONE = f"{PATH}/{{slug}}"

router = APIRouter()

Keeper = Annotated[Staff, Depends(Allowed(MANAGE_PEOPLE, anywhere=True))]
Maker = Annotated[Staff, Depends(Allowed(MANAGE_PEOPLE))]
Manager = Annotated[Staff, Depends(Allowed(MANAGE_PEOPLE, publication=of_list("slug")))]
Sent = Annotated[Form, Depends(submitted)]


@dataclass(frozen=True, slots=True)
class Entry:
    """A list in the list of lists."""

    slug: str
    name: str
    language: str
    numbers: Numbers


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff: Keeper) -> Response:
    """List those that somebody looks after."""
    return _list(staff, Form())


@router.post(PATH)
def make(staff: Maker, form: Sent) -> Response:
    """Make a list and open it."""
    app, slug, problem = staff.visit.app, form.text("slug", most=60).lower(), ""
    language = form.text("language") if form.text("language") in LANGUAGES else staff.user.language
    try:
        with app.writing() as session:
            lists.create(session, slug, name=form.text("name"), language=language, by=staff.by, now=app.now())
    except SlugInvalid:
        problem = "slug"
    except ListExists:
        problem = "known"
    except ListNameInvalid:
        problem = "name"
    if problem:
        return _list(staff, form, problem=problem)
    return ways.redirect(staff.visit, f"{PATH}/{slug}", done="list-made")


@router.api_route(ONE, methods=["GET", "HEAD"])
def detail(slug: str, staff: Manager) -> Response:
    """Show one."""
    return _detail(staff, slug, Form())


@router.post(f"{ONE}/form")
def ask(slug: str, staff: Manager, form: Sent) -> Response:
    """Change what its sign-up form asks."""
    app = staff.visit.app
    wanted = {name: form.text(name) for name in form_fields.DEFAULTS if form.text(name) in set(Asked)}
    with app.writing() as session:
        mailing_list = lists.named(session, slug)
        changed = {name: value for name, value in wanted.items() if form_fields.of_list(mailing_list)[name] != value}
        if changed:
            form_fields.ask(session, mailing_list, changed, by=staff.by, now=app.now())
    return ways.redirect(staff.visit, f"{PATH}/{slug}", done="saved")


@router.post(f"{ONE}/topics")
def add_topic(slug: str, staff: Manager, form: Sent) -> Response:
    """Add a topic after the others."""
    app, problem = staff.visit.app, ""
    try:
        with app.writing() as session:
            found, names = lists.named(session, slug), _names(form)
            topics.add(session, found, form.text("topic").lower(), names=names, by=staff.by, now=app.now())
    except SlugInvalid:
        problem = "topic-slug"
    except TopicExists:
        problem = "topic-known"
    except TopicNameInvalid:
        problem = "topic-name"
    if problem:
        return _detail(staff, slug, form, problem=problem)
    return ways.redirect(staff.visit, f"{PATH}/{slug}", done="topic-added")


@router.post(f"{ONE}/topics/{{topic_id}}")
def change_topic(slug: str, topic_id: int, staff: Manager, form: Sent) -> Response:
    """Rename a topic, or move it up or down (`act`)."""
    app = staff.visit.app
    places = {"up": -1, "down": 1}.get(form.text("act"))
    try:
        with app.writing() as session:
            topic = _topic(session, slug, topic_id)
            if places is None:
                topics.rename(session, topic, names=_names(form), by=staff.by, now=app.now())
            else:
                topics.move(session, topic, places=places, by=staff.by, now=app.now())
    except TopicNameInvalid:
        return _detail(staff, slug, form, problem=f"topic-{topic_id}")
    return ways.redirect(staff.visit, f"{PATH}/{slug}", done="saved")


@router.api_route(f"{ONE}/topics/{{topic_id}}/remove", methods=["GET", "HEAD"])
def ask_to_remove_topic(slug: str, topic_id: int, staff: Manager) -> Response:
    """Say who and what a topic's removal would touch."""
    with staff.visit.app.reading() as session:
        topic = _topic(session, slug, topic_id)
        chosen_by, touched = topics.chosen_by(session, topic), _touched(session, topic)
    return page(
        staff,
        "topic_remove.html",
        slug=slug,
        topic=topic,
        name=topics.name_of(topic, language=staff.user.language),
        chosen_by=chosen_by,
        touched=touched,
        may_write=lambda publication_id: staff.may_on(WRITE_ISSUES, publication_id),
    )


@router.post(f"{ONE}/topics/{{topic_id}}/remove")
def remove_topic(slug: str, topic_id: int, staff: Manager) -> Response:
    """Remove a topic from the list and from every reader's choice."""
    app = staff.visit.app
    with app.writing() as session:
        topics.remove(session, _topic(session, slug, topic_id), by=staff.by, now=app.now())
    return ways.redirect(staff.visit, f"{PATH}/{slug}", done="topic-removed")


def _touched(session: Session, topic: Topic) -> list[tuple[Publication, IssueSeen]]:
    """The issues with blocks for a topic that have not begun to go out."""
    of_it = select(Publication).where(Publication.list_id == topic.list_id).order_by(Publication.id)
    return [
        (publication, issue)
        for publication in session.scalars(of_it)
        for issue in overview.with_topic(session, publication, topic.slug)
    ]


def _topic(session: Session, slug: str, topic_id: int) -> Topic:
    mailing_list = lists.named(session, slug)
    topic = session.get(Topic, topic_id) if topic_id in range(1, LARGEST_ID + 1) else None
    if topic is None or topic.list_id != mailing_list.id:
        raise HTTPException(404)
    return topic


def _names(form: Form) -> dict[str, str]:
    """The names by language that were filled in; what is not keeps its name."""
    return {language: form.text(f"name-{language}") for language in LANGUAGES if form.text(f"name-{language}")}


def _list(staff: Staff, form: Form, *, problem: str = "") -> Response:
    now = staff.visit.app.now()
    with staff.visit.app.reading() as session:
        entries = [
            Entry(each.slug, each.name, each.language, audience.numbers(session, each, now=now))
            for each in lists.every(session)
            if staff.may_on(MANAGE_PEOPLE, _publication_id(session, each))
        ]
    return page(
        staff,
        "lists.html",
        status=400 if problem else 200,
        entries=entries,
        may_make=staff.everywhere.may(MANAGE_PEOPLE),
        told=form,
        problem=problem,
    )


def _publication_id(session: Session, mailing_list: MailingList) -> int:
    """As `guards.of_list` finds it."""
    of_it = select(Publication.id).where(Publication.list_id == mailing_list.id).order_by(Publication.id).limit(1)
    return session.scalar(of_it) or NOBODYS


def _detail(staff: Staff, slug: str, form: Form, *, problem: str = "") -> Response:
    app = staff.visit.app
    with app.reading() as session:
        found = lists.named(session, slug)
        of_it = select(Publication).where(Publication.list_id == found.id).order_by(Publication.id)
        facts = {
            "numbers": audience.numbers(session, found, now=app.now()),
            "fields": form_fields.of_list(found),
            "topics": topics.of_list(session, found),
            "publications": session.scalars(of_it).all(),
        }
    return page(
        staff,
        "list.html",
        status=400 if problem else 200,
        mailing_list=found,
        asked=tuple(Asked),
        languages=LANGUAGES,
        public_url=app.settings.public_url,
        told=form,
        problem=problem,
        **facts,
    )

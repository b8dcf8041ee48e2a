"""The sources of the pool: how each is, what an address would give, and a story added by its link.

A source is asked by a worker. What is asked here, while somebody waits, is one address and at most one picture, has
`PATIENCE_S` for each, and few at a time may wait so (`_TRYING`): the other pages go on meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import BoundedSemaphore
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response
from sqlalchemy.orm import Session

from newsletter.news import gathering, importing, pool, sources, troubles
from newsletter.news.article import NoArticle
from newsletter.news.feeds import FeedInvalid
from newsletter.news.fetching import FetchFailed, FetchPolicy
from newsletter.news.gathering import Gatherer, Trial
from newsletter.news.models import Source, SourceKind
from newsletter.news.permissions import WRITE_NEWS
from newsletter.news.pool import Outcome, SourceExists, SourceInvalid
from newsletter.news.sources import SourceNotFound
from newsletter.news.troubles import Words
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import page
from newsletter.web.staff.guards import LARGEST_ID, Allowed, Staff

PATH = "/staff/sources"
KINDS = (SourceKind.FEED, SourceKind.PAGE)
PATIENCE_S = 10.0
SHOWN = 10  # stories of a trial
_LONGEST_ADDRESS = 2_000
_TRYING = BoundedSemaphore(4)

router = APIRouter()

Writer = Annotated[Staff, Depends(Allowed(WRITE_NEWS))]
Sent = Annotated[Form, Depends(submitted)]


T = TypeVar("T")


class TooMany(Exception):
    """Others are trying addresses just now."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An address that was tried: what it would give, or what is wrong with it."""

    url: str
    trial: Trial | None = None
    problem: Words | None = None


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff: Writer) -> Response:
    """List them."""
    return _page(staff, Form())


@router.post(PATH)
def add(staff: Writer, form: Sent) -> Response:
    """Add a source, or show what it would give (`act` is `try`)."""
    app, url, kind = staff.visit.app, form.text("url", most=_LONGEST_ADDRESS), _kind(form)
    if form.text("act") == "try":
        return _trial(staff, form, url=url, kind=kind)
    try:
        with app.writing() as session:
            source = pool.add_source(session, url, kind=kind, by=staff.by, now=app.now())
            sources.ask_soon(session, source, by=staff.by, now=app.now())
    except SourceInvalid:
        return _page(staff, form, problem="address")
    except SourceExists:
        return _page(staff, form, problem="known")
    return ways.redirect(staff.visit, PATH, done="source-added")


@router.post(f"{PATH}/link")
def add_story(staff: Writer, form: Sent) -> Response:
    """Bring one story into the pool by its link."""
    app, url = staff.visit.app, form.text("link", most=_LONGEST_ADDRESS)
    try:
        kept = _soon(lambda: importing.import_page(app, url, gatherer=_gatherer(staff), by=staff.by, now=app.now()))
    except (FetchFailed, FeedInvalid, NoArticle) as error:
        words = troubles.words(error.trouble, error.detail, language=staff.user.language)
        return _page(staff, form, link_problem=words)
    except TooMany:
        return _page(staff, form, problem="often")
    done = {Outcome.NEW: "story-new", Outcome.CHANGED: "story-changed", Outcome.UNCHANGED: "story-known"}
    return ways.redirect(staff.visit, PATH, done=done[kept.outcome])


@router.post(f"{PATH}/{{source_id}}/try")
def try_again(source_id: int, staff: Writer) -> Response:
    """Show what a source would give now."""
    with staff.visit.app.reading() as session:
        source = _found(session, source_id)
        url, kind = source.url, SourceKind(source.kind)
    return _trial(staff, Form(), url=url, kind=kind)


@router.post(f"{PATH}/{{source_id}}/ask")
def ask(source_id: int, staff: Writer) -> Response:
    """Have a worker ask it soon."""
    return _acted(staff, source_id, sources.ask_soon, done="source-asked")


@router.post(f"{PATH}/{{source_id}}/pause")
def pause(source_id: int, staff: Writer) -> Response:
    """Ask it no more for now."""
    return _acted(staff, source_id, sources.pause, done="source-paused")


@router.post(f"{PATH}/{{source_id}}/resume")
def resume(source_id: int, staff: Writer) -> Response:
    """Ask it again."""
    return _acted(staff, source_id, sources.resume, done="source-resumed")


@router.post(f"{PATH}/{{source_id}}/remove")
def remove(source_id: int, staff: Writer) -> Response:
    """Forget it; its items stay."""
    return _acted(staff, source_id, sources.remove, done="source-removed")


def _acted(staff: Staff, source_id: int, act: Callable[..., object], *, done: str) -> Response:
    app = staff.visit.app
    with app.writing() as session:
        act(session, _found(session, source_id), by=staff.by, now=app.now())
    return ways.redirect(staff.visit, PATH, done=done)


def _found(session: Session, source_id: int) -> Source:
    if source_id not in range(1, LARGEST_ID + 1):
        raise HTTPException(404)
    try:
        return sources.one(session, source_id)
    except SourceNotFound:
        raise HTTPException(404) from None


def _kind(form: Form) -> SourceKind:
    return SourceKind.PAGE if form.text("kind") == SourceKind.PAGE.value else SourceKind.FEED


def _trial(staff: Staff, form: Form, *, url: str, kind: SourceKind) -> Response:
    app = staff.visit.app
    try:
        trial = _soon(lambda: gathering.try_out(app, url, kind=kind, policy=_policy(staff)))
    except (FetchFailed, FeedInvalid, NoArticle) as error:
        words = troubles.words(error.trouble, error.detail, language=staff.user.language)
        return _page(staff, form, tried=Tried(url, problem=words))
    except TooMany:
        return _page(staff, form, problem="often")
    return _page(staff, form, tried=Tried(url, trial))


def _soon(act: Callable[[], T]) -> T:
    """Do what waits for somebody else's server, unless so many do already.

    Raises:
        TooMany: they do.
    """
    if not _TRYING.acquire(blocking=False):
        raise TooMany
    try:
        return act()
    finally:
        _TRYING.release()


def _policy(staff: Staff) -> FetchPolicy:
    return replace(staff.visit.app.gatherer.policy, limit_seconds=PATIENCE_S)


def _gatherer(staff: Staff) -> Gatherer:
    return replace(staff.visit.app.gatherer, policy=_policy(staff))


def _page(
    staff: Staff, form: Form, *, tried: Tried | None = None, problem: str = "", link_problem: Words | None = None
) -> Response:
    app = staff.visit.app
    with app.reading() as session:
        seen = sources.seen(session, now=app.now())
    return page(
        staff,
        "sources.html",
        status=400 if problem or link_problem else 200,
        sources=seen,
        kinds=KINDS,
        kind=_kind(form),
        told=form,
        tried=tried,
        shown=SHOWN,
        problem=problem,
        link_problem=link_problem,
    )

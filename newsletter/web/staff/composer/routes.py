"""The routes of the composer. The form works without scripts: each button saves, does its act and shows the page."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from newsletter.errors import WrongState
from newsletter.issues import cutting, presence, revisions
from newsletter.issues.errors import RevisionNotFound
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.web.forms import Form, submitted
from newsletter.web.staff import ways
from newsletter.web.staff.answers import HEADERS, MAIL_POLICY
from newsletter.web.staff.composer import acts, fields, saving
from newsletter.web.staff.composer.acts import Act
from newsletter.web.staff.composer.desk import Desk, PoolFilter, desk, drafted, here, rendered
from newsletter.web.staff.composer.page import composer, live, said_of
from newsletter.web.staff.composer.saving import Saved
from newsletter.web.staff.guards import Allowed, Staff, of_issue

PATH = "/staff/issues/{issue_id}"
LIVE = "application/json"  # what the script accepts
_DONE = {"submit": "submitted", "approve": "approved", "call-back": "called-back"}

router = APIRouter()

Writer = Annotated[Staff, Depends(Allowed(WRITE_ISSUES, publication=of_issue("issue_id")))]
Sent = Annotated[Form, Depends(submitted)]


@router.api_route(f"{PATH}/edit", methods=["GET", "HEAD"])
def show(issue_id: int, staff: Writer) -> Response:
    """Show the issue on the desk."""
    asked = staff.visit.request.query_params
    return composer(staff, _desk(staff, issue_id, asked), opened=asked.get("open", ""))


@router.post(f"{PATH}/edit")
def save(issue_id: int, staff: Writer, form: Sent) -> Response:
    """Save the form and do what its button says."""
    app, act, base = staff.visit.app, Act.of(form.text("act")), _base(form)
    try:
        with app.writing() as session:
            issue = revisions.issue(session, issue_id)
            saved = saving.save(session, issue, form=form.fields, act=act, base=base, by=staff.by, now=app.now())
    except RevisionNotFound:
        raise HTTPException(400) from None
    except WrongState:
        return _refused(staff, issue_id, form)
    cutting.cut(saved.content, app.site.media_folder)  # here it holds up nobody else who writes
    problem = _move(staff, issue_id, act, saved) if act.word in saving.MOVES else ""
    return _answer(staff, issue_id, form, act=act, saved=saved, problem=problem)


@router.post(f"{PATH}/here")
def tell(issue_id: int, staff: Writer, form: Sent) -> Response:
    """Hear from the script that somebody has the issue open, or with `gone` no longer; say who else has."""
    app = staff.visit.app
    with app.writing() as session:
        issue = revisions.issue(session, issue_id)
        if form.text("gone"):
            presence.gone(session, issue, who=staff.by.name)
        else:
            presence.here(session, issue, who=staff.by.name, now=app.now())
        people = here(session, issue_id, app=app, besides=staff.by.name)
    told = [{"name": each.name, "initials": each.initials} for each in people]
    return JSONResponse({"here": told}, headers=HEADERS)


@router.api_route(f"{PATH}/preview", methods=["GET", "HEAD"])
def preview(issue_id: int, staff: Writer) -> Response:
    """The mail alone, for the frame: as it is, with pictures off, or its text part (`?as=no-pictures`, `?as=text`).

    `?reader=` says for whom, as in `composer.readers`.
    """
    app, asked = staff.visit.app, staff.visit.request.query_params
    shown = asked.get("as", "")
    with app.reading() as session:
        mail = rendered(session, revisions.issue(session, issue_id), app=app, reader=asked.get("reader", ""))
    pictures = "'none'" if shown == "no-pictures" else f"'self' {app.settings.public_url} https: data:"
    headers = {**HEADERS, "Content-Security-Policy": MAIL_POLICY.format(pictures=pictures)}
    if shown == "text" or mail.problem:
        words = mail.problem or mail.text
        return staff.visit.page("staff/mail_text.html", language=staff.user.language, headers=headers, words=words)
    return HTMLResponse(mail.html, headers=headers)


@router.post(f"{PATH}/preview")
def preview_ahead(issue_id: int, staff: Writer, form: Sent) -> Response:
    """The mail as the form has it, for the script while somebody types; nothing is saved."""
    app, base = staff.visit.app, _base(form)
    try:
        with app.reading() as session:
            issue = revisions.issue(session, issue_id)
            content = fields.read(form.fields, revisions.content_at(session, issue, base))
            mail = drafted(session, issue, content, app=app, reader=form.text("reader"))
    except RevisionNotFound:
        raise HTTPException(400) from None
    return JSONResponse({"mail": mail.html, "text": mail.text}, headers=HEADERS)


def _base(form: Form) -> int:
    """The revision that the form was made of."""
    base = acts.number(form.text("base"))
    if base is None:
        raise HTTPException(400)
    return base


def _move(staff: Staff, issue_id: int, act: Act, saved: Saved) -> str:
    """Submit, approve or call back, unless somebody changed meanwhile what this person had before them."""
    if saved.held or (act.word == "approve" and not saved.is_as_seen):
        return "changed"
    app = staff.visit.app
    ready = saving.made_ready(app, issue_id, act)
    with app.writing() as session:
        issue = revisions.issue(session, issue_id)
        if revisions.content_of(session, issue) != saved.content:
            return "changed"
        return saving.move(session, issue, act=act, site=app.site, by=staff.by, now=app.now(), ready=ready)


def _answer(staff: Staff, issue_id: int, form: Form, *, act: Act, saved: Saved, problem: str) -> Response:
    is_live = _is_live(staff)
    if not is_live and not problem and not saved.held:
        return _onwards(staff, issue_id, act, form)
    seen = _desk(staff, issue_id, form.fields)
    page = composer(
        staff, seen, held=saved.held, problem=problem, opened=act.about, status=409 if problem and not is_live else 200
    )
    if not is_live:
        return page
    said = said_of(act, saved.before, saved.content, language=staff.user.language)
    return live(page, seen, merged=saved.merged, said=said)


def _refused(staff: Staff, issue_id: int, form: Form) -> Response:
    """The issue can no longer be changed: show it as it is, which says why."""
    seen = _desk(staff, issue_id, form.fields)
    if _is_live(staff):
        return JSONResponse({"state": seen.state}, 409, headers=HEADERS)
    return composer(staff, seen, problem="state", status=409)


def _onwards(staff: Staff, issue_id: int, act: Act, form: Form) -> Response:
    """Show the page by GET, at the place where something was done."""
    if act.word == "to-send":
        return ways.redirect(staff.visit, f"{PATH.format(issue_id=issue_id)}/send")
    query = dict(PoolFilter.of(form.fields).query)
    if form.text("reader"):
        query["reader"] = form.text("reader")
    if act.word in _DONE:
        query["done"] = _DONE[act.word]
    elif act.word in {"up", "down", "restore", "take", "no-picture"}:
        query["open"] = act.about.partition(".")[0]
    fragment = f"#block-{query['open']}" if "open" in query else ""
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{staff.visit.pages.prefix}{_path(issue_id)}{asked}{fragment}", 303)


def _path(issue_id: int) -> str:
    return f"{PATH.format(issue_id=issue_id)}/edit"


def _is_live(staff: Staff) -> bool:
    return staff.visit.request.headers.get("accept") == LIVE


def _desk(staff: Staff, issue_id: int, asked: Mapping[str, str]) -> Desk:
    """The desk, as a query or a form asks to see it."""
    with staff.visit.app.reading() as session:
        issue = revisions.issue(session, issue_id)
        return desk(
            session,
            issue,
            app=staff.visit.app,
            author=staff.by.name,
            language=staff.user.language,
            wanted=PoolFilter.of(asked),
            reader=asked.get("reader", ""),
        )

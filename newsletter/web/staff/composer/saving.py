"""What a form of the composer does: save what was written, then the act of the button."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.content.blocks import IssueContent
from newsletter.content.merging import Conflict
from newsletter.errors import WrongState
from newsletter.issues import approving, editing, revisions
from newsletter.issues.editing import Edited
from newsletter.issues.editions import Edition
from newsletter.issues.errors import DesignNotFound, FourEyes, GateClosed, NotSubmitted
from newsletter.issues.models import Issue, Publication
from newsletter.issues.site import Site
from newsletter.rendering.errors import TemplateInvalid
from newsletter.web.staff.composer import acts, fields, held
from newsletter.web.staff.composer.acts import Act
from newsletter.web.staff.composer.held import Held
from subscribers.actor import Actor

MOVES = frozenset({"submit", "approve", "call-back"})


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a form.

    `merged` names the fields that say something else now than the form did; `is_as_seen` tells whether the issue is
    what whoever sent the form had before them.
    """

    before: IssueContent
    content: IssueContent
    merged: tuple[str, ...]
    held: tuple[Held, ...]
    is_as_seen: bool


def save(
    session: Session, issue: Issue, *, form: Mapping[str, str], act: Act, base: int, by: Actor, now: dt.datetime
) -> Saved:
    """Save what a form says, with what its button does to the blocks.

    Raises:
        RevisionNotFound, WrongState: see `editing.edit`.
    """
    language = session.get_one(Publication, issue.publication_id).language
    before = revisions.content_at(session, issue, base)
    said = acts.taken(form, act)
    mine = acts.ticked(session, fields.read(said, before), form, base=base, language=language)
    mine = acts.done(session, mine, act, base=base, language=language)
    edited = editing.edit(session, issue, mine, base=base, by=by, now=now)
    conflicts = edited.conflicts
    is_as_seen = edited.content == mine
    stepped = _stepped(session, issue, act, by=by, now=now)
    if stepped:
        edited, conflicts = stepped, (*conflicts, *stepped.conflicts)
    return Saved(
        before,
        edited.content,
        _merged(fields.read(form, before), edited.content),
        _held(said, conflicts, edited.content),
        is_as_seen,
    )


def made_ready(app: App, issue_id: int, act: Act) -> Edition | None:
    """Do what takes long of an approval before `move`; nothing for other moves, nor where the issue cannot be made."""
    if act.word != "approve":
        return None
    try:
        with app.reading() as session:
            return approving.made_ready(session, revisions.issue(session, issue_id), site=app.site)
    except (TemplateInvalid, DesignNotFound):  # of which the move tells
        return None


def move(
    session: Session, issue: Issue, *, act: Act, site: Site, by: Actor, now: dt.datetime, ready: Edition | None = None
) -> str:
    """Submit, approve or call back; give the word for why that cannot be, empty where it is done."""
    try:
        match act.word:
            case "submit":
                approving.submit(session, issue, by=by, now=now)
            case "approve":
                approving.approve(session, issue, site=site, by=by, now=now, ready=ready)
            case "call-back":
                approving.call_back(session, issue, by=by, now=now)
    except (GateClosed, TemplateInvalid, DesignNotFound):
        return "errors"
    except FourEyes:
        return "four-eyes"
    except NotSubmitted:
        return "not-submitted"
    except WrongState:
        return "state"
    return ""


def _stepped(session: Session, issue: Issue, act: Act, *, by: Actor, now: dt.datetime) -> Edited | None:
    if act.word == "undo":
        return editing.undo(session, issue, by=by, now=now)
    if act.word == "redo":
        return editing.redo(session, issue, by=by, now=now)
    return None


def _merged(sent: IssueContent, content: IssueContent) -> tuple[str, ...]:
    was = fields.of(sent)
    return tuple(name for name, value in fields.of(content).items() if name in was and was[name] != value)


def _held(form: Mapping[str, str], conflicts: tuple[Conflict, ...], content: IssueContent) -> tuple[Held, ...]:
    return held.standing((*held.of_form(form), *held.of_conflicts(conflicts)), content)

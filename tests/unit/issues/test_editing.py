import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from newsletter.accounts.roles import PERMISSIONS, Role
from newsletter.content.blocks import Divider, IssueContent, Story, Text
from newsletter.content.merging import Conflict
from newsletter.errors import WrongState
from newsletter.issues import approving, composing, editing, revisions
from newsletter.issues.editing import Edited
from newsletter.issues.errors import RevisionNotFound
from newsletter.issues.models import Issue, IssueState
from newsletter.issues.undoing import Act
from subscribers.actor import Actor, ActorKind
from subscribers.errors import NotPermitted
from tests.support.makers import BY, NOW, SITE, a_list, a_publication

ANA = Actor(ActorKind.STAFF, "ana@example.org", PERMISSIONS[Role.APPROVER])
BEN = Actor(ActorKind.STAFF, "ben@example.org", PERMISSIONS[Role.EDITOR])
LISA = Actor(ActorKind.STAFF, "lisa@example.org", PERMISSIONS[Role.LIST_ADMIN])
FEST = Story("f", "Fest am See", "<p>Am Samstag.</p>")
HAUS = Story("h", "Neues Rathaus", "<p>Fertig.</p>")
FIRST = IssueContent("Neues", "Aus der Region", (FEST, HAUS))


@pytest.fixture
def issue(session: Session) -> Issue:
    """An issue that says `FIRST` at revision 2."""
    made = composing.create(session, a_publication(session, a_list(session)), items=[], by=BY, now=NOW)
    revisions.save(session, made, FIRST, by=BY, now=NOW)
    return made


Do = Callable[..., Edited]


@pytest.fixture
def edit(session: Session, issue: Issue) -> Do:
    """Change fields of the newest content, as somebody, some seconds later."""

    def edited(by: Actor = ANA, *, base: int | None = None, after_s: int = 0, **changed: Any) -> Edited:
        number = issue.revision if base is None else base
        content = dataclasses.replace(revisions.content_at(session, issue, number), **changed)
        return editing.edit(session, issue, content, base=number, by=by, now=NOW + dt.timedelta(seconds=after_s))

    return edited


def said(session: Session, issue: Issue) -> tuple[str, str]:
    content = revisions.content_of(session, issue)
    return content.subject, content.preheader


def test_what_is_written_is_the_newest_revision(session: Session, issue: Issue, edit: Do) -> None:
    edited = edit(subject="Neues im Mai")

    assert edited == Edited(3, dataclasses.replace(FIRST, subject="Neues im Mai"))
    assert revisions.content_of(session, issue) == edited.content


def test_nothing_new_is_no_revision(issue: Issue, edit: Do) -> None:
    assert edit().revision == 2
    assert issue.revision == 2


def test_what_others_saved_since_stays(session: Session, issue: Issue, edit: Do) -> None:
    edit(BEN, subject="Bens Betreff")

    edited = edit(ANA, base=2, preheader="Anas Vorspann")

    assert edited.conflicts == ()
    assert said(session, issue) == ("Bens Betreff", "Anas Vorspann")


def test_of_the_same_field_the_first_stays_and_the_second_is_told(session: Session, issue: Issue, edit: Do) -> None:
    edit(BEN, subject="Bens Betreff")

    edited = edit(ANA, base=2, subject="Anas Betreff")

    assert edited.conflicts == (Conflict("", "subject", "Anas Betreff", "Bens Betreff"),)
    assert said(session, issue) == ("Bens Betreff", "Aus der Region")
    assert issue.revision == 3


def test_the_same_request_again_changes_nothing(issue: Issue, edit: Do) -> None:
    first = edit(ANA, base=2, subject="Neues im Mai", blocks=(FEST, HAUS, Divider("b3-divider")))

    assert edit(ANA, base=2, subject="Neues im Mai", blocks=(FEST, HAUS, Divider("b3-divider"))) == first
    assert issue.revision == 3


def test_an_item_that_two_placed_at_once_is_there_once_as_it_was_written_since(issue: Issue, edit: Do) -> None:
    new = Story("b3-7", "Ein Ticket für alle", "")
    edit(BEN, base=2, blocks=(FEST, HAUS, new))
    shorter = dataclasses.replace(new, title="Ein Ticket")
    edit(BEN, blocks=(FEST, HAUS, shorter))

    edited = edit(ANA, base=2, blocks=(FEST, HAUS, new))

    assert (edited.content.blocks, edited.conflicts) == ((FEST, HAUS, shorter), ())
    assert issue.revision == 4


def test_a_base_that_never_was_is_refused(session: Session, issue: Issue) -> None:
    with pytest.raises(RevisionNotFound, match="has no revision 9"):
        editing.edit(session, issue, FIRST, base=9, by=ANA, now=NOW)


def test_nobody_writes_without_the_permission(session: Session, issue: Issue) -> None:
    with pytest.raises(NotPermitted):
        editing.edit(session, issue, dataclasses.replace(FIRST, subject="x"), base=2, by=LISA, now=NOW)


def test_a_scheduled_issue_cannot_be_changed(session: Session, issue: Issue, edit: Do) -> None:
    approving.approve(session, issue, site=SITE, by=ANA, now=NOW)
    issue.move(IssueState.SCHEDULED)

    with pytest.raises(WrongState):
        edit(subject="Zu spät")


def test_undo_takes_back_the_own_last_edit_and_redo_does_it_again(session: Session, issue: Issue, edit: Do) -> None:
    edit(subject="Eins")
    edit(preheader="Zwei")

    editing.undo(session, issue, by=ANA, now=NOW)
    assert said(session, issue) == ("Eins", "Aus der Region")
    editing.undo(session, issue, by=ANA, now=NOW)
    assert said(session, issue) == ("Neues", "Aus der Region")
    assert editing.undo(session, issue, by=ANA, now=NOW) is None

    editing.redo(session, issue, by=ANA, now=NOW)
    editing.redo(session, issue, by=ANA, now=NOW)
    assert said(session, issue) == ("Eins", "Zwei")
    assert editing.redo(session, issue, by=ANA, now=NOW) is None


def test_undo_leaves_what_others_wrote(session: Session, issue: Issue, edit: Do) -> None:
    edit(ANA, subject="Anas Betreff")
    edit(BEN, preheader="Bens Vorspann")

    editing.undo(session, issue, by=ANA, now=NOW)

    assert said(session, issue) == ("Neues", "Bens Vorspann")
    assert editing.steps(session, issue, author=BEN.name).undo is not None


def test_undo_of_what_somebody_overwrote_since_changes_nothing_and_counts_as_done(
    session: Session, issue: Issue, edit: Do
) -> None:
    edit(ANA, subject="Anas Betreff")
    edit(BEN, subject="Bens Betreff")

    undone = editing.undo(session, issue, by=ANA, now=NOW)

    assert undone is not None
    assert undone.conflicts == (Conflict("", "subject", "Neues", "Bens Betreff"),)
    assert said(session, issue) == ("Bens Betreff", "Aus der Region")
    assert editing.undo(session, issue, by=ANA, now=NOW) is None


def test_half_a_minute_in_one_field_is_one_step(session: Session, issue: Issue, edit: Do) -> None:
    for after_s, subject in ((0, "N"), (20, "Ne"), (45, "Neu"), (90, "Neue")):
        edit(after_s=after_s, subject=subject)

    editing.undo(session, issue, by=ANA, now=NOW)
    assert said(session, issue)[0] == "Neu"
    editing.undo(session, issue, by=ANA, now=NOW)
    assert said(session, issue)[0] == "Neues"


def test_a_new_edit_ends_what_could_be_done_again(session: Session, issue: Issue, edit: Do) -> None:
    edit(subject="Eins")
    editing.undo(session, issue, by=ANA, now=NOW)
    edit(preheader="Zwei")

    assert editing.redo(session, issue, by=ANA, now=NOW) is None


def test_a_removed_block_comes_back_where_it_was(session: Session, issue: Issue, edit: Do) -> None:
    edit(blocks=(HAUS,))

    undone = editing.undo(session, issue, by=ANA, now=NOW)

    assert undone is not None
    assert undone.content.blocks == (FEST, HAUS)


def test_an_undo_that_changes_nothing_leaves_an_approval(session: Session, issue: Issue, edit: Do) -> None:
    edit(ANA, subject="Anas Betreff")
    edit(BEN, subject="Bens Betreff")
    approving.approve(session, issue, site=SITE, by=ANA, now=NOW)

    editing.undo(session, issue, by=ANA, now=NOW)

    assert issue.state == "approved"
    assert approving.still_holds(session, issue, site=SITE, by=ANA, now=NOW)


def test_the_log_tells_how_each_revision_came_about(session: Session, issue: Issue, edit: Do) -> None:
    edit(blocks=(HAUS, dataclasses.replace(FEST, title="Seefest"), Text("t", "")))
    editing.undo(session, issue, by=ANA, now=NOW)

    log = revisions.log(session, issue)

    assert [(entry.number, entry.author, entry.act) for entry in log[2:]] == [
        (3, "ana@example.org", Act.EDIT),
        (4, "ana@example.org", Act.UNDO),
    ]
    assert log[2].places == log[3].places == frozenset({".order", "f.title", "t.added"})

import dataclasses
import datetime as dt

import pytest
from sqlalchemy.orm import Session

from newsletter.content.differences import Difference
from newsletter.issues import composing, editing, history, revisions
from newsletter.issues.history import Change
from newsletter.issues.models import Issue
from newsletter.issues.undoing import Act
from tests.support.makers import BY, NOW, a_list, a_publication

NAME = "command line"


@pytest.fixture
def issue(session: Session) -> Issue:
    return composing.create(session, a_publication(session, a_list(session)), items=[], subject="A", by=BY, now=NOW)


def later(seconds: int) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def test_changes_are_told_newest_first_and_what_was_typed_in_one_go_is_one(session: Session, issue: Issue) -> None:
    for seconds, subject in ((0, "Ab"), (20, "Abc"), (60, "Abcd")):
        content = dataclasses.replace(revisions.content_of(session, issue), subject=subject)
        editing.edit(session, issue, content, base=issue.revision, by=BY, now=later(seconds))
    editing.undo(session, issue, by=BY, now=later(70))

    assert history.history(session, issue, limit=9) == [
        Change(5, 5, NAME, later(70), Act.UNDO, (Difference("", "subject", "Abcd", "Abc"),)),
        Change(4, 4, NAME, later(60), Act.EDIT, (Difference("", "subject", "Abc", "Abcd"),)),
        Change(2, 3, NAME, later(20), Act.EDIT, (Difference("", "subject", "A", "Abc"),)),
        Change(1, 1, NAME, NOW, Act.EDIT),
    ]
    assert [change.first for change in history.history(session, issue, limit=2)] == [5, 4]

import ast
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from newsletter.accounts import actions, auditing
from newsletter.accounts.auditing import Filter
from subscribers import audit, leave_reasons
from subscribers.actor import Actor, ActorKind
from subscribers.errors import NotPermitted
from subscribers.models import Errand
from tests.support.makers import BY, NOW

ROOT = Path(__file__).parents[3]
ANA = Actor(ActorKind.STAFF, "ana@example.org", None)


# Calls that name what they record in a variable.
NAMED_ELSEWHERE = {
    "subscribers/errands.py": {f"errand.{each}" for each in Errand},
    "subscribers/leave_reasons.py": {leave_reasons.ACTION},
    "subscribers/measuring.py": {"measuring.agree", "measuring.refuse"},
    "newsletter/readers/noticing.py": {"subscriber.tell_changes"},
    "newsletter/readers/undoing.py": {"subscription.offer_undo"},
}


def recorded() -> Iterator[str]:
    """Every action that the code writes into the log."""
    for room in ("newsletter", "subscribers"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                    action = node.args[1]
                    here = path.relative_to(ROOT).as_posix()
                    yield from {str(action.value)} if isinstance(action, ast.Constant) else NAMED_ELSEWHERE[here]


def test_every_action_has_a_name_in_german_and_english() -> None:
    found = set(recorded())

    assert len(found) > 40
    assert found - set(actions.names("en")) == set()
    assert actions.name_of("issue.approve", language="de") == "Ausgabe freigegeben"
    assert actions.name_of("issue.of-tomorrow", language="de") == "issue.of-tomorrow"


def test_no_name_is_left_of_an_action_that_is_gone() -> None:
    assert set(actions.names("en")) - set(recorded()) == set()


@pytest.fixture
def log(session: Session) -> None:
    """Seven acts, two of them at the same moment."""
    for number in range(7):
        at = NOW + dt.timedelta(days=min(number, 5))
        by, subject = (ANA, f"issue:{number}") if number % 2 else (BY, f"list:{number}")
        audit.record(session, f"act.{number}", subject, by=by, now=at, number=number)
    session.flush()


def acts(session: Session, wanted: Filter, limit: int = 50) -> list[str]:
    return [entry.action for entry in auditing.page(session, wanted, after="", limit=limit).entries]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), "6543210"),
        (Filter(actor="ana@example.org"), "531"),
        (Filter(subject="issue:3"), "3"),
        (Filter(subject="list"), "6420"),
        (Filter(subject="iss"), ""),
        (Filter(subject="%"), ""),
        (Filter(action="act.4"), "4"),
        (Filter(since=NOW + dt.timedelta(days=4)), "654"),
        (Filter(until=NOW + dt.timedelta(days=1)), "0"),
        (Filter(actor="ana@example.org", since=NOW + dt.timedelta(days=2)), "53"),
    ],
    ids=str,
)
def test_the_log_is_filtered_newest_first(session: Session, wanted: Filter, found: str) -> None:
    assert acts(session, wanted) == [f"act.{number}" for number in found]


@pytest.mark.usefixtures("log")
def test_pages_follow_each_other_without_a_gap_whatever_is_written_meanwhile(session: Session) -> None:
    seen, cursor = [], ""
    while True:
        found = auditing.page(session, Filter(), after=cursor, limit=2)
        seen += [entry.action for entry in found.entries]
        audit.record(session, "act.new", "list:9", by=BY, now=NOW + dt.timedelta(days=9))
        session.flush()
        cursor = found.next
        if not cursor:
            break

    assert seen == [f"act.{number}" for number in "6543210"]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("cursor", ["x", "1-", "99999999999999999999-1", "1-1; DROP TABLE", "²-1"])
def test_a_cursor_that_is_none_begins_at_the_newest(session: Session, cursor: str) -> None:
    assert auditing.page(session, Filter(), after=cursor, limit=1).entries[0].action == "act.6"


def test_a_cell_is_no_formula(session: Session) -> None:
    audit.record(session, "issue.save", "issue:1", by=Actor(ActorKind.STAFF, "=cmd()", None), now=NOW, slug="x")
    session.flush()

    header, row = list(auditing.lines(session, Filter(), language="de"))

    assert header == ("at", "actor", "action", "action_name", "subject", "details")
    at, *rest = row
    assert at == "2026-11-23T09:00:00+00:00"
    assert rest == ["'=cmd()", "issue.save", "Ausgabe gespeichert", "issue:1", '{"slug": "x"}']


def test_taking_the_log_away_stands_in_the_log_and_is_not_for_everybody(session: Session) -> None:
    auditing.export(session, by=ANA, now=NOW, wanted=Filter(actor="ben@example.org"))
    session.flush()

    [entry] = auditing.page(session, Filter(), after="", limit=9).entries
    assert (entry.action, entry.details) == ("audit.export", {"filter": ["actor ben@example.org"]})
    with pytest.raises(NotPermitted):
        auditing.export(session, by=Actor(ActorKind.STAFF, "eda@example.org", frozenset()), now=NOW, wanted=Filter())

"""S1: what is new, what is being written, and where an issue begins."""

import datetime as dt

import pytest
from sqlalchemy import delete

from newsletter.accounts.models import StaffGrant
from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.delivery import dispatching
from newsletter.delivery.alerts import raising
from newsletter.issues import approving
from newsletter.issues.models import Issue, IssueState
from tests.support.alerts import FULL
from tests.support.composing import an_issue, content, in_the_pool
from tests.support.makers import BY, a_list, a_publication
from tests.support.staff import seated
from tests.support.web import Client


@pytest.fixture
def editor(app: App) -> Client:
    return seated(app, "ana@example.org", Grant(Role.EDITOR)).client


def test_an_issue_is_begun_with_what_is_new(app: App, editor: Client) -> None:
    for title in ("Fest am See", "Neues Rathaus"):
        in_the_pool(app, title)
    text = editor.get("/staff/").text
    assert "2 neue Meldungen" in text
    assert "Ausgabe mit 2 Meldungen anlegen" in text

    answer = editor.post("/staff/publications/aktuell/issues", data={"with": "suggestion"}, follow_redirects=False)

    assert answer.headers["location"] == "/staff/issues/1/edit"
    assert content(app, 1).subject == "Neues Rathaus"
    after = editor.get("/staff/").text
    assert "Nichts Neues im Pool" in after
    assert 'href="/staff/issues/1/edit"' in after
    assert "Entwurf" in after


def test_an_issue_is_begun_empty_also_where_nothing_is_new(app: App, editor: Client) -> None:
    for wish in ("nothing", "suggestion", ""):
        editor.post("/staff/publications/aktuell/issues", data={"with": wish})

    assert [content(app, number).subject for number in (1, 2, 3)] == ["", "", ""]
    assert editor.get("/staff/").text.count("Ohne Betreff") == 3


def test_who_edited_last_is_named_and_what_is_sent_is_apart(app: App, editor: Client) -> None:
    issue = an_issue(app, "Alt")
    editor.post("/staff/publications/aktuell/issues", data={"with": "nothing"})
    with app.writing() as session:
        session.get_one(Issue, issue).state = IssueState.SENT.value

    text = editor.get("/staff/").text

    assert "ana@example.org, " in text
    assert text.index("In Arbeit") < text.index("Zuletzt versendet") < text.index(">Alt<")


def test_only_what_somebody_writes_for_is_shown(app: App) -> None:
    with app.writing() as session:
        other = a_publication(session, a_list(session, "other"), "other").id
    text = seated(app, "one@example.org", Grant(Role.EDITOR, other)).client.get("/staff/").text

    assert 'id="publication-other"' in text
    assert 'id="publication-aktuell"' not in text


def test_whoever_writes_for_nothing_is_told_what_to_do(app: App) -> None:
    nobody = seated(app, "lisa@example.org", Grant(Role.EDITOR))
    with app.writing() as session:
        session.execute(delete(StaffGrant))

    assert "Bitten Sie eine Administratorin" in nobody.client.get("/staff/").text


def test_whoever_looks_after_the_readers_alone_finds_the_mailings(app: App, editor: Client) -> None:
    lisa = seated(app, "lisa@example.org", Grant(Role.LIST_ADMIN)).client
    assert "Noch wurde nichts versendet." in lisa.get("/staff/").text
    due = dt.datetime(2126, 11, 24, 9, tzinfo=dt.UTC)
    issue = an_issue(app, "Fest am See")
    with app.writing() as session:
        found = session.get_one(Issue, issue)
        approving.approve(session, found, site=app.site, by=BY, now=app.now())
        dispatching.send(session, found, at=due, by=BY, now=app.now())

    text = lisa.get("/staff/").text

    assert '<a href="/staff/mailings/1" lang="de">Fest am See</a>' in text
    assert "24.11.2126, 10:00" in text
    assert "Eingeplant" in text
    assert "/staff/issues/" not in text
    followed = lisa.get("/staff/mailings/1").text
    assert "Fest am See" in followed
    assert "/staff/issues/" not in followed
    assert "/staff/publications/" not in followed
    assert "geht hinaus am 24.11.2126, 10:00 UTC+1" in editor.get("/staff/").text


def test_alerts_that_wait_are_counted_and_told(app: App, editor: Client) -> None:
    assert "Hinweis" not in editor.get("/staff/").text
    with app.writing() as session:
        raising.raise_alert(session, FULL, now=app.now())

    text = editor.get("/staff/").text

    assert "1 Hinweis wartet auf jemanden" in text
    assert "mail-2" in text


def test_no_character_in_a_search_is_too_much_for_the_database(app: App) -> None:
    issue, ana = an_issue(app), seated(app, "ana@example.org", Grant(Role.EDITOR)).client

    found = ana.get(f"/staff/issues/{issue}/edit", params={"q": "See\0", "language": "d\0", "source": "\0"})

    assert found.status_code == 200

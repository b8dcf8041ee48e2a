"""The publications: made, changed, and what a change of their look does to issues that were approved."""

from pathlib import Path

import pytest
from lxml import html
from sqlalchemy import select

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.issues import publications
from newsletter.issues.models import Issue, IssueState, Publication
from tests.support.composing import an_issue, sent_by, state
from tests.support.makers import a_list, a_publication
from tests.support.staff import seated, sqlite_alone
from tests.support.web import Client

PAGE = "/staff/publications/aktuell"


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: what is asked of the database is what its own tests ask."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def admin(app: App) -> Client:
    return seated(app).client


def kept(app: App, slug: str = "aktuell") -> Publication:
    with app.reading() as session:
        return publications.named(session, slug)


def form(client: Client, **fields: str) -> dict[str, str]:
    """The form as it stands there, with other words in some fields."""
    return {**sent_by(client.get(PAGE).text, "form.settings"), "act": "save", **fields}


def test_a_publication_is_made_on_a_list_and_opened(app: App, admin: Client) -> None:
    new = {
        "slug": "kultur",
        "list": "region",
        "name": "Kultur am See",
        "sender_name": "Kulturamt",
        "sender_address": "kultur@example.org",
        "design": "regional",
    }

    answer = admin.post("/staff/publications", data=new, follow_redirects=False)

    assert answer.headers["location"] == "/staff/publications/kultur?done=made"
    made = kept(app, "kultur")
    assert (made.name, made.sender_name, made.sender_address) == ("Kultur am See", "Kulturamt", "kultur@example.org")
    assert made.language == "de"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("slug", "Käse!", "Bitte kleine Buchstaben"),
        ("slug", "aktuell", "gibt es schon"),
        ("name", "", "Ein Name ist eine Zeile"),
        ("sender_address", "presse@", "sieht nicht nach einer E-Mail-Adresse aus"),
        ("list", "nirgends", "gibt es nicht mehr"),
        ("design", "barock", "gibt es nicht mehr"),
    ],
)
def test_what_cannot_be_one_is_told_and_nothing_typed_is_lost(
    app: App, admin: Client, field: str, value: str, says: str
) -> None:
    new = {
        "slug": "kultur",
        "list": "region",
        "name": "Kultur",
        "sender_address": "a@example.org",
        "design": "regional",
    }

    answer = admin.post("/staff/publications", data={**new, "sender_name": "Amt am See", field: value})

    assert answer.status_code == 400
    assert says in answer.text
    assert 'value="Amt am See"' in answer.text
    with app.reading() as session:
        assert session.scalars(select(Publication.slug)).all() == ["aktuell"]


def test_all_of_it_can_be_changed_also_back_to_no_address_for_answers(app: App, admin: Client) -> None:
    wanted = {"name": "Neu", "sender_name": "Amt", "sender_address": "amt@example.org", "reply_to": ""}

    answer = admin.post(
        PAGE,
        data=form(admin, **wanted, imprint="Amt\r\nAm See 1", colour="B5402A", four_eyes="1"),
        follow_redirects=False,
    )

    assert answer.headers["location"] == f"{PAGE}?done=saved"
    now = kept(app)
    assert (now.name, now.sender_name, now.sender_address, now.reply_to) == ("Neu", "Amt", "amt@example.org", "")
    assert (now.imprint, now.brand, now.four_eyes) == ("Amt\nAm See 1", {"colour": "#b5402a"}, True)


def test_the_issues_that_go_back_to_draft_are_named_before_anything_is_saved(app: App, admin: Client) -> None:
    approved, draft = an_issue(app, "Fest am See"), an_issue(app, "Neues Rathaus")
    with app.writing() as session:
        session.get_one(Issue, approved).state = IssueState.APPROVED.value

    warning = html.document_fromstring(admin.get(PAGE).text).cssselect("[aria-labelledby=voids]")[0].text_content()
    assert "wird 1 Ausgabe wieder Entwurf" in warning
    assert "Fest am See" in warning
    assert "Neues Rathaus" not in warning

    nothing_new = admin.post(PAGE, data=form(admin), follow_redirects=False)
    assert nothing_new.headers["location"] == f"{PAGE}?done=saved"
    assert state(app, approved) == "approved"

    changed = admin.post(PAGE, data=form(admin, colour="#b5402a"), follow_redirects=False)
    assert changed.headers["location"] == f"{PAGE}?done=saved-void"
    assert [state(app, each) for each in (approved, draft)] == ["draft", "draft"]


def test_a_colour_is_looked_at_before_it_is_kept_and_a_weak_one_has_a_darker_shade(app: App, admin: Client) -> None:
    looked = admin.post(PAGE, data=form(admin, colour="#ffcc00", act="look"))

    assert "1,51</span> : 1" in looked.text
    assert "zu schwach: Mails setzen schwarze Schrift darauf" in looked.text
    assert f'src="{PAGE}/sample?colour=ffcc00&amp;design=regional"' in looked.text

    taken = admin.post(PAGE, data=form(admin, colour="#ffcc00", act="shade"))
    assert 'value="#856a00"' in taken.text
    assert "4,62</span> : 1" in taken.text
    assert kept(app).brand == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("colour", "blau"), ("name", ""), ("sender_address", "x"), ("reply_to", "x"), ("design", "barock")],
)
def test_a_field_that_cannot_be_kept_is_marked_and_nothing_is_saved(
    app: App, admin: Client, field: str, value: str
) -> None:
    answer = admin.post(PAGE, data=form(admin, imprint="Anders", **{field: value}))

    assert answer.status_code == 400
    assert f'id="{field}-problem"' in answer.text
    assert "Anders</textarea>" in answer.text
    assert kept(app).imprint == "Region GmbH\nHafenstraße 4, 04999 Weidenfurt"


def test_the_sample_is_the_head_of_a_mail_in_the_colour_asked_for(admin: Client) -> None:
    answer = admin.get(f"{PAGE}/sample?colour=b5402a")

    assert "Region aktuell" in answer.text
    assert "#b5402a" in answer.text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "#1f5673" in admin.get(f"{PAGE}/sample").text
    assert "colour" in admin.get(f"{PAGE}/sample?colour=blau").text
    assert "barock" in admin.get(f"{PAGE}/sample?design=barock").text


def test_who_writes_for_one_sees_that_one_and_who_manages_it_may_open_it(app: App) -> None:
    with app.writing() as session:
        other = a_publication(session, a_list(session, "kultur"), "kultur").id

    writer = seated(app, "eva@example.org", Grant(Role.EDITOR, other)).client.get("/staff/publications").text
    assert 'href="/staff/publications/kultur/issues"' in writer
    assert 'href="/staff/publications/kultur"' not in writer
    assert "aktuell/" not in writer
    assert "Publikation anlegen" not in writer

    manager = seated(app, "max@example.org", Grant(Role.ADMIN, other)).client
    assert 'href="/staff/publications/kultur"' in manager.get("/staff/publications").text
    assert manager.get("/staff/publications/kultur").status_code == 200

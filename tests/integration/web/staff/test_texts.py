"""The texts of a list: own words, looked at before they count, refused where a link would be missing."""

from pathlib import Path

import pytest
from lxml import html

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.texts import reading
from subscribers import lists
from tests.support.composing import sent_by
from tests.support.makers import a_list
from tests.support.staff import seated, sqlite_alone
from tests.support.web import Client, a_client

MAIL = "/staff/lists/region/texts/mail-confirmation"
BODY, SUBJECT = "mail.confirmation.body", "mail.confirmation.subject"


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: both are asked in the tests of texts."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def keeper(app: App) -> Client:
    return seated(app, "lisa@example.org", Grant(Role.LIST_ADMIN)).client


def own(app: App, language: str = "de") -> dict[str, str]:
    """What the list says itself; what was taken back is empty."""
    with app.reading() as session:
        return reading.latest(session, lists.named(session, "region").id, language=language)


def form(client: Client, path: str = MAIL, **texts: str) -> dict[str, str]:
    """The form as it stands there, with other words (`mail__confirmation__body`) in some fields."""
    named = {name.replace("__", "."): text for name, text in texts.items()}
    return {**sent_by(client.get(path).text, "form.texts"), **named, "act": texts.get("act", "save")}


def test_own_words_are_saved_and_the_others_stay_the_products(app: App, keeper: Client) -> None:
    answer = keeper.post(MAIL, data=form(keeper, mail__confirmation__subject="Nur noch bestätigen: {list}"))

    assert "Gespeichert. Ab der nächsten Mail" in answer.text
    assert own(app) == {SUBJECT: "Nur noch bestätigen: {list}"}
    assert "Geändert von lisa@example.org" in answer.text
    assert "Nur noch bestätigen: Region aktuell" in keeper.get(f"{MAIL}/sample").text
    assert answer.text.count("eigene Worte") == 1


def test_a_page_says_what_was_written(app: App, keeper: Client) -> None:
    path = "/staff/lists/region/texts/page-sign-up"

    keeper.post(path, data=form(keeper, path, page__sign_up__lead="Einmal in der Woche, und nie mehr."))

    assert "Einmal in der Woche, und nie mehr." in a_client(app).get("/lists/region?lang=de").text


def test_a_text_without_its_link_is_refused_in_the_readers_language_and_nothing_is_saved(
    app: App, keeper: Client
) -> None:
    wanted = form(keeper, mail__confirmation__body="Guten Tag {list}", mail__confirmation__subject="Anders: {list}")

    answer = keeper.post(MAIL, data=wanted)

    assert answer.status_code == 400
    assert "{link} fehlt, der Link, in einem eigenen Absatz: Niemand käme ohne aus." in answer.text
    assert "Guten Tag {list}</textarea>" in answer.text
    assert own(app) == {}


def test_words_are_looked_at_before_they_count(app: App, keeper: Client) -> None:
    wanted = form(keeper, mail__confirmation__subject="Bitte: {list}", act="look")

    preview = html.document_fromstring(keeper.post(MAIL, data=wanted).text).cssselect(".words")[0].text_content()

    assert "Bitte: Region aktuell" in preview
    assert "Anmeldung bestätigen" in preview
    assert own(app) == {}


def test_an_emptied_field_says_the_products_words_again(app: App, keeper: Client) -> None:
    keeper.post(MAIL, data=form(keeper, mail__confirmation__subject="Bitte: {list}"))

    answer = keeper.post(MAIL, data=form(keeper, mail__confirmation__subject=""))

    assert own(app) == {SUBJECT: ""}
    assert 'value="Bitte bestätigen Sie: {list}"' in answer.text


def test_each_language_has_its_own_words(app: App, keeper: Client) -> None:
    english = form(keeper, f"{MAIL}?language=en", mail__confirmation__subject="Please: {list}")

    answer = keeper.post(MAIL, data=english, follow_redirects=False)

    assert answer.headers["location"] == f"{MAIL}?language=en&done=text-saved"
    assert (own(app), own(app, "en")) == ({}, {SUBJECT: "Please: {list}"})
    assert "eigene Worte" in keeper.get("/staff/lists/region/texts?language=en").text
    assert "eigene Worte" not in keeper.get("/staff/lists/region/texts").text


def test_a_place_that_is_none_is_not_found_and_a_list_without_a_publication_has_no_sample(
    app: App, keeper: Client
) -> None:
    with app.writing() as session:
        a_list(session, "new")

    assert keeper.get("/staff/lists/region/texts/mail-nothing").status_code == 404
    assert keeper.get("/staff/lists/region/texts/page-sign-up/sample").status_code == 404
    assert keeper.get("/staff/lists/new/texts/mail-confirmation").status_code == 200
    assert keeper.get("/staff/lists/new/texts/mail-confirmation/sample").status_code == 404

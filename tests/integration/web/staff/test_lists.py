"""The lists: numbers, the fields of the form, topics; and who looks after which."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.issues import editing, revisions
from subscribers import form_fields, lists, suppression, topics
from subscribers.address import EmailAddress
from subscribers.models import Subscription, SuppressionReason
from tests.support.composing import an_issue
from tests.support.ledgers import a_reader as a_subscriber
from tests.support.makers import BY, a_list, a_publication
from tests.support.staff import seated, sqlite_alone
from tests.support.web import Client, a_reader

PAGE = "/staff/lists/region"


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: the statements behind are asked of both kinds in their own tests."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def keeper(app: App) -> Client:
    return seated(app, "lisa@example.org", Grant(Role.LIST_ADMIN)).client


def the_topics(app: App) -> list[tuple[str, dict[str, str]]]:
    with app.reading() as session:
        return [(topic.slug, topic.names) for topic in topics.of_list(session, lists.named(session, "region"))]


def three_topics(app: App) -> dict[str, int]:
    with app.writing() as session:
        region = lists.named(session, "region")
        made = [
            topics.add(session, region, slug, names={"de": slug.title()}, by=BY, now=app.now())
            for slug in ("kultur", "verkehr", "bauen")
        ]
        return {topic.slug: topic.id for topic in made}


def test_the_people_are_counted_by_how_they_stand(app: App, keeper: Client) -> None:
    for name in ("anna", "ben", "cleo"):
        reader = a_reader(app, f"{name}@posteo.de", confirmed=True)
    a_reader(app, "dora@posteo.de")
    with app.writing() as session:
        session.get_one(Subscription, reader.subscription_id).paused_until = app.now() + dt.timedelta(days=3)
        address = EmailAddress.parse("anna@posteo.de")
        suppression.add(session, address, SuppressionReason.BOUNCED, secret=app.secret, by=BY, now=app.now())

    numbers = html.document_fromstring(keeper.get(PAGE).text).cssselect(".numbers > div")

    told = {each.cssselect("dt")[0].text_content(): each.cssselect("dd")[0].text_content() for each in numbers}
    assert told == {
        "bestätigt": "3",
        "davon pausiert": "1",
        "davon gesperrt": "1",
        "noch nicht bestätigt": "1",
        "abgemeldet": "0",
    }
    assert 'href="https://news.example.org/lists/region"' in keeper.get(PAGE).text
    assert "posteo" not in keeper.get(PAGE).text


def test_the_form_asks_what_was_chosen(app: App, keeper: Client) -> None:
    answer = keeper.post(f"{PAGE}/form", data={"region": "required", "title": "optional", "salutation": "perhaps"})

    assert "Gespeichert." in answer.text
    with app.reading() as session:
        asked = form_fields.of_list(lists.named(session, "region"))
    assert (asked["region"].value, asked["title"].value, asked["salutation"].value) == (
        "required",
        "optional",
        "optional",
    )


def test_a_topic_is_added_renamed_and_moved(app: App, keeper: Client) -> None:
    made = three_topics(app)

    keeper.post(f"{PAGE}/topics", data={"topic": "sport", "name-de": "Sport", "name-en": "Sports"})
    keeper.post(f"{PAGE}/topics/{made['kultur']}", data={"name-de": "Kultur und Kunst", "name-en": ""})
    keeper.post(f"{PAGE}/topics/{made['bauen']}", data={"act": "up"})
    keeper.post(f"{PAGE}/topics/{made['kultur']}", data={"act": "up"})

    assert the_topics(app) == [
        ("kultur", {"de": "Kultur und Kunst"}),
        ("bauen", {"de": "Bauen"}),
        ("verkehr", {"de": "Verkehr"}),
        ("sport", {"de": "Sport", "en": "Sports"}),
    ]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"topic": "kultur", "name-de": "Kultur"}, "gibt es schon"),
        ({"topic": "Käse!", "name-de": "Käse"}, "Bitte kleine Buchstaben"),
        ({"topic": "sport"}, "Ein Name ist eine Zeile"),
    ],
)
def test_a_topic_that_cannot_be_one_is_told(app: App, keeper: Client, form: dict[str, str], says: str) -> None:
    three_topics(app)

    answer = keeper.post(f"{PAGE}/topics", data=form)

    assert answer.status_code == 400
    assert says in answer.text
    assert len(the_topics(app)) == 3


def test_a_topic_is_removed_once_who_chose_it_and_what_is_for_it_was_told(app: App, keeper: Client) -> None:
    made = three_topics(app)
    path = f"{PAGE}/topics/{made['kultur']}/remove"
    issue = an_issue(app, "Fest am See")
    with app.writing() as session:
        found = revisions.issue(session, issue)
        words = revisions.content_of(session, found)
        blocks = tuple(replace(block, topics=("kultur",)) for block in words.blocks)
        editing.edit(session, found, replace(words, blocks=blocks), base=found.revision, by=BY, now=app.now())
        region = lists.named(session, "region")
        for name, chosen in (("anna", {made["kultur"]}), ("ben", {made["kultur"], made["bauen"]}), ("cleo", None)):
            topics.choose(session, a_subscriber(session, region, f"{name}@posteo.de"), chosen, by=BY, now=app.now())

    asked = keeper.get(path).text
    assert "Thema „Kultur“ entfernen?" in asked
    assert "2 Personen haben es gewählt." in asked
    assert "1 Ausgabe hat Blöcke dazu" in asked
    assert "Fest am See" in asked
    assert f"/staff/issues/{issue}/edit" not in asked
    assert f"/staff/issues/{issue}/edit" in seated(app, "ana@example.org").client.get(path).text
    assert len(the_topics(app)) == 3
    other = keeper.get(f"{PAGE}/topics/{made['verkehr']}/remove").text
    assert "Niemand hat es gewählt." in other
    assert "Keine Ausgabe, die noch hinausgeht" in other

    assert "Das Thema ist entfernt." in keeper.post(path).text

    assert [slug for slug, _ in the_topics(app)] == ["verkehr", "bauen"]
    assert keeper.post(path).status_code == 404


def test_a_topic_of_another_list_is_not_found(app: App, keeper: Client) -> None:
    made = three_topics(app)
    with app.writing() as session:
        a_list(session, "kultur")

    assert keeper.post(f"/staff/lists/kultur/topics/{made['kultur']}", data={"act": "down"}).status_code == 404
    assert keeper.post(f"/staff/lists/kultur/topics/{made['kultur']}/remove").status_code == 404
    assert keeper.get("/staff/lists/nirgends").status_code == 404


def test_a_list_is_made_and_told_to_need_a_publication(app: App, keeper: Client) -> None:
    answer = keeper.post("/staff/lists", data={"slug": "kultur", "name": "Kultur am See", "language": "en"})

    assert "Die Liste ist angelegt." in answer.text
    assert "Noch kann sich niemand anmelden" in answer.text
    with app.reading() as session:
        assert lists.named(session, "kultur").language == "en"
    again = keeper.post("/staff/lists", data={"slug": "kultur", "name": "Anders", "language": "de"})
    assert again.status_code == 400
    assert "gibt es schon" in again.text


def test_a_list_admin_of_one_publication_looks_after_its_list_alone(app: App) -> None:
    with app.writing() as session:
        other = a_publication(session, a_list(session, "kultur"), "kultur").id
        a_list(session, "nobodys")
    somebody = seated(app, "eva@example.org", Grant(Role.LIST_ADMIN, other)).client

    text = somebody.get("/staff/lists").text
    assert 'href="/staff/lists/kultur"' in text
    assert 'href="/staff/lists/region"' not in text
    assert "Liste anlegen" not in text
    assert [somebody.get(f"/staff/lists/{slug}").status_code for slug in ("kultur", "region", "nobodys")] == [
        200,
        403,
        403,
    ]

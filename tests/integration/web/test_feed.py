"""The feed is one by RFC 4287, also where the words are odd; read here by two parsers that are not ours."""

import datetime as dt
from xml.etree import ElementTree as ET

import feedparser
import pytest
from sqlalchemy import update

from newsletter.app import App
from newsletter.content.blocks import IssueContent, Story
from newsletter.delivery.archive import correcting
from newsletter.delivery.archive.models import ArchivedIssue, Visibility
from subscribers.models import MailingList
from tests.support.archives import a_content, sent, shown_to
from tests.support.kinds import on_sqlite
from tests.support.makers import BY, NOW
from tests.support.web import PUBLIC_URL, Client

pytestmark = on_sqlite

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/archive/region/feed.xml"
LATER = NOW + dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _public(app: App) -> None:
    with app.writing() as session:
        shown_to(session, Visibility.PUBLIC)


def parsed(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314  # ours


def text(parent: ET.Element, name: str) -> str:
    """The text of the one child of that name."""
    (child,) = parent.findall(f"{ATOM}{name}")
    return child.text or ""


def test_the_feed_has_what_rfc_4287_asks_for(app: App, client: Client) -> None:
    with app.writing() as session:
        sent(session, a_content("Erste"), at=NOW - dt.timedelta(days=7))
        sent(session, a_content("Zweite"))

    answer = client.get(FEED)
    feed = parsed(answer.content)

    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    assert (text(feed, "title"), text(feed, "updated")) == ("Region aktuell", "2026-11-23T09:00:00Z")
    assert text(feed, "id").startswith("urn:uuid:")
    assert [name.text for name in feed.findall(f"{ATOM}author/{ATOM}name")] == ["Presse"]
    assert {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")} == {
        "self": f"{PUBLIC_URL}{FEED}",
        "alternate": f"{PUBLIC_URL}/archive/region",
    }
    entries = feed.findall(f"{ATOM}entry")
    assert [text(entry, "title") for entry in entries] == ["Zweite", "Erste"]
    assert len({text(entry, "id") for entry in entries} | {text(feed, "id")}) == 3
    assert text(entries[1], "published") == text(entries[1], "updated") == "2026-11-16T09:00:00Z"
    assert text(entries[0], "summary") == "Und ein Fest dazu."
    (content,) = entries[0].findall(f"{ATOM}content")
    assert content.get("type") == "html"
    assert content.text == (
        '<h2><a href="https://example.org/park?a=1&amp;b=2">Ein Fluss für alle</a></h2>\n'
        "<p>Guten Tag liebe Leserin, der Weg am Ufer ist <strong>begehbar</strong>.</p>"
    )


def test_a_correction_updates_the_entry_and_keeps_its_id(app: App, client: Client) -> None:
    with app.writing() as session:
        issue_id = sent(session).issue_id or 0
    before, ids = client.get(FEED), feedparser.parse(client.get(FEED).content).entries[0].id
    with app.writing() as session:
        correcting.correct(session, issue_id, text="Um <15> Uhr.\n\nJa.", by=BY, now=LATER)

    after = client.get(FEED, headers={"If-None-Match": before.headers["ETag"]})
    entry = feedparser.parse(after.content).entries[0]

    assert (after.status_code, after.headers["Last-Modified"]) == (200, "Tue, 24 Nov 2026 09:00:00 GMT")
    assert entry.id == ids
    assert (entry.published, entry.updated) == ("2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z")
    assert "Korrektur vom 24. November 2026" in entry.content[0].value
    assert "<p>Um &lt;15&gt; Uhr.</p><p>Ja.</p>" in entry.content[0].value


def test_the_ids_stay_when_names_and_subjects_change(app: App, client: Client) -> None:
    with app.writing() as session:
        sent(session)
    before = feedparser.parse(client.get(FEED).content)
    with app.writing() as session:
        session.execute(update(MailingList).values(name="Anders"))
        session.execute(update(ArchivedIssue).values(subject="Anders", slug="2026-11-23-anders"))

    after = feedparser.parse(client.get(FEED).content)

    assert (after.feed.title, after.entries[0].title) == ("Anders", "Anders")
    assert (after.feed.id, after.entries[0].id) == (before.feed.id, before.entries[0].id)


def test_a_reader_that_knows_the_time_gets_nothing_twice(app: App, client: Client) -> None:
    with app.writing() as session:
        sent(session)
    since = client.get(FEED).headers["Last-Modified"]

    assert since == "Mon, 23 Nov 2026 09:00:00 GMT"
    assert client.get(FEED, headers={"If-Modified-Since": since}).status_code == 304
    assert client.get(FEED, headers={"If-Modified-Since": "Mon, 23 Nov 2026 08:59:59 GMT"}).status_code == 200
    assert client.get(FEED, headers={"If-Modified-Since": "nonsense"}).status_code == 200
    assert client.get(FEED, headers={"If-Modified-Since": since, "If-None-Match": '"x"'}).status_code == 200


def test_words_that_xml_or_html_could_trip_over_arrive_as_they_are(app: App, client: Client) -> None:
    odd = "]]> <b>&amp; „Ä“ \U0001f600 'x' \"y\""
    with app.writing() as session:
        sent(session, IssueContent(odd, odd, (Story("s", odd, "<p>&lt;script&gt;</p>"),)))
        session.execute(update(ArchivedIssue).values(preheader=odd + "\x01\x0b\ufffe"))

    answer = client.get(FEED)
    entry = parsed(answer.content).findall(f"{ATOM}entry")[0]

    assert (text(entry, "title"), text(entry, "summary")) == (odd, odd)
    assert "<script>" not in text(entry, "content")
    assert "&lt;b&gt;&amp;amp; „Ä“" in text(entry, "content")
    assert not feedparser.parse(answer.content).bozo


def test_a_feed_without_an_issue_is_one_too(client: Client) -> None:
    feed = parsed(client.get(FEED).content)

    assert text(feed, "updated") == "2026-11-23T09:00:00Z"
    assert feed.findall(f"{ATOM}entry") == []

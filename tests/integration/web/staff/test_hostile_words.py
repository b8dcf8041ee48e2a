"""Words of editors, feeds, pages, readers and relays that would like to be markup: everywhere they stay words."""

import email
import email.policy
from collections.abc import Sequence
from html import escape
from itertools import cycle
from pathlib import Path

import pytest
from httpx import Response
from lxml import etree
from sqlalchemy import select

from newsletter.app import App
from newsletter.content.characters import tidy
from newsletter.delivery import scheduling
from newsletter.delivery.archive.models import ArchivedIssue, Visibility
from newsletter.delivery.verdicts import Reply, Step
from newsletter.issues import composing, publications
from newsletter.news import gathering
from newsletter.news.models import NewsItem, Source
from newsletter.news.reading import Document, Kind, articles_of
from newsletter.texts import catalogue
from newsletter.web.staff.composer import fields
from subscribers import lists, topics
from tests.support.archives import shown_to
from tests.support.composing import Desk, content, sent_by
from tests.support.hostile_words import LINKS, NAME, RICH, SENDABLE, WORDS, assert_harmless
from tests.support.ledgers import Clock, a_reader, a_worker
from tests.support.makers import BY, NOW, an_item
from tests.support.memory import MemoryTransport
from tests.support.staff import seated, sqlite_alone
from tests.support.web import Client

HERE = "/staff/issues/1"
PICTURE = {"image": "a" * 32 + ".jpg", "image_width": 640, "image_height": 480}
RSS = f"""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>{escape(NAME)}</title>
<item><title>{escape(NAME)}</title><link>javascript:xss()</link><guid>1</guid><description>{escape(RICH)}</description>
<content:encoded>{escape(RICH)}</content:encoded></item></channel></rss>"""
PAGE = f"""<html lang="de"><head><title>{escape(NAME)}</title><meta name="description" content="{escape(NAME)}">
<link rel="canonical" href="javascript:xss()"></head><body><article><h1>{escape(NAME)}</h1>{RICH}<figure>
<img src="/a.jpg" alt="{escape(NAME)}"><figcaption>{escape(NAME)} Foto: {escape(NAME)}</figcaption></figure>
<p>{"Ein Fluss für alle, und der Weg am Ufer ist endlich wieder begehbar. " * 9}</p></article></body></html>"""


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def client(app: App) -> Client:
    """An admin whose name, list, publication, topic, source, readers and items are hostile; all are in issue 1."""
    with app.writing() as session:
        mailing_list = shown_to(session, Visibility.PUBLIC)
        mailing_list.name = NAME
        topics.add(session, mailing_list, "kultur", names={"de": NAME}, by=BY, now=NOW)
        a_reader(session, mailing_list, "anna@posteo.de", first_name=NAME, last_name=NAME)
        a_reader(session, mailing_list, "bert@posteo.de")
        source = Source(
            url="https://feed.example/", kind="feed", title=tidy(WORDS), created_at=NOW, failure=tidy(WORDS)
        )
        session.add(source)
        session.flush()
        articles = (
            *articles_of(Document(RSS.encode(), source.url, source.url), kind=Kind.FEED),
            *articles_of(Document(PAGE.encode(), "https://page.example/", "https://page.example/"), kind=Kind.PAGE),
        )
        gathering.keep_all(session, articles, origin=source.url, source_id=source.id, by=BY, now=NOW)
        told = dict.fromkeys(("lead", "credit", "caption", "image_alt"), tidy(WORDS))
        an_item(session, tidy(WORDS), body=RICH, link=LINKS[0], **told, **PICTURE)
        items = list(session.scalars(select(NewsItem).order_by(NewsItem.id)))
        composing.create(session, publications.named(session, "aktuell"), items=items, by=BY, now=NOW)
    client = seated(app).client
    client.post("/staff/account", data={"name": NAME, "language": "de"})
    form = sent_by(client.get("/staff/publications/aktuell").text, "main form")
    named = {"name": NAME, "sender_name": NAME, "imprint": WORDS}
    assert client.post("/staff/publications/aktuell", data=form | named, follow_redirects=False).status_code == 303
    return client


def fill(app: App, client: Client, *, links: Sequence[str], words: str) -> None:
    """Type hostile words into every field that the issue has, and these links into those for links."""
    for act in ("add text", "add button", "add button"):
        Desk.open(client, 1).press(act)
    names = [name for name in fields.of(content(app, 1)) if not name.endswith(f".{fields.LAYOUT}")]
    said = {name: RICH if fields.is_rich(name) else words for name in names}
    for_links = [name for name in names if name.endswith(".link")]
    said |= dict(zip(for_links, cycle(links), strict=False))
    topic = {"b1.offered": "kultur <xss>", "b1.topic.kultur": "1", "b1.topic.<xss>": "1"}
    assert len(for_links) >= len(links)
    desk = Desk.open(client, 1)
    Desk(desk.client, desk.path, desk.text, {**desk.fields, **said, **topic, "q": NAME}).press()


def see(answer: Response) -> None:
    """Look at a page: its words are words, and even if one were not, it could not run."""
    assert answer.status_code < 500, answer.url
    assert_harmless(answer.text)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    scripts = [each.strip() for each in policy.split(";") if "script" in each]
    assert scripts in ([], ["script-src 'self'"]), answer.url


def test_no_page_of_the_composer_takes_words_for_more(app: App, client: Client) -> None:
    fill(app, client, links=LINKS, words=WORDS)

    paths = ("/edit", f"/edit?q={NAME}&open={NAME}&reader={NAME}&source={NAME}", "/history", "/send")
    views = ("", "?as=no-pictures", "?as=text", "?reader=kultur", "?reader=-", f"?as={NAME}&reader={NAME}")
    for path in (*paths, *(f"/preview{view}" for view in views)):
        see(client.get(f"{HERE}{path}"))
    desk = Desk.open(client, 1)
    live = client.post(desk.path, data={**desk.fields, "act": "up b2"}, headers={"Accept": "application/json"}).json()

    assert "Xss" in desk.text
    assert "\0" not in desk.text
    assert_harmless(live["page"])
    assert_harmless(live["mail"])
    assert_harmless(client.get(f"{HERE}/preview").text)


def test_what_goes_out_and_what_is_told_of_it_are_words_too(app: App, client: Client) -> None:
    fill(app, client, links=["https://example.org/fest"], words=SENDABLE)
    see(client.post(f"{HERE}/send/test", data={"to": "other", "address": NAME}))
    sent = send(app, client)

    see(client.get("/staff/"))
    for path in ("", "/stop", "/recipients", "/missed"):
        see(client.get(f"/staff/mailings/1{path}"))
    see(client.post("/staff/mailings/1/recipients", data={"address": NAME}))
    see(client.get("/staff/publications/aktuell/issues"))
    see(client.post(f"{HERE}/correct", data={"text": WORDS}))
    see(client.get(f"{HERE}/correct"))
    archived = slug_of(app)
    for path in ("/", "/archive/region", f"/archive/region?q={NAME}", f"/archive/region/{archived}"):
        see(client.get(path))
    assert client.get(f"/archive/region/{archived}.txt").headers["content-type"] == "text/plain; charset=utf-8"
    feed = etree.fromstring(client.get("/archive/region/feed.xml").content)
    marked_up = feed.xpath("//*[@type='html']")
    assert [etree.QName(each).localname for each in marked_up] == ["content"]
    assert_harmless(f"<div>{marked_up[0].text}</div>")
    assert len(sent) == 2
    for message in sent:
        assert_harmless(next(part.get_content() for part in message.walk() if part.get_content_type() == "text/html"))
        assert "Xss" in message["Subject"]
        assert message["Bcc"] is None


def send(app: App, client: Client) -> list[email.message.EmailMessage]:
    """The issue goes out to two people; to a third the relay says hostile words."""
    with app.writing() as session:
        a_reader(session, lists.named(session, "region"), "carl@posteo.de")
    newest = Desk.open(client, 1).fields["base"]
    assert client.post(f"{HERE}/send/state", data={"act": "approve", "revision": newest}).status_code == 200
    assert client.post(f"{HERE}/send/schedule", data={"when": "now"}).status_code == 200
    refusal = Reply(Step.RCPT, 550, "5.1.1", NAME)
    relay = MemoryTransport(lambda address: refusal if address.startswith("carl") else None)
    a_worker(app.database, relay, clock=Clock(app.now() + scheduling.GRACE)).run_until_idle()
    octets = [message for address, message in relay.sent if not address.startswith("carl")]
    return [email.message_from_bytes(each, policy=email.policy.default) for each in octets]


def slug_of(app: App) -> str:
    with app.reading() as session:
        return session.scalars(select(ArchivedIssue.slug)).one()


def test_no_page_around_the_issues_takes_words_for_more(client: Client) -> None:
    topic = {"topic": NAME, "name-de": WORDS, "name-en": NAME}
    invited = {"address": NAME, "role": NAME, "publication": NAME}
    source = {"url": LINKS[0], "kind": NAME, "link": LINKS[2]}
    shown = {
        "name": WORDS,
        "slug": NAME,
        "list": NAME,
        "colour": NAME,
        "design": NAME,
        "reply_to": NAME,
        "imprint": WORDS,
    }
    client.post("/staff/lists/region/topics/1", data={"name-de": NAME, "name-en": NAME})

    for path, form in {
        "/staff/lists": shown,
        "/staff/lists/region/topics": topic,
        "/staff/lists/region/form": dict.fromkeys(("email", "first_name"), NAME),
        "/staff/publications": shown,
        "/staff/publications/aktuell": shown | {"act": "look"},
        "/staff/sources": source,
        "/staff/sources/link": source,
        "/staff/users/invite": invited,
        "/staff/account": {"name": WORDS},
        "/staff/again": {"password": NAME, "to": LINKS[0]},
    }.items():
        see(client.post(path, data=form))
    for path in (
        "users",
        "users/1",
        "audit",
        "lists",
        "lists/region",
        "publications",
        "publications/aktuell",
        "sources",
    ):
        see(client.get(f"/staff/{path}?done={NAME}&to={LINKS[0]}&actor={NAME}"))
    see(client.get(f"/staff/publications/aktuell/sample?colour={NAME}&design={NAME}"))


def test_no_text_of_a_list_becomes_more_than_words(client: Client) -> None:
    for place in catalogue.PLACES:
        path = f"/staff/lists/region/texts/{place.name.replace('.', '-').replace('_', '-')}"
        form = sent_by(client.get(path).text, "main form")
        written = {each.name: f"{form[each.name]} {NAME}" for each in place.passages}

        see(client.post(path, data=form | written))
        see(client.get(path))
        see(client.get(f"{path}/sample"))

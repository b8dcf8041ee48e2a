"""The sources: tried before they are kept, asked by a worker, paused, removed; and one story by its link."""

import datetime as dt
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.database import Database
from newsletter.news import gathering
from newsletter.news.models import NewsItem, Source
from subscribers.actor import Actor
from tests.support.staff import seated, sqlite_alone
from tests.support.web import Client, an_app
from tests.support.webserver import WebServer, page, serving

SENTENCE = "Ein ganzer Satz, der lang genug ist, um als Absatz zu gelten."
FEED = (
    "<rss version='2.0'><channel><title>F</title>"
    f"<item><title>Fest am See</title><guid>tag:a.example,2026:1</guid><description>{SENTENCE}</description></item>"
    f"<item><title>Neues Rathaus</title><guid>tag:a.example,2026:2</guid><description>{SENTENCE}</description></item>"
    "</channel></rss>"
)
STORY = f"<html lang='de'><body><h1>Steg eröffnet</h1><p>{SENTENCE}</p></body></html>"


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: what is asked of the database is asked of both in the tests of gathering."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as server:
        server.at("/feed", page(FEED, content_type="application/rss+xml"))
        server.at("/story", page(STORY))
        yield server


@pytest.fixture
def near(database: Database, tmp_path: Path) -> App:
    """An installation that may ask this machine."""
    return an_app(database, tmp_path, fetch_private=True)


@pytest.fixture
def editor(near: App) -> Client:
    return seated(near, "ana@example.org", Grant(Role.EDITOR)).client


def a_source(app: App, url: str, **fields: object) -> int:
    with app.writing() as session:
        source = Source(url=url, **{"kind": "feed", "created_at": app.now(), **fields})
        session.add(source)
        session.flush()
        return source.id


def the_source(app: App) -> Source:
    with app.reading() as session:
        return session.scalars(select(Source)).one()


def titles(app: App) -> list[str]:
    with app.reading() as session:
        return sorted(session.scalars(select(NewsItem.title)))


def a_worker_looks(app: App) -> None:
    list(gathering.fetch_wanted(app, app.gatherer, by=Actor.worker(), now=app.now()))


def test_an_address_is_tried_and_nothing_is_kept(near: App, editor: Client, server: WebServer) -> None:
    form = {"url": f"{server.url}/feed", "kind": "feed", "act": "try"}

    text = editor.post("/staff/sources", data=form).text

    assert "2 Meldungen kämen herein" in text
    assert "Fest am See" in text
    assert f'value="{server.url}/feed"' in text
    assert titles(near) == []
    with near.reading() as session:
        assert session.scalars(select(Source)).all() == []


def test_a_source_is_added_and_the_page_tells_when_a_worker_has_asked_it(
    near: App, editor: Client, server: WebServer
) -> None:
    form = {"url": f"{server.url}/feed", "kind": "feed", "act": "add"}

    added = editor.post("/staff/sources", data=form)

    assert "Ein Worker fragt sie binnen einer Minute ab." in added.text
    assert "Noch nicht abgefragt" in added.text
    a_worker_looks(near)
    assert titles(near) == ["Fest am See", "Neues Rathaus"]
    text = editor.get("/staff/sources").text
    assert "In Ordnung" in text
    assert "2 Meldungen" in text
    assert the_source(near).wanted_at is None


@pytest.mark.parametrize(
    ("url", "says"),
    [("ftp://example.org/feed", "Das ist keine Webadresse"), ("https://a:b@example.org/", "Das ist keine Webadresse")],
)
def test_what_is_no_address_of_the_web_is_no_source(editor: Client, url: str, says: str) -> None:
    answer = editor.post("/staff/sources", data={"url": url, "act": "add"})

    assert answer.status_code == 400
    assert says in answer.text


def test_an_address_is_a_source_once(near: App, editor: Client) -> None:
    a_source(near, "https://example.org/feed")

    answer = editor.post("/staff/sources", data={"url": "https://example.org/feed", "act": "add"})

    assert "ist schon eine Quelle" in answer.text


def test_what_is_wrong_is_told_in_the_readers_language_with_what_to_do(
    near: App, editor: Client, server: WebServer
) -> None:
    def gone(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(404)

    source = a_source(near, server.at("/gone", gone))
    editor.post(f"/staff/sources/{source}/ask")
    a_worker_looks(near)

    text = editor.get("/staff/sources").text
    assert "Der Server gibt die Seite nicht heraus. (404 Not Found)" in text
    assert "Fügen Sie dann die neue hinzu." in text

    tried = editor.post("/staff/sources", data={"url": f"{server.url}/story", "kind": "feed", "act": "try"}).text
    assert "weder RSS noch Atom" in tried


def test_a_private_network_is_not_asked_for_anybody(app: App, server: WebServer) -> None:
    editor = seated(app, "eva@example.org", Grant(Role.EDITOR)).client

    tried = editor.post("/staff/sources", data={"url": f"{server.url}/feed", "act": "try"}).text
    linked = editor.post("/staff/sources/link", data={"link": f"{server.url}/story"}).text

    assert "in einem privaten Netz" in tried
    assert "in einem privaten Netz" in linked
    assert server.requests == []


def test_a_paused_source_is_asked_only_when_it_is_resumed(near: App, editor: Client, server: WebServer) -> None:
    source = a_source(near, f"{server.url}/feed")

    editor.post(f"/staff/sources/{source}/pause")
    assert list(gathering.fetch_sources(near, near.gatherer, by=Actor.worker(), now=near.now())) == []
    assert "Angehalten" in editor.get("/staff/sources").text

    editor.post(f"/staff/sources/{source}/resume")
    a_worker_looks(near)
    assert titles(near) == ["Fest am See", "Neues Rathaus"]


def test_a_removed_source_leaves_its_items_in_the_pool(near: App, editor: Client, server: WebServer) -> None:
    source = a_source(near, f"{server.url}/feed", wanted_at=near.now())
    a_worker_looks(near)

    answer = editor.post(f"/staff/sources/{source}/remove")

    assert "Ihre Meldungen bleiben im Pool." in answer.text
    assert titles(near) == ["Fest am See", "Neues Rathaus"]
    with near.reading() as session:
        assert session.scalars(select(NewsItem.source_id)).all() == [None, None]
    assert editor.post(f"/staff/sources/{source}/remove").status_code == 404
    assert editor.post("/staff/sources/99999999999/ask").status_code == 404


def test_one_story_comes_into_the_pool_by_its_link(near: App, editor: Client, server: WebServer) -> None:
    form = {"link": f"{server.url}/story"}

    assert "Die Meldung ist im Pool." in editor.post("/staff/sources/link", data=form).text
    assert titles(near) == ["Steg eröffnet"]
    assert "war schon im Pool" in editor.post("/staff/sources/link", data=form).text


@pytest.mark.parametrize("link", ["/etc/passwd", "file:///etc/passwd", "", "nachricht.txt"])
def test_a_link_is_never_a_file_of_this_machine(near: App, editor: Client, link: str) -> None:
    answer = editor.post("/staff/sources/link", data={"link": link})

    assert answer.status_code == 400
    assert "Das ist keine Adresse, die abgefragt werden kann." in answer.text
    assert titles(near) == []


def test_that_no_worker_asks_is_told(near: App, editor: Client) -> None:
    a_source(near, "https://example.org/feed", created_at=near.now() - dt.timedelta(hours=2))

    assert "Läuft ein Worker?" in editor.get("/staff/sources").text

"""Every address the application has, walked: what holds for all pages, also for those that are added one day."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from newsletter.app import App
from newsletter.delivery.archive.models import Visibility
from newsletter.delivery.models import Mailing
from newsletter.web import application
from subscribers import tokens
from tests.support.archives import sent, shown_to
from tests.support.kinds import on_sqlite
from tests.support.makers import SECRET
from tests.support.web import Client, a_client, a_reader

pytestmark = on_sqlite

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
FILES = {"/favicon.ico", "/media/{name}", "/static/{digest}/{name}", "/brand/{digits}.css", "/healthz"}
FRAMED = {"/lists/{slug}/frame"}  # made to stand inside the pages of others
PARAMETERS = {"slug": "region", "issue": "2026-11-23-der-park-ist-fertig", "token": "forged"}


class Page(HTMLParser):
    """The elements of a page in order; what is not closed, or closed without being open, is a mistake."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.mistakes: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.mistakes += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        twice = [name for name, count in Counter(name for name, _ in attrs).items() if count > 1]
        self.mistakes += [f"{name} twice at <{tag}>" for name in twice]
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.mistakes.append(f"</{tag}> where <{self.open[-1:]}> is open")
            return
        self.open.pop()

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture
def addresses(app: App) -> dict[str, str]:
    """An address for each route, and those of the tokens that we know how to make."""
    with app.writing() as session:
        shown_to(session, Visibility.PUBLIC)
        sent(session)
    reader = a_reader(app, confirmed=True)
    asked = a_reader(app, "bernd@posteo.de")
    with app.writing() as session:
        test = Mailing(
            kind="test",
            name="x",
            compiled=session.query(Mailing.compiled).limit(1).scalar(),
            due_at=app.now(),
            created_at=app.now(),
            created_by="x",
        )
        session.add(test)
        session.flush()
        view = tokens.view(SECRET, test.id)
    found = {
        path: re.sub(r"\{(\w+)\}", lambda name: PARAMETERS.get(name[1], "x"), path) for path in routes(app) - FILES
    }
    return found | {
        "a confirmation": f"/confirm/{asked.confirm_token}",
        "a confirmed one": f"/confirm/{reader.confirm_token}",
        "a leave": f"/leave/{reader.leave_token}",
        "a preference page": f"/preferences/{tokens.preferences(SECRET, reader.subscription_id)}",
        "a measuring page": f"/measuring/{tokens.measuring(SECRET, reader.subscription_id)}",
        "a mail": f"/view/{view}",
        "a search": "/archive/region?q=park",
        "nothing": "/nowhere",
    }


def routes(app: App) -> set[str]:
    """Those that everybody may ask; the pages of the staff have tests of their own."""
    made: FastAPI = application.create(app)
    asked = (route for route in made.state.routes if isinstance(route, Route) and "GET" in (route.methods or ()))
    return {route.path for route in asked if not route.path.startswith("/staff")}


def test_every_answer_is_safe_and_sets_nothing(client: Client, addresses: dict[str, str]) -> None:
    for name, path in addresses.items():
        answer = client.get(path)
        headers = answer.headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))

        assert answer.status_code in {200, 404}, name
        assert policy["default-src"] == "'none'", name
        assert policy["img-src"] == "'self' data:", name
        assert policy["base-uri"] == "'none'", name
        assert (policy["frame-ancestors"] == "'none'") == (name not in FRAMED), name
        assert not {"script-src", "connect-src", "frame-src", "font-src"} & set(policy), name
        assert headers["Referrer-Policy"] == "no-referrer", name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert "set-cookie" not in headers, name
        public = headers["Cache-Control"] == "public, max-age=300"
        assert public or headers["Cache-Control"] == "no-store", name
        assert public == ("ETag" in headers), name


def test_an_address_with_a_token_is_kept_by_nobody_and_found_by_nobody(
    client: Client, addresses: dict[str, str]
) -> None:
    looked_at = 0
    for name, path in addresses.items():
        if "{token}" not in name and not name.startswith("a "):
            continue
        answer = client.get(path)
        if path.startswith("/archive"):
            continue
        looked_at += 1
        assert answer.headers["Cache-Control"] == "no-store", name
        assert answer.status_code == 404 or answer.headers["X-Robots-Tag"] == "noindex, nofollow", name
    assert looked_at >= 9


def test_every_page_is_sound_html_that_programs_can_read_aloud(client: Client, addresses: dict[str, str]) -> None:
    for name, path in addresses.items():
        answer = client.get(path)
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = Page(answer.text)
        ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
        pointed = [
            each
            for _, attributes in page.elements
            for key in ("for", "aria-labelledby", "aria-describedby")
            for each in (attributes.get(key) or "").split()
        ]

        assert page.mistakes == [], name
        assert answer.text.startswith("<!doctype html>\n"), name
        assert page.all("html")[0]["lang"] == answer.headers["Content-Language"] == "de", name
        assert len(ids) == len(set(ids)), name
        assert set(pointed) <= set(ids), name
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1, name
        if name not in FRAMED:
            assert page.all("a")[0]["href"] == "#main", name
            assert page.all("main")[0]["id"] == "main", name
        assert not page.all("script", "iframe", "object", "embed"), name
        assert all("alt" in image for image in page.all("img")), name
        assert [link["rel"] for link in page.all("link") if (link["href"] or "").startswith("http")] in (
            [],
            ["canonical"],
        )


def test_every_error_is_a_page_in_the_visitors_language_with_a_way_on(app: App) -> None:
    for language, words in (("de", "Zur Startseite"), ("en", "To the start page")):
        client = a_client(app, **{"Accept-Language": language})
        answers = [
            client.get("/nowhere"),
            client.put("/lists/region"),
            client.post("/lists/region", data={"email": "x" * 70_000}),
            client.post("/lists/region", content=b"x", headers={"Content-Type": "multipart/form-data"}),
        ]

        assert [answer.status_code for answer in answers] == [404, 405, 413, 400]
        assert all(words in answer.text and f'href="/?lang={language}"' in answer.text for answer in answers)
        assert {answer.headers["Content-Language"] for answer in answers} == {language}

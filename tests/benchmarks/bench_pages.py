"""The public pages: how long the server takes for each, and how much it sends, over an archive of 2,000 issues.

Beside a bare Starlette route that answers the same bytes from a string. Called in this process over ASGI, without a
network, on SQLite and on PostgreSQL; the log is off. What a page makes a browser load besides, its style sheets, is
weighed once: browsers keep them.
"""

import asyncio
import datetime as dt
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy import insert, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from newsletter import migrations
from newsletter.app import App
from newsletter.database import Database
from newsletter.delivery.archive.folding import fold
from newsletter.delivery.archive.models import ArchivedIssue, ArchivedWords, Visibility
from newsletter.issues.models import Issue
from newsletter.web import application
from newsletter.web.assets import Assets
from tests.benchmarks.measuring import measure
from tests.support.archives import compiled_of, sent, shown_to
from tests.support.editions import an_edition
from tests.support.makers import NOW
from tests.support.postgres import Server
from tests.support.web import a_reader, an_app

ISSUES = 2_000
REQUESTS = 20
WORDS = (
    "Haushalt",
    "Radweg",
    "Frühlingsmarkt",
    "Kita",
    "Busse",
    "Wasser",
    "Fluss",
    "Ehrenamt",
    "Schule",
    "Brücke",
    "Straße",
)
IN_EARNEST = {"shared_buffers": "128MB", "autovacuum": "on"}


def main() -> None:
    """Print a figure for each page and each kind of database."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        _figures("SQLite", Database(f"sqlite:///{folder}/pages.db"), Path(folder))
        with Server(IN_EARNEST) as server:
            _figures("PostgreSQL", Database(server.create("pages")), Path(folder))
    assets = Assets.load(prefix="")
    for sheets in (("tokens.css", "site.css"), ("tokens.css", "frame.css")):
        contents = [assets.files[name].content for name in sheets]
        _weight(f"style sheets {' + '.join(sheets)}", b"".join(contents))


def _figures(kind: str, database: Database, folder: Path) -> None:
    migrations.upgrade(database.engine)
    app = an_app(database, folder)
    slug = _filled(app)
    reader = a_reader(app, confirmed=True)
    ours = application.create(app)
    pages = {
        "start page": "/",
        "sign-up": "/lists/region",
        "leave": f"/leave/{reader.leave_token}",
        "archive, first page": "/archive/region",
        "archive, page 100": "/archive/region?page=100",
        "search, common word": "/archive/region?q=haushalt",
        "search, two words that nobody wrote": "/archive/region?q=zzz+yyy",
        "issue": f"/archive/region/{slug}",
        "feed": "/archive/region/feed.xml",
        "site map": "/sitemap.xml",
    }
    for name, path in pages.items():
        body = _get(ours, path)
        measure(
            f"{name}, {kind}",
            ours=_asked(ours, path),
            peer=_asked(_bare(body), "/"),
            peer_name="a bare Starlette route with the same bytes",
            per=REQUESTS,
            clock=time.perf_counter,
        )
        if kind == "SQLite":
            _weight(name, body)
    database.close()


def _filled(app: App) -> str:
    """Make an archive: one issue in earnest, and copies of its row with other words; give the slug of the newest."""
    with app.writing() as session:
        shown_to(session, Visibility.PUBLIC)
        first = sent(session, an_edition(), compiled=compiled_of(an_edition()))
        row = session.scalars(select(ArchivedIssue)).one()
        publication = session.get_one(Issue, first.issue_id).publication_id
        slug, values = row.slug, {column.name: getattr(row, column.name) for column in ArchivedIssue.__table__.columns}
        numbers = range(2, ISSUES + 1)
        session.execute(
            insert(Issue),
            [
                {"id": n, "publication_id": publication, "state": "sent", "revision": 1, "created_at": NOW}
                for n in numbers
            ],
        )
        session.execute(insert(ArchivedIssue), [{**values, **_other(number)} for number in numbers])
        session.execute(insert(ArchivedWords), [_words(number) for number in numbers])
    return str(slug)


def _other(number: int) -> dict[str, object]:
    """The row of another issue, a week older each."""
    at = NOW - dt.timedelta(days=7 * number)
    return {
        "issue_id": number,
        "slug": f"{at.date()}-{number}",
        "published_at": at,
        "year": at.year,
        "subject": f"Aus dem Landkreis, Nummer {number}",
    }


def _words(number: int) -> dict[str, object]:
    """Five kilobytes of words."""
    text = " ".join(WORDS[(number * step + step) % len(WORDS)] for step in range(1, 600))
    return {"issue_id": number, "teaser": f"<p>{text[:2_000]}</p>", "text": text, "words": fold(text)}


def _bare(body: bytes) -> ASGIApp:
    def answer(request: Request) -> Response:
        del request
        return HTMLResponse(body)

    return Starlette(routes=[Route("/", answer)])


def _asked(app: ASGIApp, path: str) -> Callable[[], None]:
    def ask() -> None:
        async def often() -> None:
            for _ in range(REQUESTS):
                await _answer(app, path)

        asyncio.run(often())

    return ask


def _get(app: ASGIApp, path: str) -> bytes:
    status, body = asyncio.run(_answer(app, path))
    if status != 200:
        raise RuntimeError(f"{path} answers {status}")
    return body


async def _answer(app: ASGIApp, address: str) -> tuple[int, bytes]:
    path, _, query = address.partition("?")
    status, body = 0, b""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"news.example.org"), (b"accept-language", b"de")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, body
        status = int(message.get("status", status))
        body += message.get("body", b"")

    await app(scope, receive, send)
    return status, body


def _weight(name: str, body: bytes) -> None:
    line = {"figure": f"weight of {name}, bytes", "value": len(body), "gzip": len(gzip.compress(body, 6)), "peer": None}
    print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()

"""Sources and imports on real parts: a web server, files on disk, a database."""

import datetime as dt
import io
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from PIL import Image

from newsletter.database import Database
from newsletter.news import extraction, pool
from newsletter.news.article import NoArticle
from newsletter.news.feeds import FeedInvalid
from newsletter.news.fetching import FetchFailed, FetchPolicy
from newsletter.news.gathering import Gatherer, SourceResult, fetch_sources
from newsletter.news.importing import Imported, ImportFailed, import_from
from newsletter.news.models import NewsItem, SourceKind
from newsletter.news.pool import Outcome
from subscribers.actor import Actor
from subscribers.errors import NotPermitted
from tests.support.webserver import Answer, WebServer, page, redirect

ASSETS = Path(__file__).parents[2] / "assets" / "news"
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
BY = Actor.command_line()
SENTENCE = "Ein ganzer Satz, der lang genug ist, um als Absatz zu gelten."
STORY = f"<h1>Neuer Steg eröffnet</h1><p>{SENTENCE}</p>"


@pytest.fixture
def gatherer(tmp_path: Path) -> Gatherer:
    return Gatherer(FetchPolicy(allow_private=True), tmp_path / "media")


def a_picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 200), (10, 90, 120)).save(written, "PNG")
    return written.getvalue()


def rss(*titles: str, picture: str = "") -> str:
    enclosure = f"<enclosure url='{picture}' type='image/png' length='1'/>" if picture else ""
    entries = (
        f"<item><title>{title}</title><guid>tag:a.example,2026:{number}</guid><description>{SENTENCE}</description>"
        f"{enclosure}</item>"
        for number, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>F</title>{''.join(entries)}</channel></rss>"


def not_modified(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(304)
    handler.end_headers()


def add(database: Database, url: str, kind: SourceKind = SourceKind.FEED) -> int:
    with database.writing() as session:
        return pool.add_source(session, url, kind=kind, by=BY, now=NOW).id


def fetched(database: Database, gatherer: Gatherer, now: dt.datetime = NOW) -> list[SourceResult]:
    return list(fetch_sources(database, gatherer, by=BY, now=now))


def items(database: Database) -> list[NewsItem]:
    with database.reading() as session:
        return list(pool.items(session))


def imported(database: Database, origin: str | Path, gatherer: Gatherer) -> Imported:
    return import_from(database, str(origin), gatherer=gatherer, by=BY, now=NOW)


def test_a_feed_gives_its_stories_once(database: Database, server: WebServer, gatherer: Gatherer) -> None:
    picture = server.at("/a.png", page(a_picture(), content_type="image/png"))
    url = server.at("/feed", page(rss("Eins", "Zwei", picture=picture), content_type="application/rss+xml", ETag='"1"'))
    source = add(database, url)

    first = fetched(database, gatherer)
    server.at("/feed", page(rss("Eins", "Zwei neu", "Drei", picture=picture), content_type="text/xml", ETag='"2"'))
    second = fetched(database, gatherer, LATER)

    assert first == [SourceResult(source, url, new=2)]
    assert second == [SourceResult(source, url, new=1, changed=1, unchanged=1)]
    assert {item.title: (item.version, item.image_width) for item in items(database)} == {
        "Eins": (1, 300),
        "Zwei neu": (2, 300),
        "Drei": (1, 300),
    }
    assert [path for path, _ in server.requests].count("/a.png") == 4  # once for each new or changed story
    assert len(list(gatherer.media.iterdir())) == 1


def test_a_source_that_has_not_changed_is_asked_no_more_than_that(
    database: Database, server: WebServer, gatherer: Gatherer
) -> None:
    source = add(database, server.at("/feed", page(rss("Eins"), content_type="text/xml", ETag='"1"')))
    fetched(database, gatherer)
    server.at("/feed", not_modified)

    assert fetched(database, gatherer, LATER) == [SourceResult(source, server.url + "/feed", unchanged=1)]
    assert server.requests[-1][1]["If-None-Match"] == '"1"'
    with database.reading() as session:
        row = pool.sources(session)[0]
        assert (row.etag, row.checked_at, row.failure) == ('"1"', LATER, "")


def test_one_broken_source_never_stops_the_others(
    database: Database, server: WebServer, gatherer: Gatherer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(extraction, "extract", odd)
    urls = [
        server.url + "/missing",
        server.at("/page", page("<html><body>Hallo</body></html>")),
        server.at("/loop", redirect("/loop")),
        server.at("/odd", page(STORY)),
        server.at("/good", page(rss("Eins"))),
    ]
    for url in urls:
        add(database, url, SourceKind.PAGE if "odd" in url else SourceKind.FEED)

    results = fetched(database, gatherer)

    assert [result.failure for result in results] == [
        f"{urls[0]} cannot be fetched: the server answers 404 Not Found.",
        f"{urls[1]} is no feed: neither RSS nor Atom can be read in it.",
        f"{urls[2]} cannot be fetched: its redirects lead in a circle.",
        f"{urls[3]} cannot be read (ZeroDivisionError); the log has the details.",
        "",
    ]
    assert results[4].new == 1
    with database.reading() as session:
        assert [row.failure for row in pool.sources(session)] == [result.failure for result in results]


def test_a_source_that_recovers_loses_its_failure(database: Database, server: WebServer, gatherer: Gatherer) -> None:
    add(database, server.url + "/feed")
    assert fetched(database, gatherer)[0].failure

    server.at("/feed", page(rss("Eins")))

    assert fetched(database, gatherer, LATER)[0] == SourceResult(1, server.url + "/feed", new=1)
    with database.reading() as session:
        assert pool.sources(session)[0].failure == ""


def test_a_failure_loses_nothing(database: Database, server: WebServer, gatherer: Gatherer) -> None:
    add(database, server.at("/feed", page(rss("Eins"), ETag='"1"')))
    fetched(database, gatherer)
    server.at("/feed", page("<html>Wartung</html>", ETag='"2"'))

    fetched(database, gatherer, LATER)

    assert [item.title for item in items(database)] == ["Eins"]
    with database.reading() as session:
        assert pool.sources(session)[0].etag == '"1"'


def test_a_page_can_be_a_source_also_behind_a_redirect(
    database: Database, server: WebServer, gatherer: Gatherer
) -> None:
    server.at("/today", page(STORY))
    source = add(database, server.at("/", redirect("/today")), SourceKind.PAGE)

    assert fetched(database, gatherer) == [SourceResult(source, server.url + "/", new=1)]
    assert fetched(database, gatherer, LATER) == [SourceResult(source, server.url + "/", unchanged=1)]
    assert items(database)[0].source_id == source


@pytest.mark.parametrize(
    "picture",
    [
        page(b"no picture", content_type="image/png"),
        page(b"x", content_type="text/html"),
        lambda handler: handler.send_error(404),
    ],
    ids=["broken", "a page", "missing"],
)
def test_a_broken_picture_never_stops_a_story(
    picture: Answer, database: Database, server: WebServer, gatherer: Gatherer
) -> None:
    url = server.at("/a.png", picture)
    add(database, server.at("/feed", page(rss("Eins", picture=url))))

    assert fetched(database, gatherer)[0].new == 1
    assert items(database)[0].image is None


def test_a_picture_inside_a_private_network_is_not_fetched(
    database: Database, server: WebServer, tmp_path: Path
) -> None:
    server.at("/a.png", page(a_picture(), content_type="image/png"))
    feed = tmp_path / "feed.xml"
    feed.write_text(rss("Eins", picture=server.url + "/a.png"))

    imported(database, feed, Gatherer(FetchPolicy(), tmp_path / "media"))

    assert items(database)[0].image is None
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("mitteilung.txt", ["Seenregionen beraten über Nahverkehr und gemeinsame Fahrpläne"]),
        ("mitteilung.md", ["Bücherschrank zieht in den alten Kiosk"]),
        ("semantic.html", ["Seenland eröffnet Werkstatt für Hofnachfolge"]),
        ("windows1252.html", ["Telefonfallen am Vormittag"]),
        ("feed.atom", ["Dredging ends early"]),
        ("feed.rdf", ["Wald wird vermessen"]),
    ],
)
def test_files_of_every_kind_are_imported(name: str, titles: list[str], database: Database, gatherer: Gatherer) -> None:
    offline = Gatherer(FetchPolicy(resolve=lambda *_: ()), gatherer.media)

    first = imported(database, ASSETS / name, offline)
    again = imported(database, ASSETS / name, offline)

    assert [kept.item.title for kept in first.kept] == titles
    assert [kept.outcome for kept in first.kept] == [Outcome.NEW]
    assert [kept.outcome for kept in again.kept] == [Outcome.UNCHANGED]


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (page(STORY, content_type="text/html"), "Neuer Steg eröffnet"),
        (page(rss("Eins"), content_type="text/html"), "Eins"),
        (page("Titel\n\nEin Satz.", content_type="text/plain"), "Titel"),
        (page("# Titel\n\nEin Satz.", content_type="text/markdown"), "Titel"),
    ],
    ids=["page", "feed", "text", "markdown"],
)
def test_addresses_of_every_kind_are_imported(
    answer: Answer, title: str, database: Database, server: WebServer, gatherer: Gatherer
) -> None:
    result = imported(database, server.at("/a", answer), gatherer)

    assert [kept.item.title for kept in result.kept] == [title]


def test_a_page_on_disk_may_name_a_picture_beside_it(database: Database, gatherer: Gatherer, tmp_path: Path) -> None:
    (tmp_path / "mein bild.png").write_bytes(a_picture())
    (tmp_path / "seite.html").write_text(STORY + "<img src='mein%20bild.png' alt='Ein Steg'>")

    imported(database, tmp_path / "seite.html", gatherer)

    (item,) = items(database)
    assert (item.image_width, item.image_height, item.image_alt) == (300, 200, "Ein Steg")
    assert item.image is not None
    assert (gatherer.media / item.image).is_file()


@pytest.mark.parametrize(
    "source", ["../bild.png", "sub/bild.png", "{absolute}", "link.png", "file://{absolute}", "..", "a%00b"]
)
def test_a_page_on_disk_names_no_other_file(
    source: str, database: Database, gatherer: Gatherer, tmp_path: Path
) -> None:
    folder = tmp_path / "seiten"
    (folder / "sub").mkdir(parents=True)
    for path in (tmp_path / "bild.png", folder / "sub" / "bild.png"):
        path.write_bytes(a_picture())
    (folder / "link.png").symlink_to(tmp_path / "bild.png")
    written = source.format(absolute=tmp_path / "bild.png")
    (folder / "seite.html").write_text(STORY + f"<img src='{written}'>")

    imported(database, folder / "seite.html", gatherer)

    assert items(database)[0].image is None


def test_two_files_of_one_name_are_two_stories(database: Database, gatherer: Gatherer, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "seite.html").write_text(STORY)
        imported(database, tmp_path / folder / "seite.html", gatherer)

    assert len(items(database)) == 2


def test_what_cannot_be_imported_is_a_clear_error_and_loses_nothing(
    database: Database, server: WebServer, gatherer: Gatherer, tmp_path: Path
) -> None:
    contents = {
        "a.html": b"<html></html>",
        "a.xml": b"no xml",
        "a.txt": b"\x00\x01",
        "a.pdf": b"%PDF",
        "a.rss": b"<html/>",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "big.txt").write_bytes(b"a" * 10_000_001)
    cases: list[tuple[str, type[Exception], str]] = [
        (str(tmp_path / "none.txt"), ImportFailed, r"none\.txt cannot be imported: there is no such file\.$"),
        (str(tmp_path / "none"), ImportFailed, r"there is no such file\.$"),
        (str(tmp_path), ImportFailed, r"it is a folder\.$"),
        (str(tmp_path / "a.pdf"), ImportFailed, r"its name should end in one of \.txt "),
        (str(tmp_path / "big.txt"), ImportFailed, r"it is larger than 10 MB\.$"),
        (str(tmp_path / "a.html"), NoArticle, r"^There is no article in .*a\.html"),
        (str(tmp_path / "a.txt"), NoArticle, r"^There is no article in .*a\.txt"),
        (str(tmp_path / "a.xml"), FeedInvalid, r"a\.xml is no feed"),
        (str(tmp_path / "a.rss"), FeedInvalid, r"a\.rss is no feed"),
        (server.url + "/none", FetchFailed, r"answers 404 Not Found\.$"),
        (server.at("/v", page(b"x", content_type="video/mp4")), FetchFailed, r"of the type “video/mp4”"),
        ("ftp://a.example/", FetchFailed, r"only http and https"),
    ]
    imported(database, ASSETS / "mitteilung.txt", gatherer)

    for origin, error, message in cases:
        with pytest.raises(error, match=message):
            imported(database, origin, gatherer)

    assert len(items(database)) == 1


def test_a_reader_imports_nothing(database: Database, gatherer: Gatherer) -> None:
    with pytest.raises(NotPermitted):
        import_from(database, str(ASSETS / "mitteilung.txt"), gatherer=gatherer, by=Actor.reader(1), now=NOW)
    with pytest.raises(NotPermitted):
        next(fetch_sources(database, gatherer, by=Actor.reader(1), now=NOW))

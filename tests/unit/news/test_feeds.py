import datetime as dt
from pathlib import Path

import pytest

from newsletter.news.article import Article
from newsletter.news.feeds import Feed, FeedInvalid, read

ASSETS = Path(__file__).parents[2] / "assets" / "news"
URL = "https://www.seenland.example/feed"


def feed(body: str | bytes, charset: str = "") -> Feed:
    data = body.encode() if isinstance(body, str) else body
    return read(data, url=URL, origin=URL, charset=charset)


def rss(item: str, before: str = "") -> Feed:
    return feed(
        f"<?xml version='1.0'?>{before}<rss version='2.0'><channel><title>F</title><item>{item}</item></channel></rss>"
    )


def test_an_rss_feed() -> None:
    assert feed((ASSETS / "feed.rss").read_bytes()) == Feed(
        "Region Seenland – Presse",
        (
            Article(
                title="Stege & Ufer: Neue Karte zeigt alle Badestellen",
                date=dt.date(2026, 6, 3),  # the day as written, although it is the third in UTC, too
                lead="Wo man im Seenland baden darf, zeigt jetzt eine Karte, die in allen Rathäusern liegt.",
                body="<p>„Wir haben jeden Steg <strong>selbst</strong> ausprobiert“, sagt Badewart Ole Brandt.</p>",
                credit="Foto: Ole Brandt",
                caption="Die Karte passt in jede Tasche.",
                link="https://www.seenland.example/presse/karte",
                language="de",
                image_url="https://www.seenland.example/bilder/karte.jpg",
                image_alt="Eine Karte auf einem Tisch",
                identity="www.seenland.example/feed#seenland-101",
            ),
            Article(
                title="Schiff fährt später",
                date=dt.date(2019, 4, 4),
                lead="Das Abendschiff legt bis Oktober erst um 21 Uhr ab.",
                link="https://www.seenland.example/presse/schiff",
                language="de",
                image_url="https://www.seenland.example/bilder/schiff.jpg",
                identity="https://www.seenland.example/presse/schiff",
            ),
        ),
    )


def test_an_atom_feed() -> None:
    assert feed((ASSETS / "feed.atom").read_bytes()).articles == (
        Article(
            title="Dredging ends early",
            date=dt.date(2026, 1, 30),
            lead="The last barge of mud has left the harbour, three weeks before it was due to.",
            link="https://port.example/news/dredging",
            language="en",
            identity="urn:uuid:99999999-2222-3333-4444-555555555555",
        ),
    )


def test_an_rdf_feed() -> None:
    assert feed((ASSETS / "feed.rdf").read_bytes()).articles == (
        Article(
            title="Wald wird vermessen",
            date=dt.date(2025, 10, 12),
            lead="Die Foerster zaehlen und messen ab Montag jeden Baum im Stadtwald.",
            link="https://www.auental.example/p/9",
            language="de",
            identity="https://www.auental.example/p/9",
        ),
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"\x00\xff\xfe",
        b"<html><body><p>Hallo</p></body></html>",
        b"<foo/>",
        b'{"version": "1"}',
        b"%PDF-1.7",
    ],
    ids=["empty", "words", "bytes", "page", "other xml", "json", "pdf"],
)
def test_what_is_no_feed_is_a_clear_error(body: bytes) -> None:
    with pytest.raises(FeedInvalid, match=r"^https://www.seenland.example/feed is no feed: neither RSS nor Atom"):
        feed(body)


def test_bytes_are_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes((ASSETS / "feed.rss").read_bytes())

    with pytest.raises(FeedInvalid):
        feed(str(file))


def test_a_feed_without_entries_is_one() -> None:
    assert feed("<rss version='2.0'><channel><title>Leer</title></channel></rss>") == Feed("Leer", ())


def test_a_broken_feed_gives_what_can_be_read() -> None:
    found = feed(
        "<rss version='2.0'><channel><title>F</title><item><title>Müll & Mehr</title><link>/a</link></item>"
        "<item><title>Zweite</title>"
    )

    assert [article.title for article in found.articles][:1] == ["Müll & Mehr"]


def test_the_charset_of_the_header_counts() -> None:
    body = "<rss version='2.0'><channel><title>Grüße</title></channel></rss>".encode("cp1252")

    assert feed(body, charset="windows-1252").title == "Grüße"


def test_external_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("GEHEIM")
    found = rss(
        "<title>A &x; B</title><description>&x;</description>", f'<!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    )

    assert "GEHEIM" not in repr(found)


def test_entities_that_multiply_do_not() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

    found = rss("<title>A &l9; B</title>", f'<!DOCTYPE r [<!ENTITY l0 "lol">{laughs}]>')

    assert len(repr(found)) < 100_000


def test_scripts_in_entries_are_dropped() -> None:
    found = rss(
        "<title>T</title><link>javascript:alert(1)</link>"
        "<description>&lt;p&gt;Eins.&lt;/p&gt;&lt;p"
        " onclick='x()'&gt;Zwei&lt;script&gt;y&lt;/script&gt;&lt;/p&gt;</description>"
    )

    assert found.articles[0].body == "<p>Zwei</p>"
    assert found.articles[0].link == ""


@pytest.mark.parametrize(
    ("published", "date"),
    [
        ("Thu, 04 Apr 2019 10:00:00 GMT", dt.date(2019, 4, 4)),
        ("Thu, 4 Apr 2019 00:30:00 +0200", dt.date(2019, 4, 4)),
        ("Thu, 04 Apr 19 10:00:00 GMT", dt.date(2019, 4, 4)),
        ("2019-04-04T10:00:00Z", dt.date(2019, 4, 4)),
        ("04. April 2019", dt.date(2019, 4, 4)),
        ("heute", None),
        ("", None),
    ],
)
def test_dates_are_read_as_written(published: str, date: dt.date | None) -> None:
    assert rss(f"<title>T</title><pubDate>{published}</pubDate>").articles[0].date == date


@pytest.mark.parametrize(
    ("media", "image"),
    [
        ("<enclosure url='/a.jpg' type='image/jpeg' length='1'/>", "https://www.seenland.example/a.jpg"),
        ("<enclosure url='/a.mp3' type='audio/mpeg' length='1'/>", ""),
        (
            "<m:content xmlns:m='http://search.yahoo.com/mrss/' url='/a.jpg' medium='image'/>",
            "https://www.seenland.example/a.jpg",
        ),
        ("<m:thumbnail xmlns:m='http://search.yahoo.com/mrss/' url='/a.jpg'/>", "https://www.seenland.example/a.jpg"),
        ("<description>&lt;img src='/a.jpg'&gt; Text</description>", "https://www.seenland.example/a.jpg"),
        ("<enclosure url='file:///etc/passwd' type='image/jpeg' length='1'/>", ""),
    ],
    ids=["enclosure", "sound", "media content", "thumbnail", "in the text", "file"],
)
def test_a_picture_may_come_in_many_ways(media: str, image: str) -> None:
    assert rss(f"<title>T</title>{media}").articles[0].image_url == image


@pytest.mark.parametrize(
    ("guid", "identity"),
    [
        ("<guid>https://a.example/1</guid>", "https://a.example/1"),
        ("<guid isPermaLink='false'>tag:a.example,2019:1</guid>", "tag:a.example,2019:1"),
        ("<guid isPermaLink='false'>1</guid>", "www.seenland.example/feed#1"),
        ("<link>https://a.example/2</link>", "https://a.example/2"),
        ("", "www.seenland.example/feed#T"),
    ],
    ids=["address", "tag", "a number of the feed", "link", "title"],
)
def test_an_entry_is_known_by_its_guid(guid: str, identity: str) -> None:
    assert rss(f"<title>T</title>{guid}").articles[0].identity == identity


def test_an_identity_fits_its_column() -> None:
    found = rss(f"<title>T</title><guid>https://a.example/{'x' * 5000}</guid>").articles[0]

    assert found.identity.startswith("sha256:")

import pytest

from newsletter.news.reading import Document, Kind, articles_of, kind_of

ENTRY = b"<item><title>T</title><description>Ein Satz.</description></item>"
RSS = b"<rss version='2.0'><channel><title>F</title>" + ENTRY + b"</channel></rss>"


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (RSS, "application/rss+xml", Kind.FEED),
        (RSS, "text/html", Kind.FEED),
        (
            b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><feed xmlns='http://www.w3.org/2005/Atom'/>",
            "text/plain",
            Kind.FEED,
        ),
        (b"<?xml version='1.0'?><?xml-stylesheet href='a'?><rdf:RDF/>", "", Kind.FEED),
        (b"no xml at all", "application/rss+xml", Kind.FEED),
        (b"no xml at all", "text/xml", Kind.FEED),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "application/xhtml+xml", Kind.PAGE),
        (b"<html>", "text/html", Kind.PAGE),
        (b"<html>", "", Kind.PAGE),
        (b"Titel", "text/plain", Kind.TEXT),
        (b"# Titel", "text/markdown", Kind.MARKDOWN),
    ],
)
def test_the_kind_is_told_by_type_and_beginning(body: bytes, content_type: str, kind: Kind) -> None:
    assert kind_of(Document(body, origin="o", content_type=content_type)) is kind


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.TEXT, Kind.MARKDOWN])
def test_the_address_of_a_document_is_its_identity_and_link(kind: Kind) -> None:
    body = "<h1>Titel</h1><p>Ein ganzer Satz, der lang genug ist, um als Absatz zu gelten.</p>"
    text = "Titel\n\nEin Satz."
    document = Document((body if kind is Kind.PAGE else text).encode(), origin="o", url="https://a.example/1")

    (article,) = articles_of(document, kind=kind)

    assert (article.title, article.link, article.identity) == ("Titel", "https://a.example/1", "https://a.example/1")


def test_a_feed_gives_several() -> None:
    assert [article.title for article in articles_of(Document(RSS, origin="o"), kind=Kind.FEED)] == ["T"]

import datetime as dt

import pytest

from newsletter.news import pages
from newsletter.news.metadata import Metadata, read


def facts_of(head: str) -> Metadata:
    page = pages.parse(f"<html lang=de><head>{head}</head><body><p>Text</p></body></html>")
    assert page is not None
    return read(page)


def json_ld(text: str) -> Metadata:
    return facts_of(f'<script type="application/ld+json">{text}</script>')


@pytest.mark.parametrize(
    "text",
    [
        '{"@type": "NewsArticle", "headline": "Titel & mehr", "datePublished": "2019-04-04T10:00:00+02:00"}',
        '[{"@type": "Organization"}, {"@type": "Article", "headline": "Titel & mehr", "datePublished": "2019-04-04"}]',
        (
            '{"@graph": [{"@type": "WebSite"}, {"@type": ["Thing", "BlogPosting"], "headline": "Titel & mehr",'
            ' "datePublished": "2019-04-04"}]}'
        ),
        (
            '{"@type": "WebPage", "mainEntity": {"@type": "NewsArticle", "headline": "Titel & mehr",'
            ' "datePublished": "2019-04-04"}}'
        ),
        '{"@type": "https://schema.org/NewsArticle", "headline": "Titel &amp; mehr", "datePublished": "2019-04-04"}',
        (
            "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;headline&quot;: &quot;Titel &amp;amp; mehr&quot;,"
            " &quot;datePublished&quot;: &quot;2019-04-04&quot;}"
        ),
        '//<![CDATA[\n{"@type": "NewsArticle", "headline": "Titel & mehr", "datePublished": "2019-04-04"}\n//]]>',
        '<!--{"@type": "NewsArticle", "headline": "Titel & mehr", "datePublished": "2019-04-04"}-->',
        '{"@type": "NewsArticle", "headline": "Titel\t& mehr", "datePublished": "2019-04-04",};',
        '{"@type": "NewsArticle", "headline": ["Titel & mehr"], "datePublished": {"@value": "2019-04-04"}}',
    ],
    ids=[
        "plain",
        "list",
        "graph",
        "main entity",
        "escaped value, full type",
        "escaped as a whole",
        "cdata",
        "comment",
        "control character, comma and semicolon too many",
        "wrapped values",
    ],
)
def test_json_ld_is_read_as_it_is_found_in_the_wild(text: str) -> None:
    facts = json_ld(text)

    assert facts.titles[0] == "Titel & mehr"
    assert facts.date == dt.date(2019, 4, 4)
    assert facts.is_article


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "7", '"text"', "[" * 100_000, '{"@graph":' * 2000, '{"@type": 7, "@graph": {"@graph": []}}'],
    ids=["empty", "broken", "null", "number", "string", "deep list", "deep graph", "odd types"],
)
def test_broken_json_ld_counts_as_not_stated(text: str) -> None:
    facts = json_ld(text)

    assert facts == Metadata(language="de")


def test_articles_in_a_list_of_others_do_not_speak_for_the_page() -> None:
    facts = json_ld(
        '{"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle", "headline": "Anderes",'
        ' "datePublished": "2001-01-01"}]}'
    )

    assert facts.date is None
    assert facts.titles == ()


def test_the_website_s_own_date_is_not_that_of_the_article() -> None:
    assert json_ld('{"@type": "WebSite", "datePublished": "2001-01-01"}').date is None


@pytest.mark.parametrize(
    "image",
    ['"a.jpg"', '["a.jpg", "b.jpg"]', '{"@type": "ImageObject", "url": "a.jpg"}', '[{"contentUrl": "a.jpg"}]'],
)
def test_a_picture_may_be_stated_in_many_shapes(image: str) -> None:
    assert json_ld(f'{{"@type": "Article", "image": {image}}}').image == "a.jpg"


@pytest.mark.parametrize(
    "meta",
    [
        '<meta property="article:published_time" content="2019-04-04T10:00:00Z">',
        '<meta name="date" content="04.04.2019">',
        '<meta name="DC.date.issued" content="2019-04-04">',
        '<meta itemprop="datePublished" content="2019-04-04">',
    ],
)
def test_a_date_may_be_stated_by_a_meta_element(meta: str) -> None:
    assert facts_of(meta).date == dt.date(2019, 4, 4)


def test_open_graph_and_head_are_read() -> None:
    facts = facts_of(
        '<title>Titel | Stadt</title><meta property="og:title" content="Titel"><meta property="og:site_name"'
        ' content="Stadt">'
        '<meta property="og:image" content="/a.jpg"><meta property="og:image:alt" content="Ein Turm">'
        '<link rel="canonical" href="https://stadt.example/titel"><meta name="description" content="Worum es geht.">'
    )

    assert facts == Metadata(
        titles=("Titel", "Titel | Stadt"),
        site="Stadt",
        description="Worum es geht.",
        image="/a.jpg",
        image_alt="Ein Turm",
        language="de",
        link="https://stadt.example/titel",
    )

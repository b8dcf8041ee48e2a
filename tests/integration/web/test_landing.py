"""The start page, and what search engines are told."""

import datetime as dt
from xml.etree import ElementTree as ET

import pytest

from newsletter.app import App
from newsletter.delivery.archive import correcting
from newsletter.delivery.archive.models import Visibility
from tests.support.archives import a_content, sent, shown_to
from tests.support.kinds import on_sqlite
from tests.support.makers import BY, NOW, a_list, a_publication
from tests.support.web import PUBLIC_URL, Client, a_client

pytestmark = on_sqlite

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def parsed(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314  # ours


def test_the_start_page_lists_what_everybody_may_find(app: App, client: Client) -> None:
    with app.writing() as session:
        shown_to(session, Visibility.PUBLIC)
        sent(session)
        a_publication(session, a_list(session, "hidden"), "hidden")
        a_list(session, "nobody")
        shown_to(session, Visibility.PUBLIC, slug="nobody")

    page = client.get("/").text

    assert 'href="/lists/region?lang=de"' in page
    assert 'href="/archive/region"' in page
    assert 'href="/archive/region/2026-11-23-der-park-ist-fertig"' in page
    assert "hidden" not in page
    assert "nobody" not in page


def test_a_start_page_without_a_list_still_has_a_way_on(client: Client) -> None:
    page = client.get("/")

    assert page.status_code == 200
    assert 'href="/leave?lang=de"' in page.text
    assert "region" not in page.text


def test_the_start_page_speaks_the_visitors_language_and_says_so_to_caches(app: App) -> None:
    answer = a_client(app, **{"Accept-Language": "de"}).get("/")

    assert answer.headers["Content-Language"] == "de"
    assert answer.headers["Vary"] == "Accept-Language"
    assert answer.headers["ETag"] != a_client(app).get("/").headers["ETag"]


def test_crawlers_are_kept_off_every_address_with_a_token(client: Client) -> None:
    lines = client.get("/robots.txt").text.splitlines()

    assert lines[0] == "User-agent: *"
    assert {"Disallow: /confirm/", "Disallow: /leave/", "Disallow: /my-data/", "Disallow: /view/"} <= set(lines)
    assert "{" not in "".join(lines)
    assert f"Sitemap: {PUBLIC_URL}/sitemap.xml" in lines
    assert not any(
        line.startswith(("Disallow: /archive", "Disallow: /lists")) or line == "Disallow: /" for line in lines
    )


@pytest.mark.parametrize("who", [Visibility.UNLISTED, Visibility.OFF])
def test_the_site_map_names_what_is_public_alone(app: App, client: Client, who: Visibility) -> None:
    with app.writing() as session:
        shown_to(session, Visibility.PUBLIC)
        sent(session)
        issue_id = sent(session, a_content("Alt"), at=NOW - dt.timedelta(days=1)).issue_id or 0
        correcting.correct(session, issue_id, text="x", by=BY, now=NOW + dt.timedelta(hours=1))

    places = parsed(client.get("/sitemap.xml").content).findall(f"{MAP}url")

    assert {place.findtext(f"{MAP}loc"): place.findtext(f"{MAP}lastmod") for place in places} == {
        f"{PUBLIC_URL}/": None,
        f"{PUBLIC_URL}/archive/region": None,
        f"{PUBLIC_URL}/lists/region": None,
        f"{PUBLIC_URL}/archive/region/2026-11-23-der-park-ist-fertig": "2026-11-23T09:00:00Z",
        f"{PUBLIC_URL}/archive/region/2026-11-22-alt": "2026-11-23T10:00:00Z",
    }

    with app.writing() as session:
        shown_to(session, who)
    assert "region" not in client.get("/sitemap.xml").text


def test_the_publications_colour_is_a_style_sheet_of_its_own(client: Client) -> None:
    answer = client.get("/brand/b5402a.css")

    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "--brand:#b5402a;" in answer.text
    for nothing in ("B5402A", "b5402", "b5402a0", "zzzzzz"):
        assert client.get(f"/brand/{nothing}.css").status_code == 404

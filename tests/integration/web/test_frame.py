"""The sign-up form in a frame of another site."""

import re
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.database import Database
from tests.support.kinds import on_sqlite
from tests.support.web import PUBLIC_URL, Client, a_client, an_app, hidden_fields, records_of, sign_up, state_of

pytestmark = on_sqlite

FRAME = "/lists/region/frame"


def test_only_the_frame_may_be_shown_on_other_sites(client: Client) -> None:
    assert "frame-ancestors 'self' *;" in client.get(FRAME).headers["Content-Security-Policy"]
    assert client.get(FRAME).headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "frame-ancestors 'none'" in client.get("/lists/region").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/lists/region/embed").headers["Content-Security-Policy"]


def test_the_sites_that_may_show_it_are_a_setting(database: Database, tmp_path: Path) -> None:
    app = an_app(database, tmp_path, frame_ancestors="https://verein.example https://*.stadt.example:8443")
    client = a_client(app)

    for answer in (client.get(FRAME), sign_up(client, "nobody", FRAME), sign_up(client, "anna@posteo.de", FRAME)):
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self' https://verein.example https://*.stadt.example:8443;" in policy


def test_what_is_posted_stays_in_the_frame_and_what_leads_away_leaves_it(app: App, client: Client) -> None:
    form = client.get(FRAME)
    invalid = sign_up(client, "nobody", FRAME)
    taken = sign_up(client, "anna@posteo.de", FRAME)

    assert [form.status_code, invalid.status_code, taken.status_code] == [200, 400, 200]
    for page in (form, invalid, taken):
        assert '<base target="_top">' in page.text
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "<script" not in page.text
    for page in (form, invalid):
        assert f'<form method="post" action="{FRAME}" target="_self"' in page.text
    assert f'<a href="{FRAME}?lang=de" target="_self">' in taken.text
    assert state_of(app, "anna@posteo.de") == "pending"
    assert records_of(app)[0].source == "embedded frame"


def test_who_signs_up_too_often_in_a_frame_is_asked_to_wait_there(client: Client) -> None:
    answers = [sign_up(client, f"p{number}@posteo.de", FRAME) for number in range(21)]

    assert answers[-1].status_code == 429
    assert f'href="{FRAME}?lang=de" target="_self"' in answers[-1].text


def test_the_html_of_the_frame_is_there_to_copy(client: Client) -> None:
    page = client.get("/lists/region/embed").text

    assert f"&lt;iframe src=&#34;{PUBLIC_URL}{FRAME}?lang=de&#34; title=&#34;" in page


@pytest.mark.parametrize("path", ["/lists/nothing/frame", "/lists/%00/frame"])
def test_a_frame_of_no_list_is_a_kind_page(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path, data={"email": "anna@posteo.de"}).status_code == 404


def test_a_site_under_a_path_posts_under_that_path(database: Database, tmp_path: Path) -> None:
    client = a_client(an_app(database, tmp_path, base_url="https://example.org/news/"))

    assert f'action="/news{FRAME}"' in client.get(FRAME).text
    assert 'action="/news/lists/region"' in client.get("/lists/region").text
    assert "wording" in hidden_fields(client.get(FRAME).text)


def test_the_frame_looks_as_the_page_does(client: Client) -> None:
    def sheets(path: str) -> list[str]:
        return re.findall(r'<link rel="stylesheet" href="([^"]+)">', client.get(path).text)

    assert sheets(FRAME) == sheets("/lists/region")
    assert [each.rpartition("/")[2] for each in sheets(FRAME)][-1:] == ["site.css"]

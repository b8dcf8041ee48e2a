"""Nothing changes in the name of somebody who is signed in, because another site says so.

That no route is left out is tried in `test_attacks`.
"""

from pathlib import Path

import pytest

from newsletter.app import App
from tests.support.staff import COOKIE, Seated, seated, sqlite_alone
from tests.support.web import PUBLIC_URL, Client, a_client, a_reader, dump, state_of


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: what is refused never comes to the database."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def ana(app: App) -> Seated:
    return seated(app)


def bare(app: App, ana: Seated, **headers: str) -> Client:
    """Ana's browser, saying of where a form comes from what the headers say."""
    client = a_client(app, **headers)
    token = next(str(cookie.value) for cookie in ana.client.cookies.jar if cookie.name == COOKIE)
    client.cookies.set(COOKIE, token, domain="news.example.org")
    return client


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "Same-Origin"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC_URL},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://news.example.org"},
        {"Origin": "https://news.example.org.evil.example"},
        {"Origin": "https://news.example.org:8443"},
        {"Referer": f"{PUBLIC_URL}/staff/account"},
    ],
    ids=str,
)
def test_what_does_not_come_from_a_page_of_ours_changes_nothing(app: App, ana: Seated, headers: dict[str, str]) -> None:
    client = bare(app, ana, **headers)
    before = dump(app)

    answer = client.post("/staff/account", data={"name": "Mallory"})

    assert answer.status_code == 403
    assert dump(app) == before


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": PUBLIC_URL}], ids=str)
def test_what_does_is_done(app: App, ana: Seated, headers: dict[str, str]) -> None:
    answer = bare(app, ana, **headers).post("/staff/account", data={"name": "Ana Amann"}, follow_redirects=False)

    assert answer.headers["location"] == "/staff/account?done=saved"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PURGE"])
def test_every_method_but_the_harmless_ones_is_held_back(app: App, ana: Seated, method: str) -> None:
    assert bare(app, ana).request(method, "/staff/account").status_code == 403


def test_pages_for_readers_take_forms_from_anywhere(app: App, ana: Seated) -> None:
    reader = a_reader(app, confirmed=True)
    client = bare(app, ana, **{"Sec-Fetch-Site": "cross-site"})

    answer = client.post(f"/leave/{reader.leave_token}", data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert state_of(app, "anna@posteo.de") == "left"


def test_the_refusal_is_a_kind_page_with_all_headers(app: App, ana: Seated) -> None:
    answer = bare(app, ana, **{"Accept-Language": "de"}).post("/staff/account")

    assert "Das dürfen Sie nicht" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"

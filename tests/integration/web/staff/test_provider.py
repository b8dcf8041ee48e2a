"""Signing in over an OpenID provider, a real one on loopback that sometimes lies."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from newsletter.accounts.models import StaffSession, StaffUser
from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.database import Database
from newsletter.settings import Settings
from tests.support.makers import SECRET
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, Provider, a_key, running
from tests.support.staff import a_browser, a_staff_user, seated, sqlite_alone
from tests.support.web import Client, an_app

BEN = "ben@example.org"
REFUSED = "/staff/sign-in?done=provider-refused"


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: whom a provider vouches for does not depend on the database."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def app(database: Database, tmp_path: Path, provider: Provider) -> App:
    return an_app_with(database, tmp_path, provider)


def an_app_with(database: Database, home: Path, provider: Provider, **more: str) -> App:
    """An installation whose staff may sign in over the provider."""
    values = {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret_file": "oidc",
        "name": "Stadt-Login",
        **more,
    }
    lines = [f'{key} = "{value}"' if not value.startswith("[") else f"{key} = {value}" for key, value in values.items()]
    (home / "newsletter.toml").write_text("\n".join(["[oidc]", *lines]))
    (home / "oidc").write_text(f"{CLIENT_SECRET}\n")
    app = an_app(database, home, fetch_private=True)
    provider.now = int(app.now().timestamp())
    return app


@pytest.fixture
def ben(app: App) -> int:
    with app.writing() as session:
        return a_staff_user(session, BEN, Grant(Role.EDITOR), accepted=False).id


def go(client: Client, query: str = "") -> str:
    """Where the provider's page is."""
    return str(client.get(f"/staff/sign-in/provider{query}", follow_redirects=False).headers["location"])


def come_back(client: Client, answer: dict[str, str]) -> str:
    """Where one is sent after coming back."""
    back = client.get("/staff/sign-in/provider/back", params=answer, follow_redirects=False)
    return str(back.headers["location"])


def test_somebody_invited_signs_in_and_is_tied_to_the_provider(
    app: App, ben: int, provider: Provider, browser: Client
) -> None:
    assert "Mit Stadt-Login anmelden" in browser.get("/staff/sign-in").text
    url = go(browser, "?to=/staff/account/sessions")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert asked["redirect_uri"] == "https://news.example.org/staff/sign-in/provider/back"
    assert asked["scope"] == "openid email profile"

    assert come_back(browser, provider.sign_in(url)) == "/staff/account/sessions"

    assert browser.get("/staff/account").status_code == 200
    with app.reading() as session:
        user = session.get_one(StaffUser, ben)
        assert user.oidc_subject == f"{provider.issuer} subject-of-ben"
        assert user.name == "Ben Bauer"
        assert user.accepted_at is not None


@pytest.mark.usefixtures("ben")
@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": "eve@example.org"},
        {"aud": "another"},
        {"aud": ["newsletter", "another"]},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"sub": None},
        {"azp": "another"},
    ],
    ids=str,
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    app: App, provider: Provider, browser: Client, claims: dict[str, object]
) -> None:
    provider.claims = claims

    assert come_back(browser, provider.sign_in(go(browser))) == REFUSED

    with app.reading() as session:
        assert session.scalars(select(StaffSession)).all() == []


@pytest.mark.usefixtures("ben")
def test_a_token_signed_by_another_key_lets_nobody_in(provider: Provider, browser: Client) -> None:
    url = go(browser)
    provider.forger = a_key(of="a forger")

    assert come_back(browser, provider.sign_in(url)) == REFUSED


@pytest.mark.usefixtures("ben")
@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_token_that_anybody_could_sign_lets_nobody_in(provider: Provider, browser: Client, algorithm: str) -> None:
    url = go(browser)
    provider.algorithm = algorithm

    assert come_back(browser, provider.sign_in(url)) == REFUSED


@pytest.mark.usefixtures("ben")
def test_new_keys_of_the_provider_are_asked_for(provider: Provider, browser: Client) -> None:
    assert come_back(browser, provider.sign_in(go(browser))) == "/staff/"

    provider.key = a_key("2")

    assert come_back(browser, provider.sign_in(go(browser))) == "/staff/"


@pytest.mark.usefixtures("ben")
def test_an_answer_that_this_browser_did_not_ask_for_lets_nobody_in(
    app: App, provider: Provider, browser: Client
) -> None:
    answer = provider.sign_in(go(browser))

    assert come_back(a_browser(app), answer) == "/staff/sign-in?done=over"
    assert come_back(browser, {**answer, "state": "another"}) == "/staff/sign-in?done=over"
    assert come_back(browser, answer) == "/staff/sign-in?done=over"  # the wrong state has used the one try up


@pytest.mark.usefixtures("ben")
@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_a_provider_that_is_not_who_it_should_be_is_not_asked(
    provider: Provider, browser: Client, about: dict[str, object]
) -> None:
    provider.about = about

    assert go(browser) == REFUSED


@pytest.mark.usefixtures("ben")
def test_an_answer_of_another_provider_is_refused(provider: Provider, browser: Client) -> None:
    answer = provider.sign_in(go(browser))

    assert come_back(browser, {**answer, "iss": "https://evil.example"}) == REFUSED


def test_an_address_that_was_given_to_somebody_else_lets_them_not_in(
    app: App, ben: int, provider: Provider, browser: Client
) -> None:
    come_back(browser, provider.sign_in(go(browser)))
    provider.claims = {"sub": "subject-of-eve"}

    assert come_back(browser, provider.sign_in(go(browser))) == REFUSED

    provider.claims = {"email": "ben.bauer@example.org"}  # the same person, under a new address
    assert come_back(browser, provider.sign_in(go(browser))) == "/staff/"
    with app.reading() as session:
        assert session.get_one(StaffUser, ben).address == BEN


def test_who_is_not_active_is_not_let_in(app: App, ben: int, provider: Provider, browser: Client) -> None:
    with app.writing() as session:
        session.execute(update(StaffUser).where(StaffUser.id == ben).values(active=False))

    assert come_back(browser, provider.sign_in(go(browser))) == REFUSED


def test_nobody_becomes_staff_unless_a_setting_says_so(database: Database, tmp_path: Path, provider: Provider) -> None:
    home = tmp_path / "open"
    home.mkdir()
    app = an_app_with(database, home, provider, create_role="editor", domains='["example.org"]')
    browser = a_browser(app)

    assert come_back(browser, provider.sign_in(go(browser))) == "/staff/"
    provider.claims = {"email": "eve@evil.example", "sub": "eve"}
    stranger = a_browser(app)
    assert come_back(stranger, provider.sign_in(go(stranger))) == REFUSED

    assert browser.get("/staff/users").status_code == 403
    with app.reading() as session:
        assert session.scalars(select(StaffUser.address)).all() == [BEN]


def test_one_proves_again_who_one_is_over_the_provider(app: App, provider: Provider) -> None:
    ben = seated(app, BEN, Grant(Role.EDITOR), proven=dt.timedelta(hours=1))
    password = "/staff/account/password"
    to = ben.client.get(password, follow_redirects=False).headers["location"]
    assert to == "/staff/again?to=%2Fstaff%2Faccount%2Fpassword"
    assert "Mit Stadt-Login anmelden" in ben.client.get(to).text

    stale = provider.sign_in(go(ben.client, f"?again=1&to={password}"))
    provider.claims = {"auth_time": provider.now - 86_400}
    assert come_back(ben.client, stale) == REFUSED
    provider.claims = {"email": "cem@example.org", "sub": "cem"}
    other = provider.sign_in(go(ben.client, f"?again=1&to={password}"))
    assert come_back(ben.client, other) == REFUSED
    assert ben.client.get(password, follow_redirects=False).status_code == 303

    provider.claims = {}
    assert come_back(ben.client, provider.sign_in(go(ben.client, f"?again=1&to={password}"))) == password
    assert ben.client.get(password, follow_redirects=False).status_code == 200


def test_a_provider_in_a_private_network_is_asked_only_where_allowed(
    database: Database, tmp_path: Path, provider: Provider
) -> None:
    an_app_with(database, tmp_path, provider)
    settings = Settings.model_validate({"home": tmp_path, "base_url": "https://news.example.org"})
    closed = App(settings, database, SECRET)

    assert go(a_browser(closed)) == REFUSED
    assert provider.web.requests == []


def test_without_a_provider_there_is_no_such_way(database: Database, tmp_path: Path) -> None:
    home = tmp_path / "without"
    home.mkdir()
    browser = a_browser(an_app(database, home))

    assert browser.get("/staff/sign-in/provider", follow_redirects=False).status_code == 404
    assert browser.get("/staff/sign-in/provider/back", follow_redirects=False).status_code == 404

"""Signing in with a password, a second factor, and what keeps others out."""

import datetime as dt
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import func, select

from newsletter.accounts import passwords, second_factor
from newsletter.accounts.models import StaffSession, StaffUser
from newsletter.app import App
from newsletter.web.staff import trying
from subscribers.audit import AuditEntry
from tests.support.kinds import on_sqlite
from tests.support.makers import SECRET
from tests.support.staff import COOKIE, PASSWORD, a_browser, a_staff_user, seated
from tests.support.web import PUBLIC_URL, Client, a_client

pytestmark = on_sqlite

ANA = "ana@example.org"


@pytest.fixture
def ana(app: App) -> int:
    with app.writing() as session:
        return a_staff_user(session, ANA, password=PASSWORD).id


def sign_in(client: Client, address: str = ANA, password: str = PASSWORD, **more: str) -> tuple[int, str]:
    """The status, and where it leads."""
    form = {"address": address, "password": password, **more}
    answer = client.post("/staff/sign-in", data=form, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


def sessions_of(app: App) -> int:
    with app.reading() as session:
        return session.scalar(select(func.count()).select_from(StaffSession)) or 0


def log_of(app: App, action: str) -> list[tuple[str, str, object]]:
    with app.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
        return [(row.actor_name, row.subject, row.details.get("way")) for row in rows]


@pytest.mark.usefixtures("ana")
def test_the_right_password_lets_in(app: App, browser: Client) -> None:
    assert sign_in(browser) == (303, "/staff/")

    answer = browser.get("/staff/account")
    assert answer.status_code == 200
    assert ANA in answer.text
    assert log_of(app, "staff.sign-in") == [(ANA, "staff:1", "password")]


@pytest.mark.usefixtures("ana")
def test_the_cookie_is_kept_from_scripts_from_other_hosts_and_from_the_database(app: App, browser: Client) -> None:
    answer = browser.post("/staff/sign-in", data={"address": ANA, "password": PASSWORD}, follow_redirects=False)

    cookie = next(value for value in answer.headers.get_list("set-cookie") if "session=" in value)
    name, _, rest = cookie.partition("=")
    token, *attributes = rest.split("; ")
    assert name == COOKIE
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert len(token) == 43
    with app.reading() as session:
        assert token not in str(session.execute(select(StaffSession.__table__)).all())


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize(
    ("address", "password"),
    [
        (ANA, "richtig pferd batterie!"),
        ("ben@example.org", PASSWORD),
        ("", ""),
        ("@", PASSWORD),
        ("\0@example.org", "\0" * 20),
        (ANA, ""),
        (ANA, "x" * 5000),
    ],
)
def test_a_wrong_pair_is_refused_in_the_same_words(app: App, browser: Client, address: str, password: str) -> None:
    answer = browser.post("/staff/sign-in", data={"address": address, "password": password})

    assert answer.status_code == 401
    assert "Adresse und Passwort gehören nicht zusammen" in answer.text
    assert sessions_of(app) == 0


def test_known_and_unknown_differ_neither_in_words_nor_in_what_is_written(app: App, ana: int, browser: Client) -> None:
    known = browser.post("/staff/sign-in", data={"address": ANA, "password": "falsch falsch falsch"})
    unknown = browser.post("/staff/sign-in", data={"address": "bob@example.org", "password": "falsch falsch falsch"})

    assert known.text.replace(ANA, "") == unknown.text.replace("bob@example.org", "")
    assert known.headers.keys() == unknown.headers.keys()
    refused = log_of(app, "staff.sign-in-refused")
    assert refused == [("visitor", f"staff:{ana}", "password"), ("visitor", "staff:unknown", "password")]


def test_who_is_not_active_or_has_no_password_is_refused(app: App, browser: Client) -> None:
    with app.writing() as session:
        a_staff_user(session, "gone@example.org", password=PASSWORD, active=False)
        a_staff_user(session, "new@example.org", accepted=False)

    assert sign_in(browser, "gone@example.org")[0] == 401
    assert sign_in(browser, "new@example.org", "")[0] == 401


@pytest.mark.usefixtures("ana")
def test_whoever_guesses_is_stopped_at_the_address_wherever_they_come_from(app: App) -> None:
    tries = [
        sign_in(a_browser(app, **{"X-Forwarded-For": f"203.0.113.{number}"}), ANA.upper(), f"falsch falsch {number}")[0]
        for number in range(12)
    ]

    assert tries == [401] * trying.SIGN_IN_ADDRESS.burst + [429] * 2
    assert sign_in(a_browser(app))[0] == 429  # the right one, too, else guessing would go on
    assert sign_in(a_browser(app), "ben@example.org")[0] == 401


@pytest.mark.usefixtures("ana")
def test_whoever_goes_through_a_list_of_addresses_is_stopped(browser: Client) -> None:
    tries = [sign_in(browser, f"p{number}@example.org")[0] for number in range(trying.SIGN_IN_VISITOR.burst + 1)]

    assert tries == [401] * trying.SIGN_IN_VISITOR.burst + [429]
    assert browser.post("/staff/sign-in", data={}).headers["Retry-After"] == "120"


@pytest.mark.usefixtures("ana")
def test_a_password_kept_with_other_parameters_is_kept_anew(
    app: App, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.reading() as session:
        before = session.scalars(select(StaffUser.password_hash)).one()
    monkeypatch.setattr(passwords, "PARAMETERS", replace(passwords.PARAMETERS, time_cost=2))

    assert sign_in(browser)[0] == 303

    with app.reading() as session:
        after = session.scalars(select(StaffUser.password_hash)).one()
    assert before.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert after.startswith("$argon2id$v=19$m=8,t=2,p=1$")
    assert sign_in(a_browser(app))[0] == 303


@pytest.mark.usefixtures("ana")
def test_a_session_that_somebody_planted_is_not_taken_over(app: App, browser: Client) -> None:
    browser.cookies.set(COOKIE, "planted-by-somebody", domain="news.example.org")

    sign_in(browser)

    tokens = [cookie.value for cookie in browser.cookies.jar if cookie.name == COOKIE]
    assert "planted-by-somebody" not in tokens[-1:]
    planted = a_browser(app)
    planted.cookies.set(COOKIE, "planted-by-somebody", domain="news.example.org")
    assert planted.get("/staff/account", follow_redirects=False).status_code == 303


@pytest.mark.usefixtures("ana")
def test_signing_in_again_ends_the_session_the_browser_had(app: App, browser: Client) -> None:
    sign_in(browser)
    first = next(cookie.value for cookie in browser.cookies.jar if cookie.name == COOKIE)
    sign_in(browser)

    assert sessions_of(app) == 1
    thief = a_browser(app)
    thief.cookies.set(COOKIE, str(first), domain="news.example.org")
    sent = thief.get("/staff/account", follow_redirects=False)
    assert sent.headers["location"] == "/staff/sign-in?to=%2Fstaff%2Faccount"


def test_signing_out_ends_the_session_and_not_only_the_cookie(app: App) -> None:
    somebody = seated(app)
    token = next(cookie.value for cookie in somebody.client.cookies.jar if cookie.name == COOKIE)

    answer = somebody.client.post("/staff/sign-out", follow_redirects=False)

    assert answer.headers["location"] == "/staff/sign-in?done=signed-out"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert sessions_of(app) == 0
    again = a_browser(app)
    again.cookies.set(COOKIE, str(token), domain="news.example.org")
    assert again.get("/staff/account", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("/staff/users", "/staff/users"),
        ("/staff/users/7", "/staff/users/7"),
        ("https://evil.example/", "/staff/"),
        ("//evil.example", "/staff/"),
        ("/staff//evil.example", "/staff/"),
        ("/staff/../leave", "/staff/"),
        ("/staff/\\evil.example", "/staff/"),
        ("/staff/users?done=x", "/staff/"),
        ("/staff@evil.example", "/staff/"),
        ("/staff/users\r\nSet-Cookie: a=b", "/staff/"),
        ("/lists/region", "/staff/"),
    ],
)
@pytest.mark.usefixtures("ana")
def test_after_signing_in_one_goes_where_one_wanted_but_nowhere_else(browser: Client, to: str, leads: str) -> None:
    assert sign_in(browser, to=to) == (303, leads)


def test_without_https_the_cookie_has_a_plain_name(app: App) -> None:
    plain = App(app.settings.model_copy(update={"base_url": "http://127.0.0.1:8000"}), app.database, app.secret)
    with app.writing() as session:
        a_staff_user(session, ANA, password=PASSWORD)
    client = a_client(plain, **{"Sec-Fetch-Site": "same-origin"})

    answer = client.post("/staff/sign-in", data={"address": ANA, "password": PASSWORD}, follow_redirects=False)

    assert any(cookie.startswith("newsletter-session=") for cookie in answer.headers.get_list("set-cookie"))
    assert not any("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))


# The second factor.


@pytest.fixture
def generator(app: App, ana: int) -> pyotp.TOTP:
    secret_text = second_factor.new_secret()
    with app.writing() as session:
        user = session.get_one(StaffUser, ana)
        user.totp_sealed = second_factor.sealed(secret_text, user_id=ana, secret=SECRET)
    return pyotp.TOTP(secret_text)


def code_of(client: Client, code: str, **more: str) -> tuple[int, str]:
    answer = client.post("/staff/second-factor", data={"code": code, **more}, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


def test_after_the_password_the_code_is_asked_for(app: App, generator: pyotp.TOTP, browser: Client) -> None:
    assert sign_in(browser, to="/staff/users") == (303, "/staff/second-factor?to=%2Fstaff%2Fusers")
    assert browser.get("/staff/account", follow_redirects=False).status_code == 303
    assert "Code Ihrer App" in browser.get("/staff/second-factor").text

    assert code_of(browser, generator.at(app.now()), to="/staff/account") == (303, "/staff/account")

    assert browser.get("/staff/account").status_code == 200
    assert log_of(app, "staff.sign-in") == [(ANA, "staff:1", "password and code")]


def test_a_code_counts_once(app: App, generator: pyotp.TOTP, browser: Client) -> None:
    code = generator.at(app.now())
    sign_in(browser)
    assert code_of(browser, code)[0] == 303

    another = a_browser(app)
    sign_in(another)

    assert code_of(another, code)[0] == 401
    assert sessions_of(app) == 1


@pytest.mark.usefixtures("generator")
def test_codes_are_not_guessed(app: App, browser: Client) -> None:
    sign_in(browser)

    tries = [code_of(browser, f"{number:06}")[0] for number in range(7)]

    assert tries == [401] * trying.SECOND_FACTOR.burst + [429] * 2
    fresh = a_browser(app)
    sign_in(fresh)
    assert code_of(fresh, "123456")[0] == 429


@pytest.mark.usefixtures("generator")
def test_without_the_password_there_is_no_second_step(app: App, browser: Client) -> None:
    assert code_of(browser, "123456") == (303, "/staff/sign-in?done=over")
    assert browser.get("/staff/second-factor", follow_redirects=False).headers["location"] == "/staff/sign-in?done=over"
    assert sessions_of(app) == 0


def test_the_step_in_between_is_taken_once(app: App, generator: pyotp.TOTP, browser: Client) -> None:
    sign_in(browser)
    kept = [(cookie.name, str(cookie.value)) for cookie in browser.cookies.jar if "step" in cookie.name]
    assert code_of(browser, generator.at(app.now()))[0] == 303

    replayed = a_browser(app)
    for name, value in kept:
        replayed.cookies.set(name, value, domain="news.example.org")

    later = generator.at(app.now() + dt.timedelta(seconds=30))
    assert code_of(replayed, later) == (303, "/staff/sign-in?done=over")


def test_every_page_says_that_it_is_not_to_be_kept(app: App, browser: Client) -> None:
    for client, path in ((browser, "/staff/sign-in"), (seated(app).client, "/staff/account")):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Content-Security-Policy"] == (
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
    assert PUBLIC_URL.startswith("https")

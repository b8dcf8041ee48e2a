"""The staff web in a browser: signing in by every way, accessible pages, with and without scripts."""

import datetime as dt
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from sqlalchemy import select, update

from newsletter.accounts import links, sessions, staff
from newsletter.accounts.models import LinkPurpose, StaffSession, StaffUser
from newsletter.accounts.roles import Grant, Role
from newsletter.database import Database
from newsletter.web import serving
from tests.e2e.conftest import Running, assert_fits
from tests.support.makers import SECRET, a_list, a_publication
from tests.support.staff import DEVICE, PASSWORD, a_staff_user, cheap_passwords
from tests.support.web import an_app

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ANA, BEN = "ana@example.org", "ben@example.org"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Running]:
    """An installation under a name, as passkeys need one; Ana is its admin, Ben is invited."""
    listening = serving.listen("127.0.0.1", 0)
    url = f"http://localhost:{listening.getsockname()[1]}"
    app = an_app(database, tmp_path, base_url=url)
    with app.writing() as session:
        a_publication(session, a_list(session, "kultur"), "kultur")
        a_staff_user(session, ANA, Grant(Role.ADMIN), password=PASSWORD, name="Ana Amann")
        a_staff_user(session, BEN, Grant(Role.EDITOR, 1), accepted=False)
    server = serving.server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield Running(app, url)
    server.should_exit = True
    thread.join(timeout=30)
    listening.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A German window with scripts."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE")
    yield context
    context.close()


def an_account(site: Running, context: BrowserContext) -> Page:
    """A window in which Ana has just signed in."""
    with site.app.writing() as session:
        user = staff.by_key(session, ANA)
        assert user is not None
        token = sessions.begin(session, user, device=DEVICE, now=site.app.now())
    context.add_cookies([{"name": "newsletter-session", "value": token, "url": site.url}])
    return context.new_page()


def an_invitation(site: Running) -> str:
    """The address in Ben's mail."""
    with site.app.writing() as session:
        user = staff.by_key(session, BEN)
        assert user is not None
        link = links.make(session, user, LinkPurpose.INVITATION, now=site.app.now())
        return links.url(link, secret=SECRET, public_url=site.url)


def an_authenticator(page: Page, *, verifies: bool = True) -> CDPSession:
    """A device that makes passkeys and always says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


def sign_in(page: Page, site: Running, address: str = ANA, password: str = PASSWORD) -> None:
    page.goto(f"{site.url}/staff/sign-in")
    page.fill("#address", address)
    page.fill("#password", password)
    page.click("main button.primary")


def assert_accessible(page: Page, name: str) -> None:
    result = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert [(name, violation["id"]) for violation in result.response["violations"]] == []
    assert_fits(page, name)


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 1280, "de-DE"), ("dark", 375, "en-GB")],
)
def test_axe_finds_nothing_on_any_page(site: Running, browser: Browser, scheme: str, width: int, language: str) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        locale=language,
        viewport={"width": width, "height": 800},
    )
    page = context.new_page()
    invitation = an_invitation(site)
    for path in (
        "/staff/sign-in",
        "/staff/sign-in?done=signed-out",
        "/staff/forgotten",
        "/staff/link/x",
        "/staff/none",
    ):
        page.goto(site.url + path)
        assert_accessible(page, path)
    page.goto(invitation)
    assert_accessible(page, "invitation")
    page.fill("#name", "Ben")
    page.fill("#password", "kurz")
    page.click("main button.primary")
    expect(page.locator("#password-problem")).to_be_visible()
    assert_accessible(page, "password refused")
    sign_in(page, site, password="falsch falsch falsch")
    expect(page.locator("[role=alert]").first).to_be_visible()
    assert_accessible(page, "refused")
    page.fill("#address", ANA)
    page.goto(f"{site.url}/staff/forgotten")
    page.fill("#address", ANA)
    page.click("main button.primary")
    assert_accessible(page, "forgotten, asked")
    page.close()
    page = an_account(site, context)
    for path in (
        "/staff/account?done=saved",
        "/staff/account/password",
        "/staff/account/sessions",
        "/staff/users",
        "/staff/users/1",
        "/staff/users/2",
        "/staff/users/invite",
        "/staff/audit",
        "/staff/audit?actor=nobody",
    ):
        page.goto(site.url + path)
        assert_accessible(page, path)
    page.click(".menu:not(.places-menu) summary")
    assert_accessible(page, "menu")
    page.goto(f"{site.url}/staff/account")
    page.click("form[action$='/codes/begin'] button")
    assert_accessible(page, "codes")
    page.click("main summary")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.fill("#code", pyotp.TOTP(secret).at(site.app.now()))
    page.click("main button.primary")
    expect(page.locator(".codes code")).to_have_count(10)
    assert_accessible(page, "recovery codes")
    page.goto(f"{site.url}/staff/account")
    assert_accessible(page, "account with codes")
    page.click(".menu:not(.places-menu) summary")
    page.click("form[action$='/sign-out'] button")
    sign_in(page, site)
    expect(page.locator("#code")).to_be_focused()
    assert_accessible(page, "second factor")
    context.close()


def test_somebody_invited_comes_in_with_a_passkey_and_signs_in_with_it(site: Running, window: BrowserContext) -> None:
    page = window.new_page()
    an_authenticator(page)
    page.goto(an_invitation(site))
    page.fill("#name", "Ben Bauer")
    page.click("form[data-passkey] button")
    expect(page.locator(".notice")).to_have_text("Willkommen! Ihr Konto ist bereit.")
    expect(page.locator(".who")).to_have_text("Ben Bauer")
    expect(page.locator("main")).to_contain_text("Noch nicht benutzt.")

    page.click(".menu:not(.places-menu) summary")
    page.click("form[action$='/sign-out'] button")
    expect(page.locator(".notice")).to_have_text("Sie sind abgemeldet.")
    page.click("form[data-passkey] button")

    page.wait_for_url(f"{site.url}/staff/")
    expect(page.locator(".who")).to_have_text("Ben Bauer")
    assert {cookie["name"]: (cookie["httpOnly"], cookie["sameSite"]) for cookie in window.cookies()} == {
        "newsletter-session": (True, "Lax")
    }


def test_a_passkey_is_added_used_after_the_password_and_to_prove_who_one_is_and_removed(
    site: Running, window: BrowserContext
) -> None:
    page = an_account(site, window)
    an_authenticator(page, verifies=False)
    page.goto(f"{site.url}/staff/account")
    page.fill("#passkey_name", "Sicherheitsschlüssel")
    page.click("form[data-passkey=create] button")
    expect(page.locator(".notice")).to_have_text("Der Passkey wurde hinzugefügt.")

    page.click(".menu:not(.places-menu) summary")
    page.click("form[action$='/sign-out'] button")
    page.click("form[data-passkey] button")  # a device that verifies nobody does not sign in alone
    expect(page.locator("[data-failed]")).to_be_visible()
    sign_in(page, site)
    expect(page.locator("h1")).to_have_text("Noch ein Schritt")
    page.click("form[data-passkey] button")
    page.wait_for_url(f"{site.url}/staff/")

    with site.app.writing() as session:
        session.execute(update(StaffSession).values(proven_at=site.app.now() - dt.timedelta(hours=1)))
    page.goto(f"{site.url}/staff/users/invite")
    expect(page.locator("h1")).to_have_text("Sind Sie es?")
    page.click("form[data-passkey] button")
    page.wait_for_url(f"{site.url}/staff/users/invite")

    page.goto(f"{site.url}/staff/account")
    page.click("button[aria-label='Passkey „Sicherheitsschlüssel“ entfernen']")
    expect(page.locator(".notice")).to_have_text("Der Passkey wurde entfernt.")


def test_who_has_stopped_the_passkey_is_told_and_keeps_the_focus(site: Running, window: BrowserContext) -> None:
    page = window.new_page()
    an_authenticator(page)
    page.goto(f"{site.url}/staff/sign-in")
    page.focus("form[data-passkey] button")

    page.keyboard.press("Enter")

    expect(page.locator("[data-failed]")).to_be_visible()
    expect(page.locator("form[data-passkey] button")).to_be_focused()


def test_without_scripts_everything_but_passkeys_works(site: Running, desktop: BrowserContext) -> None:
    page = desktop.new_page()
    sign_in(page, site)
    expect(page.locator("h1")).to_have_text("Start")
    page.goto(f"{site.url}/staff/users/2")
    page.check("[name=role-approver-all]")
    page.click("text=Rollen speichern")
    expect(page.locator(".notice")).to_have_text("Die Rollen sind geändert.")
    expect(page.locator("[name=role-approver-all]")).to_be_checked()
    page.goto(f"{site.url}/staff/account")
    page.click("form[action$='/codes/begin'] button")
    page.click("main summary")
    generator = pyotp.TOTP(page.locator(".secret").inner_text().replace(" ", ""))
    page.fill("#code", generator.at(site.app.now()))
    page.click("main button.primary")
    kept = page.locator(".codes code").first.inner_text()
    page.click(".menu:not(.places-menu) summary")
    page.click("form[action$='/sign-out'] button")
    sign_in(page, site)
    page.fill("#code", kept)
    page.click("main button.primary")
    expect(page.locator("h1")).to_have_text("Start")
    page.goto(f"{site.url}/staff/account")
    expect(page.locator("main")).to_contain_text("Noch 9")
    expect(page.locator("form[data-passkey]")).to_be_hidden()
    page.click(".menu:not(.places-menu) summary")
    page.click("text=English")
    expect(page.locator("h1")).to_have_text("My account")


def test_the_keyboard_alone_does_it(site: Running, desktop: BrowserContext) -> None:
    page = desktop.new_page()
    page.goto(f"{site.url}/staff/sign-in")
    expect(page.locator("#address")).to_be_focused()
    page.keyboard.type(ANA)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Start")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_form_on_another_site_does_nothing(site: Running, window: BrowserContext) -> None:
    page = an_account(site, window)
    foreign = "http://evil.localhost/"
    form = f'<form method=post action="{site.url}/staff/account"><input name=name value=Eve><button>x</button></form>'
    page.route(foreign, lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto(foreign)

    page.click("button")

    expect(page.locator("h1")).to_have_text(re.compile("Das dürfen Sie nicht"))
    with site.app.reading() as session:
        assert session.scalars(select(StaffUser.name).where(StaffUser.address == ANA)).one() == "Ana Amann"


def test_no_page_asks_anybody_else(site: Running, window: BrowserContext) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    page = an_account(site, window)

    for path in ("/staff/sign-in", "/staff/account", "/staff/users", "/staff/audit"):
        page.goto(site.url + path)

    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []

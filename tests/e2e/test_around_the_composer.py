"""The pages around the composer in a browser: what scripts add, and that anybody can use them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from newsletter.accounts import sessions
from newsletter.accounts.roles import Grant, Role
from newsletter.delivery.alerts import raising
from newsletter.news import pool
from newsletter.news.models import SourceKind
from newsletter.rendering.legibility import legibility_of
from subscribers import lists, topics
from tests.e2e.conftest import Running, assert_fits
from tests.support.alerts import FULL
from tests.support.makers import BY
from tests.support.staff import DEVICE, a_staff_user

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "publications",
    "publications/aktuell",
    "sources",
    "alerts",
    "lists",
    "lists/region",
    "lists/region/topics/1/remove",
    "lists/region/texts",
    "lists/region/texts/mail-confirmation",
)
COLOURS = ["#000000", "#ffffff", "#0a5c7a", "#ffcc00", "#777777", "#b5402a", "#00ff7f", "#8a2be2", "#19191b", "#f0e0d1"]


@pytest.fixture
def admin(site: Running, browser: Browser) -> Page:
    return signed_in(site, browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE"))


def signed_in(site: Running, context: BrowserContext) -> Page:
    with site.app.writing() as session:
        user = a_staff_user(session, "ana@example.org", Grant(Role.ADMIN), name="Ana")
        token = sessions.begin(session, user, device=DEVICE, now=site.app.now())
    context.add_cookies([{"name": "newsletter-session", "value": token, "url": site.url}])
    return context.new_page()


def test_a_colour_is_measured_while_one_types_as_it_is_on_the_server(site: Running, admin: Page) -> None:
    admin.goto(f"{site.url}/staff/publications/aktuell")
    script = admin.locator("script[src*=contrast]").get_attribute("src")

    computed = admin.evaluate(
        "async ([src, colours]) => { const { legibility } = await import(src); return colours.map(legibility); }",
        [script, COLOURS],
    )

    for colour, seen in zip(COLOURS, computed, strict=True):
        ours = legibility_of(colour)
        assert seen == {
            "white": ours.white.shown,
            "light": ours.light.shown,
            "dark": ours.dark.shown,
            "shade": ours.shade,
            "darkShade": ours.dark_shade,
        }

    admin.get_by_label("Farbe der Marke", exact=True).fill("#ffcc00")
    expect(admin.locator("[data-ground=white]")).to_contain_text("1,51 : 1")
    expect(admin.locator("[data-ground=white]")).to_contain_text("zu schwach")
    admin.get_by_role("button", name="Übernehmen: #856a00").click()
    expect(admin.get_by_label("Farbe der Marke", exact=True)).to_have_value("#856a00")
    expect(admin.locator("[data-advice]")).to_be_hidden()
    sample = "/staff/publications/aktuell/sample?colour=856a00&design=regional"
    expect(admin.locator("iframe.sample")).to_have_attribute("src", sample)
    assert Axe().run(admin, options={"runOnly": RULES}).response["violations"] == []


def test_every_page_can_be_used_by_anybody_and_fits_a_phone(site: Running, browser: Browser) -> None:
    with site.app.writing() as session:
        region = lists.named(session, "region")
        topics.add(session, region, "kultur", names={"de": "Kultur"}, by=BY, now=site.app.now())
        pool.add_source(session, "https://example.org/feed", kind=SourceKind.FEED, by=BY, now=site.app.now())
        raising.raise_alert(session, FULL, now=site.app.now())
    phone = browser.new_context(viewport={"width": 375, "height": 760}, locale="de-DE", color_scheme="dark")
    page = signed_in(site, phone)

    for path in PAGES:
        page.goto(f"{site.url}/staff/{path}")
        assert Axe().run(page, options={"runOnly": RULES}).response["violations"] == [], path
        assert_fits(page, path)

    page.get_by_text("Menü").click()
    places = page.locator("details[open] nav a")
    assert [each.split("\n")[0].strip() for each in places.all_inner_texts()][:3] == [
        "Start",
        "Publikationen",
        "Quellen",
    ]
    expect(places.filter(has_text="Hinweise")).to_contain_text("1")
    expect(places.filter(has_text="Listen")).to_have_attribute("aria-current", "true")
    assert Axe().run(page, options={"runOnly": RULES}).response["violations"] == []

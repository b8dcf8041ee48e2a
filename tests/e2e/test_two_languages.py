"""An issue in two languages in a browser: written side by side, and seen in each."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from newsletter.accounts import sessions
from newsletter.accounts.roles import Grant, Role
from newsletter.content import translating
from tests.e2e.conftest import Running
from tests.e2e.test_composer import until
from tests.support.composing import an_issue, content
from tests.support.staff import DEVICE, a_staff_user

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def issue(site: Running) -> int:
    """A greeting (b1) and two stories (b2 and b3), in German alone."""
    return an_issue(site.app, "Fest am See", "Neues Rathaus")


@pytest.fixture
def page(site: Running, browser: Browser, issue: int) -> Page:
    """An editor's window with the issue."""
    with site.app.writing() as session:
        user = a_staff_user(session, "ana@example.org", Grant(Role.EDITOR), name="Ana")
        token = sessions.begin(session, user, device=DEVICE, now=site.app.now())
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="de-DE")
    context.add_cookies([{"name": "newsletter-session", "value": token, "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/staff/issues/{issue}/edit")
    return page


def violations(page: Page) -> list[object]:
    found: list[object] = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return found


def beside(page: Page, name: str, other: str) -> bool:
    """Whether two fields stand side by side, and not below each other."""
    first, second = (page.locator(f"[id='{each}']").bounding_box() for each in (name, other))
    assert first is not None
    assert second is not None
    return abs(first["y"] - second["y"]) < 2 and second["x"] > first["x"] + first["width"]


def test_an_editor_writes_both_languages_side_by_side_and_the_preview_follows_in_each(
    site: Running, page: Page, issue: int
) -> None:
    mail = page.frame_locator("#frame-mail").locator("body")

    page.get_by_role("button", name="Auch auf Englisch").click()
    expect(page.locator("#said")).to_have_text("Neben jedem Text steht jetzt ein zweites Feld für Englisch.")
    page.get_by_label("Betreff (Englisch)").fill("News in May")
    page.click("#details-b2 summary")
    page.locator("#details-b2").get_by_label("Titel (Englisch)").fill("Festival at the lake")
    page.locator("#details-b2").get_by_role("textbox", name="Teaser (Englisch)").click()
    page.keyboard.type("With music.")
    expect(page.locator("#findings li")).to_have_count(3)
    expect(mail).to_contain_text("Fest am See")

    page.locator("#reader").select_option("en:")
    expect(mail).to_contain_text("Festival at the lake")
    expect(mail).to_contain_text("With music.")
    expect(mail).not_to_contain_text("Fest am See")
    page.locator("#details-b2").get_by_role("textbox", name="Teaser (Englisch)").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" And dancing.")
    expect(mail).to_contain_text("With music. And dancing.")
    assert beside(page, "b2.title", "b2.en:title")
    assert beside(page, "rich-b2.text", "rich-b2.en:text")
    written = {"subject": "News in May", "b2.title": "Festival at the lake"}
    written["b2.text"] = "<p>With music. And dancing.</p>"
    until(page, lambda: written.items() <= translating.words_of(content(site.app, issue)).items(), expected=True)
    page.locator("#merge-b2\\.en\\:title").click()
    expect(page.locator("#merge-fallback")).to_have_value("Hello")
    page.keyboard.press("Escape")
    page.locator("#findings a").first.click()
    expect(page.locator("[id='en:preheader']")).to_be_focused()
    assert violations(page) == []

    page.set_viewport_size({"width": 375, "height": 760})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert not beside(page, "b2.title", "b2.en:title")
    assert violations(page) == []
    page.get_by_role("button", name="Ohne Englisch").click()
    expect(page.locator("[id='en:subject']")).to_have_count(0)
    expect(mail).to_contain_text("Fest am See")
    page.locator("#undo").click()
    expect(page.locator("[id='en:subject']")).to_have_value("News in May")

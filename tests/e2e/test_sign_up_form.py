"""The sign-up form in a browser: what a list asks, copied and framed on another site, with and without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, Route, expect
from sqlalchemy import select

from newsletter.database import Database
from subscribers import form_fields, lists, topics
from subscribers.models import ConsentEvidence
from tests.e2e.conftest import Running, running
from tests.e2e.test_public_pages import ANNA, assert_accessible
from tests.support import webserver
from tests.support.makers import BY
from tests.support.web import records_of, state_of
from tests.support.webserver import WebServer

pytestmark = pytest.mark.slow

# A theme that shows whatever it finds.
LOUD = "<!doctype html><html lang=de><title>Verein</title><style>p, div, label, input { display: block }</style>"


@pytest.fixture
def guarded(database: Database, tmp_path: Path) -> Iterator[Running]:
    """The pages with the proof of work switched on."""
    with running(database, tmp_path, altcha=True) as site:
        yield site


@pytest.fixture
def scripted(browser: Browser) -> Iterator[BrowserContext]:
    """A German reader's window with scripts."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE")
    yield context
    context.close()


def ask_much(site: Running) -> None:
    with site.app.writing() as session:
        region = lists.named(session, "region")
        wanted = {"salutation": "required", "region": "required", "topics": "required", "language": "optional"}
        form_fields.ask(session, region, wanted, by=BY, now=site.app.now())
        for slug, names in (("culture", {"de": "Kultur", "en": "Culture"}), ("sport", {"de": "Sport", "en": "Sport"})):
            topics.add(session, region, slug, names=names, by=BY, now=site.app.now())


@pytest.fixture
def elsewhere() -> Iterator[WebServer]:
    """The site of somebody else."""
    with webserver.serving() as server:
        yield server


def put_on(site: WebServer, html: str) -> str:
    """Put the HTML on a page of the other site; gives its address."""
    return site.at("/", webserver.page(LOUD + html)).replace("127.0.0.1", "localhost")


def copied(site: Running, page: Page, box: str) -> str:
    page.goto(f"{site.url}/lists/region/embed")
    return page.locator(box).input_value()


def test_a_reader_is_led_from_one_wrong_field_to_the_next(site: Running, desktop: BrowserContext) -> None:
    ask_much(site)
    page = desktop.new_page()
    page.goto(f"{site.url}/lists/region")
    page.fill("#email", ANNA)
    page.click("button")

    expect(page.locator("#salutation")).to_be_focused()
    expect(page.locator("#email")).to_have_value(ANNA)
    page.select_option("#salutation", "keine Anrede")
    page.click("section.notice a[href='#region']")
    expect(page.locator("#region")).to_be_focused()
    page.keyboard.type("Celle")
    page.keyboard.press("Tab")
    expect(page.locator("[name=topic-culture]")).to_be_focused()
    page.keyboard.press("Space")
    page.locator("#region").press("Enter")

    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach")
    with site.app.reading() as session:
        evidence = session.scalars(select(ConsentEvidence.data)).one()
    assert evidence["person"] == {"region": "Celle", "language": "de"}
    assert evidence["topics"] == ["culture"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
def test_axe_finds_nothing_on_a_form_that_asks_much(
    guarded: Running, browser: Browser, scheme: str, width: int
) -> None:
    ask_much(guarded)
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 800}, locale="de-DE"
    )
    page = context.new_page()
    for path in ("/lists/region", "/lists/region/frame", "/lists/region/embed"):
        page.goto(guarded.url + path)
        assert_accessible(page, path)
        if path.endswith("embed"):
            continue
        page.click("summary")
        page.click("button")
        expect(page.locator("#topics-problem")).to_be_visible()
        assert_accessible(page, f"{path} with problems")
    context.close()


def test_the_browser_proves_its_work_while_the_form_is_filled_in(guarded: Running, scripted: BrowserContext) -> None:
    page = scripted.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(f"{guarded.url}/lists/region")
    page.wait_for_timeout(300)
    expect(page.locator("[name=altcha]")).to_have_value("")  # nobody has touched the form
    page.fill("#email", ANNA)
    expect(page.locator("[name=altcha]")).not_to_have_value("", timeout=30_000)
    page.click("button")

    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach")
    assert state_of(guarded.app, ANNA) == "pending"
    assert problems == []


def test_a_button_pressed_at_once_waits_for_the_work(guarded: Running, scripted: BrowserContext) -> None:
    page = scripted.new_page()
    held: list[Route] = []
    page.route("**/proof-of-work-worker.js", lambda route: held.append(route))  # noqa: PLW0108  # Playwright reads its signature
    page.goto(f"{guarded.url}/lists/region")
    page.fill("#email", ANNA)
    page.click("button")
    expect(page.locator("[role=status]")).to_contain_text("Einen Moment")
    assert state_of(guarded.app, ANNA) is None
    held[0].continue_()

    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach", timeout=30_000)
    assert state_of(guarded.app, ANNA) == "pending"


def test_where_the_work_cannot_be_done_the_page_tells_whom_to_write_to(
    guarded: Running, scripted: BrowserContext
) -> None:
    page = scripted.new_page()
    page.route("**/proof-of-work-worker.js", lambda route: route.abort())
    page.goto(f"{guarded.url}/lists/region")
    page.fill("#email", ANNA)
    page.click("button")

    expect(page.locator("[role=status]")).to_contain_text("Bitte schreiben Sie uns")
    expect(page.locator("[role=status]")).to_contain_text("presse@example.org")


def test_without_scripts_the_page_tells_whom_to_write_to(guarded: Running, desktop: BrowserContext) -> None:
    page = desktop.new_page()
    page.goto(f"{guarded.url}/lists/region")
    expect(page.locator("noscript a")).to_have_attribute("href", "mailto:presse@example.org")
    page.fill("#email", ANNA)
    page.click("button")

    expect(page.locator("noscript a")).to_be_visible()
    expect(page.locator("#email")).to_have_value(ANNA)
    assert state_of(guarded.app, ANNA) is None


def test_the_copied_form_is_followed_by_the_page_that_proves_the_work(
    guarded: Running, scripted: BrowserContext, elsewhere: WebServer
) -> None:
    page = scripted.new_page()
    page.goto(put_on(elsewhere, copied(guarded, page, "#code")))
    page.fill("[name=email]", ANNA)
    page.fill("[name=last_name]", "Winter")
    page.click("button")

    expect(page.locator(".notice[role=alert]")).to_contain_text("Noch ein Schritt")
    expect(page.locator("#last_name")).to_have_value("Winter")
    page.click("button")

    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach", timeout=30_000)
    assert state_of(guarded.app, ANNA) == "pending"


def test_nobody_sees_or_reaches_the_trap_on_a_site_that_shows_everything(
    site: Running, desktop: BrowserContext, elsewhere: WebServer
) -> None:
    page = desktop.new_page()
    for path in ("/lists/region", "/lists/region/frame"):
        page.goto(site.url + path)
        expect(page.locator("[name=homepage]")).to_be_hidden()
    page.goto(put_on(elsewhere, copied(site, page, "#code")))

    expect(page.locator("[name=email]")).to_be_visible()
    expect(page.locator("[name=homepage]")).to_be_hidden()
    expect(page.locator("[name=homepage]")).not_to_be_editable()  # what is read-only no browser fills in
    assert "Lassen Sie dieses Feld leer" not in page.locator("form").aria_snapshot()
    page.fill("[name=email]", ANNA)
    page.click("button")
    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach")
    assert state_of(site.app, ANNA) == "pending"


def framed(site: Running, page: Page, elsewhere: WebServer) -> FrameLocator:
    page.goto(put_on(elsewhere, copied(site, page, "#frame")))
    return page.frame_locator("iframe")


def test_a_sign_up_in_a_frame_stays_in_the_frame(
    guarded: Running, scripted: BrowserContext, elsewhere: WebServer
) -> None:
    page = scripted.new_page()
    frame = framed(guarded, page, elsewhere)
    frame.locator("#email").fill("anna@")
    frame.locator("button").click()
    expect(frame.locator("text=Noch nicht abgeschickt")).to_be_in_viewport(timeout=30_000)
    expect(frame.locator("#email-problem")).to_be_visible()
    frame.locator("#email").fill(ANNA)
    frame.locator("button").click()

    expect(frame.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach", timeout=30_000)
    expect(frame.locator("h1")).to_be_in_viewport()  # the page around did not move
    assert page.url.startswith("http://localhost:")
    assert state_of(guarded.app, ANNA) == "pending"
    assert records_of(guarded.app)[0].source == "embedded frame"
    frame.locator("text=Noch einmal eingeben").click()
    expect(frame.locator("#email")).to_be_visible()
    assert page.url.startswith("http://localhost:")


def test_a_link_that_leads_away_leaves_the_frame(site: Running, desktop: BrowserContext, elsewhere: WebServer) -> None:
    page = desktop.new_page()
    frame = framed(site, page, elsewhere)

    frame.locator("text=Wie wir mit Ihren Daten umgehen").click()

    page.wait_for_url(f"{site.url}/leave")


def test_no_other_page_can_be_framed(site: Running, desktop: BrowserContext, elsewhere: WebServer) -> None:
    page = desktop.new_page()
    page.goto(put_on(elsewhere, f'<iframe src="{site.url}/lists/region" title="x"></iframe>'))

    page.wait_for_timeout(500)

    assert all(frame.locator("#email").count() == 0 for frame in page.frames)

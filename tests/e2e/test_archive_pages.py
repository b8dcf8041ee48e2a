"""The archive, the start page and the frame around a mail, in a browser."""

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from newsletter.app import App
from newsletter.delivery.archive import correcting
from newsletter.delivery.archive.models import Visibility
from newsletter.issues.models import Publication
from newsletter.rendering.compiling import compile_issue
from subscribers import tokens
from tests.e2e.conftest import Running
from tests.e2e.test_public_pages import assert_accessible
from tests.support.archives import sent, shown_to
from tests.support.editions import a_frame, an_edition, the_design
from tests.support.makers import BY, SECRET

pytestmark = pytest.mark.slow

SUBJECT = "Die Uferpromenade wird neu – was Sie jetzt wissen sollten"
PLACES = {
    "start page": "/",
    "archive": "/archive/region",
    "second page": "/archive/region?page=2",
    "year": "/archive/region?year=2026",
    "search": "/archive/region?q=busse",
    "nothing found": "/archive/region?q=zzz",
    "nothing": "/nowhere",
    "sign-up": "/lists/region",
}


@pytest.fixture
def places(site: Running) -> dict[str, str]:
    """The pages over 21 issues of a red publication, one of them corrected; one seen by its link alone."""
    app, now = site.app, dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    content = an_edition()
    compiled = compile_issue(content, frame=a_frame(public_url=site.url), design=the_design())
    put_pictures(app)
    with app.writing() as session:
        session.query(Publication).one().brand = {"colour": "#b5402a"}
        shown_to(session, Visibility.PUBLIC)
        made = [
            sent(
                session, replace(content, preheader="Kurz."), compiled=compiled, at=now - dt.timedelta(days=30 * number)
            )
            for number in range(21)
        ]
        correcting.correct(session, made[1].issue_id or 0, text="Um 10 Uhr.\n\nEntschuldigung.", by=BY, now=now)
        slugs = [f"/archive/region/{(now - dt.timedelta(days=30 * number)).date()}" for number in (0, 1)]
    words = "die-uferpromenade-wird-neu-was-sie-jetzt-wissen-sollten"
    return PLACES | {"newest": f"{slugs[0]}-{words}", "corrected": f"{slugs[1]}-{words}"}


def put_pictures(app: App) -> None:
    """The pictures that the edition names, where the site serves them."""
    app.settings.media_folder.mkdir()
    for block in an_edition().blocks:
        picture = getattr(block, "picture", None)
        if picture:
            Image.new("RGB", (picture.width, picture.height), "#2c5874").save(app.settings.media_folder / picture.name)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("light", 320), ("dark", 375)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    site: Running, places: dict[str, str], browser: Browser, scheme: Any, width: int
) -> None:
    context = browser.new_context(color_scheme=scheme, locale="de-DE", viewport={"width": width, "height": 800})
    page = context.new_page()
    for name in ("start page", "second page", "search", "corrected"):
        page.goto(site.url + places[name])
        assert_accessible(page, name)
    hide_archive(site.app)
    page.goto(f"{site.url}/view/{tokens.view(SECRET, 1)}")
    assert_accessible(page, "viewed")
    context.close()


def hide_archive(app: App) -> None:
    with app.writing() as session:
        shown_to(session, Visibility.OFF)


def test_no_page_asks_anybody_else_or_keeps_anything_and_all_pictures_are_ours(
    site: Running, places: dict[str, str], desktop: BrowserContext
) -> None:
    asked: list[str] = []
    failed: list[str] = []
    desktop.on("request", lambda request: asked.append(request.url))
    desktop.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page = desktop.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))

    for path in places.values():
        page.goto(site.url + path)

    assert [url for url in asked if not url.startswith((f"{site.url}/", "data:"))] == []
    assert failed == [f"{site.url}/nowhere"]
    assert [text for text in refused if "404" not in text] == []
    assert desktop.cookies() == []
    page.goto(site.url + places["newest"])
    assert page.locator("main img").count() > 0
    widths = [image.evaluate("image => image.naturalWidth") for image in page.locator("main img").all()]
    assert min(widths) > 0


def test_a_reader_finds_an_issue_turns_to_the_next_and_subscribes(
    site: Running, places: dict[str, str], desktop: BrowserContext
) -> None:
    assert places
    page = desktop.new_page()
    page.goto(f"{site.url}/")
    page.click("text=Alle Ausgaben")
    page.fill("#q", "Fahrplanbuch")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]")).to_contain_text("21 Ausgaben enthalten „Fahrplanbuch“.")
    page.click("text=Ältere Ausgaben")
    expect(page.locator(".turn")).to_contain_text("Seite 2 von 2")
    page.goto(f"{site.url}/archive/region")
    page.click(f"text={SUBJECT} >> nth=0")
    page.click("text=Ältere Ausgabe")
    expect(page.locator(".frame-correction")).to_contain_text("Korrektur vom 23. November 2026")
    expect(page).to_have_title(f"{SUBJECT} · Region aktuell")
    page.click("text=Anmelden >> nth=0")
    expect(page).to_have_url(re.compile("/lists/region"))


def test_the_keyboard_skips_to_the_content_and_shows_where_it_is(
    site: Running, places: dict[str, str], desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    for name in ("start page", "archive", "newest", "sign-up", "nothing"):
        page.goto(site.url + places[name])
        page.keyboard.press("Tab")
        skip = page.locator(".skip")
        expect(skip).to_be_focused()
        box = skip.bounding_box()
        assert box is not None
        assert box["y"] >= 0, name
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        style = page.evaluate("(e => [getComputedStyle(e).outlineStyle, e.tagName])(document.activeElement)")
        assert style[0] != "none", (name, style)


def test_text_twice_as_large_still_fits(site: Running, places: dict[str, str], desktop: BrowserContext) -> None:
    page = desktop.new_page()
    page.set_viewport_size({"width": 640, "height": 800})
    for name, path in places.items():
        page.goto(site.url + path)
        twice_as_large(page)
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], name


def twice_as_large(page: Page) -> None:
    """As the browser's own setting does: the root's size."""
    page.evaluate("document.documentElement.style.fontSize = '212.5%'")


def test_the_mail_keeps_its_own_look_and_the_frame_keeps_its(
    site: Running, places: dict[str, str], desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    page.goto(site.url + places["newest"])

    look = """selector => {
        const style = getComputedStyle(document.querySelector(selector));
        return [style.color, style.fontSize, style.margin];
    }"""
    assert page.evaluate(look, "main .masthead h1") == ["rgb(22, 24, 26)", "38px", "0px"]
    assert page.evaluate(look, "main .words li")[2] == "0px 0px 6px"
    assert page.evaluate("getComputedStyle(document.querySelector('.frame-button')).color") == "rgb(255, 255, 255)"
    assert not page.locator("main >> text=Im Browser ansehen").first.is_visible()


def test_print_and_forced_colours_leave_what_counts(site: Running, places: dict[str, str], browser: Browser) -> None:
    context = browser.new_context(locale="de-DE", forced_colors="active", reduced_motion="reduce")
    page = context.new_page()
    page.goto(site.url + places["corrected"])
    expect(page.locator(".frame-button")).to_be_visible()

    page.emulate_media(media="print")

    expect(page.locator(".frame-correction")).to_be_visible()
    expect(page.locator("main h1")).to_be_visible()
    for gone in (".frame-button", ".frame-turn", ".legal"):
        expect(page.locator(gone)).to_be_hidden()
    page.goto(site.url + places["archive"])
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".search")).to_be_hidden()
    context.close()

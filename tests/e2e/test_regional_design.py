"""The default design in a real browser.

With NEWSLETTER_SCREENSHOTS=FOLDER the pictures are kept there, to be looked at.
"""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from newsletter.content.blocks import Button, Divider, IssueContent, LeadStory, Picture, Story, Text
from newsletter.rendering.compiled import Slot
from newsletter.rendering.compiling import compile_issue
from tests.support.editions import a_frame, an_edition, the_design

pytestmark = pytest.mark.slow

LANDSCAPE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720" width="1280" height="720">
<linearGradient id="sky" x2="0" y2="1"><stop stop-color="#f6c89a"/>
<stop offset="1" stop-color="#d98f7c"/></linearGradient>
<path fill="url(#sky)" d="M0 0H1280V470H0Z"/><circle cx="930" cy="150" r="60" fill="#fff1d6"/>
<path fill="#4a5d73" d="M0 400 200 250 380 380 600 200 820 390 1000 280 1280 420V470H0Z"/>
<path fill="#2c5874" d="M0 470H1280V720H0Z"/></svg>"""


def an_odd_edition() -> IssueContent:
    """Everything that is missing, too long, too small or written from right to left."""
    return IssueContent(
        "S",
        "",
        (
            LeadStory(
                "a",
                "Ohne Datum, ohne Bild",
                "<p>Text</p><blockquote><p>Zitat</p></blockquote>",
                link="https://a.example",
            ),
            LeadStory("b", "Hochkant", "<p>x</p>", picture=Picture("b.jpg", "Ein Turm", 800, 1600, credit="Foto: X")),
            Story("c", "W" * 120, f"<p>{'w' * 998} https://example.org/{'pfad/' * 60}</p>"),
            Story("d", "Klein", "<p>x</p>", picture=Picture("d.jpg", "Ein Wappen", 60, 60)),
            Divider("e"),
            Story("f", "مرحبا بالعالم", "<p>שלום</p><ol><li>eins<ul><li>zwei</li></ul></li></ol>"),
            Text("g", "<h3>Zwischentitel</h3><h4>Kleiner</h4><p>x</p>"),
            Button("h", "Ein Knopf mit sehr vielen Worten darauf, mehr als in eine Zeile passen", "https://a.example"),
        ),
    )


EDITIONS = {"edition": an_edition(), "odd": an_odd_edition()}


def html_of(content: IssueContent, *, brand: str = "#1f5673") -> str:
    compiled = compile_issue(content, frame=a_frame(brand={"colour": brand}), design=the_design())
    values = {"links.view": "https://a.example/view", "links.unsubscribe": "https://a.example/leave"}
    return "".join(
        values.get(part.expression, "liebe Leserin, lieber Leser") if isinstance(part, Slot) else part
        for part in compiled.html
    )


def shown(browser: Browser, html: str, *, width: int, scheme: str = "light", pictures: bool = True) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]  # a literal

    def answer(route: Route) -> None:
        if pictures and "/media/" in route.request.url:
            route.fulfill(content_type="image/svg+xml", body=LANDSCAPE)
        else:
            route.abort()

    page.route("**/*", answer)
    page.set_content(html)
    return page


def keep_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("NEWSLETTER_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def colour(page: Page, selector: str, name: str) -> str:
    value: str = page.eval_on_selector(selector, f"element => getComputedStyle(element)['{name}']")
    return value


@pytest.mark.parametrize("pictures", [True, False], ids=["pictures", "images-off"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_it_fits_every_window_in_standards_mode(browser: Browser, edition: str, scheme: str, *, pictures: bool) -> None:
    page = shown(browser, html_of(EDITIONS[edition]), width=720, scheme=scheme, pictures=pictures)

    for width in (720, 640, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        keep_picture(page, f"{edition}-{width}-{scheme}-{'pictures' if pictures else 'images-off'}")
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.compatMode") == "CSS1Compat"
    assert page.title() == EDITIONS[edition].subject
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("brand", ["#1f5673", "#ffcc00"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_axe_finds_nothing(browser: Browser, edition: str, brand: str, scheme: str) -> None:
    page = shown(browser, html_of(EDITIONS[edition], brand=brand), width=640, scheme=scheme)

    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa"]}})

    assert results.violations_count == 0, results.generate_report()
    page.close()


def test_dark_colours_are_really_applied(browser: Browser) -> None:
    page = shown(browser, html_of(an_edition()), width=640, scheme="dark")

    assert colour(page, "body", "backgroundColor") == "rgb(17, 19, 21)"
    assert colour(page, ".paper", "backgroundColor") == "rgb(27, 29, 32)"
    assert colour(page, ".paper > table", "backgroundColor") == "rgb(27, 29, 32)"
    assert colour(page, ".lead p:not([class])", "color") == "rgb(217, 218, 220)"
    assert colour(page, ".lead h2 a", "color") == "rgb(244, 244, 242)"
    assert colour(page, ".quiet a", "color") == "rgb(169, 172, 177)"
    assert colour(page, ".legend div", "color") == "rgb(169, 172, 177)"


def test_outlook_coms_dark_mode_is_met_by_its_attributes(browser: Browser) -> None:
    page = shown(browser, html_of(an_edition()), width=640)
    page.evaluate("document.body.setAttribute('data-ogsb', ''); document.body.setAttribute('data-ogsc', '')")

    assert colour(page, ".paper > table", "backgroundColor") == "rgb(27, 29, 32)"
    assert colour(page, ".lead p:not([class])", "color") == "rgb(217, 218, 220)"


def test_without_style_sheets_it_is_light_whole_and_as_wide_as_its_window(browser: Browser) -> None:
    """Gmail with a foreign account drops every style sheet."""
    page = shown(browser, html_of(an_edition()), width=375, scheme="dark")
    page.evaluate("document.querySelectorAll('style').forEach(element => element.remove())")
    keep_picture(page, "edition-375-no-styles")

    assert colour(page, ".paper > table", "backgroundColor") == "rgb(255, 255, 255)"
    assert colour(page, ".lead p:not([class])", "color") == "rgb(43, 45, 48)"
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_outlook_for_windows_gets_a_page_of_640_pixels(browser: Browser) -> None:
    """An approximation: its comments opened, what it does not know taken out."""
    html = html_of(an_edition())
    html = re.sub("<!--\\[if !mso.*?<!--<!\\[endif\\]-->", "", html, flags=re.DOTALL)
    html = re.sub("<!--\\[if (mso|mso \\| IE)\\]>(.*?)<!\\[endif\\]-->", r"\2", html, flags=re.DOTALL)
    html = html.replace("max-width:", "x-max-width:")
    page = shown(browser, html, width=1000)
    keep_picture(page, "edition-1000-outlook")

    widths = page.eval_on_selector_all(".paper", "all => all.map(element => element.getBoundingClientRect().width)")
    assert set(widths) == {640}
    assert page.eval_on_selector_all("img", "all => all.map(element => element.width)") == [640, 200]


def test_links_on_a_phone_are_large_enough_to_hit(browser: Browser) -> None:
    page = shown(browser, html_of(an_edition()), width=375)

    heights = page.eval_on_selector_all(
        ".more a, .quiet a, .button a", "all => all.map(element => element.getBoundingClientRect().height)"
    )

    assert len(heights) == 8
    assert min(heights) >= 42


def test_body_text_is_seventeen_pixels_with_open_lines(browser: Browser) -> None:
    page = shown(browser, html_of(an_edition()), width=375)

    assert colour(page, ".lead p:not([class])", "fontSize") == "17px"
    assert colour(page, ".lead p:not([class])", "lineHeight") == "27px"


def test_the_preheader_is_seen_by_nobody(browser: Browser) -> None:
    page = shown(browser, html_of(an_edition()), width=640)

    assert not page.locator(".preheader").is_visible()

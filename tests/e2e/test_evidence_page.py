"""The evidence of a person, as a browser shows and prints it."""

import datetime as dt
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from newsletter.readers import evidence_page
from newsletter.readers.evidence import evidence_of
from newsletter.readers.evidence_page import Publisher
from newsletter.settings import templates_folder
from subscribers.address import EmailAddress
from tests.support import tampering
from tests.support.makers import a_publication
from tests.support.people import NOW, SECRET, STAFF, a_list, a_subscription

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def files(session: Session, tmp_path: Path) -> dict[str, Path]:
    """The page of Anna in each language, written to disk as a person opens it."""
    news = a_list(session)
    a_publication(session, news)
    a_subscription(session, news)
    tampering.seal(session)
    anna, now = EmailAddress.parse("anna@example.org"), NOW + dt.timedelta(hours=1)
    told = evidence_of(session, anna, secret=SECRET, by=STAFF, now=now)
    publisher = Publisher("Presse", "Region GmbH", "https://news.example.org", "https://example.org/privacy")
    written = {}
    for language in ("de", "en"):
        written[language] = tmp_path / f"{language}.html"
        page = evidence_page.render(told, language=language, publisher=publisher, folders=(templates_folder(),))
        written[language].write_text(page, "utf-8")
    return written


@pytest.mark.parametrize(("language", "width"), [("de", 1000), ("en", 375)])
def test_axe_finds_nothing_and_nobody_is_asked(
    browser: Browser, files: dict[str, Path], language: str, width: int
) -> None:
    asked: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("request", lambda request: asked.append(request.url))
    page.goto(files[language].as_uri())

    result = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})

    assert [violation["id"] for violation in result.response["violations"]] == []
    assert asked == [files[language].as_uri()]
    sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert sizes[0] <= sizes[1]
    page.close()


def test_it_prints_on_a4(browser: Browser, files: dict[str, Path], tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(files["de"].as_uri())

    page.pdf(path=tmp_path / "de.pdf", prefer_css_page_size=True)

    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "de.pdf").read_bytes())
    assert boxes
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    page.close()

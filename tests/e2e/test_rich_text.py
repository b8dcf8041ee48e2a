"""The editor of a text with few marks, in a browser: what it writes is what the server keeps."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from newsletter.content import richtext
from newsletter.web.assets import FOLDER

pytestmark = pytest.mark.slow

TEXT = '<p>Das <strong>Fest</strong> am <a href="https://example.org/see">See</a>.</p>'
PAGE = f"""<!DOCTYPE html><html lang="de"><head><title>Text</title></head><body><main><h1>Text</h1>
<label for="text">Teaser</label>
<rich-text data-label-bold="Fett" data-label-italic="Kursiv" data-label-link="Link" data-label-list="Liste"
  data-label-numbers="Nummern" data-label-address="Adresse des Links"><textarea id="text" name="text">
{TEXT}</textarea></rich-text></main></body></html>"""
WORD = """<html><body><p class="MsoNormal" style="margin:0"><b style="mso-bidi-font-weight:normal">Fett</b>
<span style="font-weight:700">auch</span> <i>schräg</i> <a href="javascript:alert(1)">böse</a><o:p></o:p></p>
<table><tr><td>Zelle</td></tr></table><script>alert(1)</script>
<img src=x onerror="document.title='hacked'"></body></html>"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    opened.set_content(PAGE)
    opened.add_script_tag(path=str(FOLDER / "dist" / "rich_text.js"), type="module")
    expect(editor(opened)).to_be_visible()
    yield opened
    context.close()


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Teaser")


def kept(page: Page) -> str:
    return page.locator("textarea").input_value()


def paste(page: Page, html: str) -> None:
    page.evaluate(
        """html => {
          const data = new DataTransfer();
          data.setData("text/html", html);
          const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          document.activeElement.dispatchEvent(event);
        }""",
        html,
    )


def test_without_scripts_it_is_a_field_with_the_text(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.set_content(PAGE)

    expect(opened.get_by_label("Teaser")).to_have_value(TEXT)
    context.close()


def test_what_was_kept_is_shown_and_not_changed_by_looking(page: Page) -> None:
    expect(editor(page)).to_have_text("Das Fest am See.")
    assert kept(page).strip() == TEXT


def test_typing_is_written_back_and_told(page: Page) -> None:
    page.evaluate("window.told = 0; document.addEventListener('input', () => window.told++)")

    editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Ja & <nein>")

    assert kept(page) == TEXT.replace(".</p>", ". Ja &amp; &lt;nein&gt;</p>")
    assert page.evaluate("window.told") == len(" Ja & <nein>")
    assert richtext.clean(kept(page)) == kept(page)


def test_bold_italic_lists_and_links_are_set_by_the_keyboard_alone(page: Page) -> None:
    editor(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("eins")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+b")
    expect(page.get_by_role("button", name="Fett")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+k")
    page.keyboard.type("www.example.org")
    page.keyboard.press("Enter")
    expect(editor(page)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Fett")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Liste")).to_be_focused()
    page.keyboard.press("Enter")

    assert kept(page) == '<ul><li><p><a href="https://www.example.org"><strong>eins</strong></a></p></li></ul>'
    expect(page.get_by_role("button", name="Liste")).to_have_attribute("aria-pressed", "true")


def test_a_link_that_runs_scripts_is_refused(page: Page) -> None:
    editor(page).click()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Link").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("javascript:alert(1)")
    page.keyboard.press("Enter")

    expect(page.get_by_role("textbox", name="Adresse des Links")).to_have_attribute("aria-invalid", "true")
    assert "javascript" not in kept(page)


def test_what_is_pasted_from_word_keeps_its_words_and_few_marks(page: Page) -> None:
    editor(page).click()
    page.keyboard.press("Control+a")
    paste(page, WORD)

    assert kept(page) == "<p><strong>Fett</strong> <strong>auch</strong> <em>schräg</em> böse</p><p>Zelle</p>"
    assert page.title() == "Text"


def test_an_empty_text_is_kept_as_nothing(page: Page) -> None:
    editor(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")

    assert kept(page) == ""


def test_undo_brings_back_what_was_typed_over(page: Page) -> None:
    editor(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")

    assert kept(page) == TEXT


def test_axe_finds_nothing(page: Page) -> None:
    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()

"""The composer in a browser: it saves itself, several write at once, and no word that was typed is lost."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from newsletter.accounts import sessions, staff
from newsletter.accounts.roles import Grant, Role
from newsletter.content.blocks import Text
from newsletter.database import Database
from newsletter.web.staff.composer import saving
from tests.e2e.conftest import Running, assert_fits
from tests.integration.web.test_serving import PROGRAM, free_port, wait_for
from tests.support.composing import FEST, HAUS, an_issue, content, in_the_pool
from tests.support.makers import SECRET
from tests.support.staff import DEVICE, a_staff_user
from tests.support.web import an_app

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ANA, BEN = "ana@example.org", "ben@example.org"
SAVE = "**/edit*"

Open = Callable[..., Page]


@pytest.fixture
def issue(site: Running) -> int:
    """A greeting (b1), `FEST` large (b2), `HAUS` (b3), and an item in the pool that nobody has used."""
    return an_issue_of_two(site)


@pytest.fixture
def opened(site: Running, browser: Browser, issue: int) -> Iterator[Open]:
    """Open the issue in a window of somebody's own."""
    pages: list[Page] = []

    def open_(who: str = ANA, **options: object) -> Page:
        pages.append(a_window(browser, site, issue, who, **options))
        return pages[-1]

    yield open_
    for page in pages:
        page.context.close()


def an_issue_of_two(site: Running) -> int:
    """What `issue` says, and the two who write it."""
    with site.app.writing() as session:
        for address, name in ((ANA, "Ana"), (BEN, "Ben")):
            a_staff_user(session, address, Grant(Role.APPROVER), name=name)
    made = an_issue(site.app, FEST, HAUS)
    in_the_pool(site.app, "Ein Ticket für alle")
    return made


def a_window(browser: Browser, site: Running, issue: int, who: str, **options: object) -> Page:
    context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, "locale": "de-DE", **options})  # type: ignore[arg-type]  # options of Playwright
    with site.app.writing() as session:
        user = staff.by_key(session, who)
        assert user is not None
        token = sessions.begin(session, user, device=DEVICE, now=site.app.now())
    context.add_cookies([{"name": "newsletter-session", "value": token, "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/staff/issues/{issue}/edit")
    return page


def until(page: Page, look: Callable[[], object], expected: object) -> None:
    """Wait until something is so, while the window goes on."""
    for _ in range(1200):
        if look() == expected:
            return
        page.wait_for_timeout(50)
    assert look() == expected


def order(site: Running, issue: int) -> list[str]:
    return [block.id for block in content(site.app, issue).blocks]


def focused(page: Page) -> object:
    return page.evaluate("document.activeElement.id || document.activeElement.localName")


def test_what_is_typed_is_saved_and_seen_without_a_press(site: Running, opened: Open, issue: int) -> None:
    page = opened()

    page.fill("#subject", "Neues im Mai ")
    page.click("#details-b2 summary")
    page.get_by_role("textbox", name="Teaser").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Mit Musik.")

    until(page, lambda: content(site.app, issue).subject, "Neues im Mai")
    expect(page.frame_locator("#frame-mail").locator("body")).to_contain_text("begehbar. Mit Musik.")
    expect(page.get_by_role("textbox", name="Teaser")).to_be_focused()
    expect(page.locator("#subject")).to_have_value("Neues im Mai ")
    page.keyboard.type(" Und Tanz.")
    expect(page.frame_locator("#frame-mail").locator("body")).to_contain_text("Mit Musik. Und Tanz.")
    until(page, lambda: page.evaluate("sessionStorage.length"), 0)


def test_a_block_moves_by_keys_and_whoever_moves_it_stays_in_their_field(
    site: Running, opened: Open, issue: int
) -> None:
    page = opened()
    page.click("#details-b3 summary")
    page.locator("[id='b3.title']").focus()

    page.keyboard.press("Alt+ArrowUp")

    expect(page.locator("#said")).to_have_text("„Neues Rathaus“ steht jetzt an Stelle 2 von 3.")
    assert focused(page) == "b3.title"
    until(page, lambda: order(site, issue), ["b1", "b3", "b2"])
    page.get_by_role("textbox", name="Teaser").last.focus()
    page.locator("#details-b3 [contenteditable]").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#said")).to_have_text("„Neues Rathaus“ steht jetzt an Stelle 1 von 3.")
    expect(page.locator("#details-b3 [contenteditable]")).to_be_focused()


def test_with_the_keyboard_alone_nobody_falls_out_of_the_page(site: Running, opened: Open, issue: int) -> None:
    page = opened()
    for button in ("#up-b2", "#down-b2", "#down-b2", "#remove-b2", "#undo", "#redo", "#remove-b3", "#remove-b1"):
        page.locator(button).focus()
        before = page.locator("input[name=base]").input_value()
        page.keyboard.press("Enter")
        if button != "#down-b2":
            expect(page.locator("input[name=base]")).not_to_have_value(before)
        page.wait_for_timeout(150)
        assert focused(page) != "body", button
    assert order(site, issue) == []
    assert focused(page) == "add-text"


def test_items_are_ticked_texts_added_and_blocks_dragged(site: Running, opened: Open, issue: int) -> None:
    page = opened()

    page.get_by_label("Ein Ticket für alle").check()
    until(page, lambda: order(site, issue), ["b1", "b2", "b3", "b2-3"])
    expect(page.locator("#said")).to_have_text("„Ein Ticket für alle“ steht jetzt an Stelle 4 von 4.")
    page.click("#add-text")
    expect(page.locator("#block-b3-text [contenteditable]")).to_be_visible()
    page.locator("#block-b3-text [contenteditable]").fill("Bis bald")
    until(page, lambda: content(site.app, issue).blocks[-1], Text("b3-text", "<p>Bis bald</p>"))
    drag(page, "#block-b3 .grip", "#block-b1 .grip")
    until(page, lambda: order(site, issue), ["b3", "b1", "b2", "b2-3", "b3-text"])
    page.fill("#q", "Rathaus")
    expect(page.locator("#items li")).to_have_count(1)
    page.get_by_label("Neues Rathaus").uncheck()
    until(page, lambda: order(site, issue), ["b1", "b2", "b2-3", "b3-text"])


def drag(page: Page, what: str, onto: str) -> None:
    page.evaluate("scrollTo(0, 0)")
    start, end = (page.locator(each).bounding_box() for each in (what, onto))
    assert start
    assert end
    page.mouse.move(start["x"] + 8, start["y"] + 12)
    page.mouse.down()
    for y in (start["y"], end["y"] + 60, end["y"] + 10, end["y"] + 4):
        page.mouse.move(end["x"] + 8, y, steps=4)
        page.wait_for_timeout(120)  # where a block would go is looked up twenty times a second
    page.mouse.up()


def test_two_who_write_at_once_see_each_others_words(site: Running, opened: Open, issue: int) -> None:
    ana, ben = opened(ANA), opened(BEN)

    ana.fill("#subject", "Anas Betreff")
    until(ben, lambda: content(site.app, issue).subject, "Anas Betreff")
    ben.fill("#preheader", "Bens Vorspann")

    expect(ben.locator("#subject")).to_have_value("Anas Betreff")
    assert (content(site.app, issue).subject, content(site.app, issue).preheader) == ("Anas Betreff", "Bens Vorspann")


def test_in_the_same_field_both_versions_stand_until_one_is_taken(site: Running, opened: Open, issue: int) -> None:
    ana, ben = opened(ANA), opened(BEN)
    for page in (ana, ben):
        page.click("#details-b2 summary")
    ana.locator("#details-b2 [contenteditable]").fill("Von Ana")
    until(ben, lambda: "Von Ana" in str(content(site.app, issue).blocks[1]), True)

    ben.locator("#details-b2 [contenteditable]").fill("Von Ben")

    expect(ben.locator("#details-b2 .held")).to_contain_text("Von Ben")
    expect(ben.locator("#details-b2 [contenteditable]")).to_have_text("Von Ana")
    ben.get_by_role("button", name="Meine übernehmen").click()
    expect(ben.locator("#details-b2 [contenteditable]")).to_have_text("Von Ben")
    expect(ben.locator(".held")).to_have_count(0)
    assert focused(ben) != "body"
    until(ben, lambda: "Von Ben" in str(content(site.app, issue).blocks[1]), True)


def test_a_server_that_takes_a_second_takes_nothing_from_whoever_goes_on_typing(
    site: Running, opened: Open, issue: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*them: Any, **more: Any) -> Any:
        threading.Event().wait(1)
        return save(*them, **more)

    save = saving.save
    page = opened()
    monkeypatch.setattr(saving, "save", slowly)
    page.locator("#subject").fill("")
    page.locator("#subject").press_sequentially("Ein langer Betreff, in Ruhe getippt", delay=60)
    page.click("#up-b3")
    page.locator("#preheader").fill("Und weiter")

    until(page, lambda: page.evaluate("sessionStorage.length"), 0)
    assert content(site.app, issue).preheader == "Und weiter"
    assert content(site.app, issue).subject == "Ein langer Betreff, in Ruhe getippt"
    assert order(site, issue) == ["b1", "b3", "b2"]
    expect(page.locator("#subject")).to_have_value("Ein langer Betreff, in Ruhe getippt")


def test_while_the_server_is_away_the_words_wait_and_then_arrive(site: Running, opened: Open, issue: int) -> None:
    page = opened()
    page.route(SAVE, lambda route: route.abort())
    page.fill("#subject", "In der Bahn getippt")
    expect(page.locator("#trouble")).to_contain_text("Ihr Text bleibt hier erhalten")

    page.unroute(SAVE)

    until(page, lambda: content(site.app, issue).subject, "In der Bahn getippt")
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_server_that_is_killed_while_one_types_takes_no_word_along(
    database: Database, tmp_path: Path, browser: Browser
) -> None:
    port = free_port()
    (tmp_path / "secret").write_text(SECRET.value.hex())
    site = Running(an_app(database, tmp_path, base_url=f"http://127.0.0.1:{port}"), f"http://127.0.0.1:{port}")
    issue = an_issue_of_two(site)
    with serving(site, tmp_path) as process:
        page = a_window(browser, site, issue, ANA)
        page.fill("#preheader", "Noch bei Verstand")
        until(page, lambda: content(site.app, issue).preheader, "Noch bei Verstand")
        page.fill("#subject", "")
        page.locator("#subject").press_sequentially("Mitten im ")
        process.kill()
        page.locator("#subject").press_sequentially("Satz")
        expect(page.locator("#trouble")).to_contain_text("Ihr Text bleibt hier erhalten")
    with serving(site, tmp_path):
        until(page, lambda: content(site.app, issue).subject, "Mitten im Satz")
        expect(page.locator("#trouble")).to_be_hidden()
        page.context.close()


@contextmanager
def serving(site: Running, home: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """The pages in a process of their own, which ends at the latest with the block."""
    settings = {"HOME": str(home), "DATABASE_URL": f"sqlite:///{home / 'newsletter.db'}", "BASE_URL": site.url}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, site.url.rpartition(":")[2]],
        env={**os.environ, "NEWSLETTER_DEMO": "1", **{f"NEWSLETTER_{name}": said for name, said in settings.items()}},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"{site.url}/healthz")
        yield process
    finally:
        process.kill()
        process.wait()


def test_what_could_not_be_saved_is_back_after_a_reload(site: Running, opened: Open, issue: int) -> None:
    page, ben = opened(), opened(BEN)
    page.route(SAVE, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.fill("#subject", "Fast verloren")
    expect(page.locator("#trouble")).to_be_visible()
    ben.fill("#preheader", "Inzwischen von Ben")
    until(page, lambda: content(site.app, issue).preheader, "Inzwischen von Ben")
    page.reload()
    expect(page.locator("#subject")).to_have_value(FEST)

    page.unroute(SAVE)

    expect(page.locator("#subject")).to_have_value("Fast verloren")
    until(page, lambda: content(site.app, issue).subject, "Fast verloren")
    expect(page.locator("#preheader")).to_have_value("Inzwischen von Ben")


def test_the_views_show_the_mail_as_it_will_be_seen(opened: Open) -> None:
    page = opened(color_scheme="light")
    dark = "matchMedia('(prefers-color-scheme: dark)').matches"
    frame = page.locator("#frame-mail").element_handle().content_frame()
    assert frame is not None

    page.locator("#view-phone").check(force=True)
    assert frame.evaluate("innerWidth") <= 375
    page.locator("#view-text").check(force=True)
    expect(page.frame_locator("#frame-text").locator("pre")).to_contain_text(FEST)
    page.fill("#preheader", "Neu im Vorschautext")
    page.locator("#view-no-pictures").check(force=True)
    expect(page.frame_locator("#frame-no-pictures").locator("body")).to_contain_text(FEST)
    page.locator("#view-desktop").check(force=True)
    assert frame.evaluate("innerWidth") == 640
    assert not frame.evaluate(dark)


def test_a_finding_leads_to_its_field(opened: Open) -> None:
    page = opened()
    page.fill("#subject", "")
    page.locator("#findings a", has_text="Dorthin").first.click()

    expect(page.locator("#subject")).to_be_focused()


def test_one_submits_and_approves_by_buttons(opened: Open) -> None:
    page = opened()
    page.fill("#preheader", "Noch schnell")
    page.click("#submit")
    expect(page.locator(".badge").first).to_have_text("In Prüfung")
    expect(page.locator("#preheader")).to_have_value("Noch schnell")


def test_the_preview_follows_the_last_key(site: Running, opened: Open) -> None:
    for number in range(18):
        in_the_pool(site.app, f"Meldung {number}")
    page = opened()
    for number in range(18):
        page.get_by_label(f"Meldung {number}", exact=False).first.check()
    expect(page.locator("[data-block]")).to_have_count(20)
    page.evaluate(
        """() => {
          window.took = [];
          let typed;
          addEventListener("input", () => (typed = performance.now()), true);
          addEventListener("renewed", ({ target }) => {
            if (target.id === "frame-mail") window.took.push(performance.now() - typed);
          }, true);
        }"""
    )
    page.fill("#preheader", "")
    for words in ("a", "b", "c", "d", "e"):
        page.locator("#preheader").press_sequentially(words)
        page.wait_for_timeout(900)

    print(f"last key to preview, 20 blocks: {sorted(map(round, page.evaluate('window.took')))} ms")
    expect(page.frame_locator("#frame-mail").locator("body")).to_contain_text("abcde")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 1400), ("light", 768), ("dark", 375)])
def test_axe_finds_nothing(opened: Open, scheme: str, width: int, site: Running, issue: int) -> None:
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 900})
    page.fill("#subject", "")
    page.click("#details-b2 summary")
    expect(page.locator("#findings .error").first).to_be_visible()
    assert_accessible(page, "composer")
    for path in ("/staff/", f"/staff/issues/{issue}/history"):
        page.goto(site.url + path)
        assert_accessible(page, path)


def assert_accessible(page: Page, name: str) -> None:
    page.evaluate("scrollTo(0, 0)")  # what the bar covers half is no smaller target: it scrolls away from under it
    result = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert [(name, violation["id"]) for violation in result.response["violations"]] == []
    assert_fits(page, name)


def test_nothing_that_has_the_focus_lies_under_the_bar(opened: Open) -> None:
    for width, height in ((1400, 900), (1000, 600), (375, 812)):
        page = opened(viewport={"width": width, "height": height})
        page.click("#details-b2 summary")
        page.locator("#undo").focus()
        page.evaluate(
            """() => {
              window.reached = [];
              window.covered = [];
              addEventListener("focusin", ({ target }) => requestAnimationFrame(() => {
                const { x, y, width, height } = target.getBoundingClientRect();
                const there = document.elementFromPoint(x + width / 2, y + Math.min(height / 2, 8));
                const bar = there?.closest(".desk-bar");
                reached.push(target.id);
                if (bar && !bar.contains(target)) covered.push(target.id || target.className);
              }));
            }"""
        )
        for key in ("Tab", "Shift+Tab"):
            for _ in range(60):
                page.keyboard.press(key)
        reached, covered = page.evaluate("[reached, covered]")
        assert {"to-send", "merge-subject", "b2.title", "add-divider"} <= set(reached)
        assert covered == [], (width, height)


def test_without_scripts_an_issue_is_made_and_submitted(site: Running, opened: Open, issue: int) -> None:
    page = opened(java_script_enabled=False)
    page.goto(f"{site.url}/staff/")

    page.get_by_role("button", name="Ausgabe mit 1 Meldung anlegen").click()
    page.fill("#subject", "Von Hand")
    page.click("#up-b2")
    expect(page.locator("[data-block]").first).to_have_attribute("data-block", "b2")
    page.get_by_label(FEST).check()
    page.click("#submit")

    expect(page.locator(".notice.good")).to_contain_text("Eingereicht")
    saved_now = content(site.app, issue + 1)
    assert saved_now.subject == "Von Hand"
    assert [block.id for block in saved_now.blocks] == ["b2", "b1", "b3-1"]


def test_a_personal_field_is_chosen_and_stands_where_the_cursor_was(site: Running, opened: Open, issue: int) -> None:
    page = opened()
    page.fill("#subject", "Neues, ")
    page.click("[id='merge-subject']")
    page.get_by_label("Feld", exact=True).select_option("first_name")
    page.get_by_label("Ohne diese Angabe steht dort").fill("liebe Leserin")
    page.wait_for_timeout(600)  # an answer of the server leaves the menu alone
    page.get_by_role("button", name="Einfügen", exact=True).click()

    expect(page.locator("#subject")).to_have_value("Neues, [[first_name|liebe Leserin]]")
    expect(page.locator("#subject")).to_be_focused()
    page.click("#details-b2 summary")
    page.click("[id='merge-b2.text']")
    page.keyboard.press("Escape")
    page.click("[id='merge-b2.text']")
    menu = Axe().run(page, context="#merge-dialog", options={"runOnly": {"type": "tag", "values": RULES}})
    assert menu.response["violations"] == []
    page.get_by_role("button", name="Einfügen", exact=True).click()
    expect(page.locator("#details-b2 .merge-chip")).to_have_text("[[salutation|Guten Tag]]")
    until(page, lambda: "begehbar.[[salutation|Guten Tag]]" in str(content(site.app, issue).blocks[1]), True)
    assert content(site.app, issue).subject == "Neues, [[first_name|liebe Leserin]]"


def test_people_who_come_are_told_of(opened: Open) -> None:
    ana = opened(ANA)
    ana.wait_for_load_state("networkidle")
    ben = opened(BEN)
    expect(ben.locator("#here li")).to_have_attribute("title", "Ana")

    with ana.expect_request("**/here") as asked:
        ana.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # looked at again

    assert asked.value.headers["x-by-itself"] == "1"  # and so keeps nobody signed in
    expect(ana.locator("#here .initial")).to_have_text("B")
    expect(ana.locator("#said")).to_have_text("Auch gerade hier: Ben")


def test_a_click_in_the_preview_opens_that_block(opened: Open) -> None:
    page = opened()

    page.frame_locator("#frame-mail").get_by_role("heading", name=HAUS).click()

    expect(page.locator("[id='b3.title']")).to_be_focused()

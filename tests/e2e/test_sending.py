"""From the start page to a mailing in a browser: in how many clicks, by the keyboard alone, and for everybody."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy import select, update

from newsletter.accounts import sessions, staff
from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.database import Database
from newsletter.delivery import dispatching
from newsletter.delivery.models import Mailing
from newsletter.delivery.verdicts import Reply, Step
from newsletter.issues import approving, composing
from newsletter.issues.models import Publication
from subscribers import lists
from tests.e2e.conftest import Running, assert_fits, running
from tests.e2e.test_composer import RULES
from tests.support.composing import in_the_pool, state
from tests.support.ledgers import Clock, a_reader, a_worker
from tests.support.makers import BY
from tests.support.memory import MemoryTransport
from tests.support.staff import DEVICE, a_staff_user

pytestmark = pytest.mark.slow

ANA, BEN = "ana@example.org", "ben@example.org"
TITLES = ("Fest am See", "Neues Rathaus", "Ein Ticket für alle", "Bäder öffnen", "Brücke gesperrt", "Rad im Zug")

Open = Callable[..., Page]


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Running]:
    """A publication of six items, four readers and two people: Ana writes, Ben approves and manages people."""
    with running(database, tmp_path, demo=True) as site:
        with site.app.writing() as session:
            a_staff_user(session, ANA, Grant(Role.EDITOR), name="Ana")
            a_staff_user(session, BEN, Grant(Role.APPROVER), Grant(Role.LIST_ADMIN), name="Ben")
            for name in ("anna", "bert", "carla", "dora"):
                a_reader(session, lists.named(session, "region"), f"{name}@posteo.de")
            session.execute(update(Publication).values(four_eyes=True))
        for title in TITLES:
            in_the_pool(site.app, title)
        yield site


@pytest.fixture
def opened(site: Running, browser: Browser) -> Iterator[Open]:
    """Open the start page in a window of somebody's own."""
    contexts: list[BrowserContext] = []

    def open_(who: str, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, "locale": "de-DE", **options})  # type: ignore[arg-type]  # options of Playwright
        contexts.append(context)
        with site.app.writing() as session:
            user = staff.by_key(session, who)
            assert user is not None
            token = sessions.begin(session, user, device=DEVICE, now=site.app.now())
        context.add_cookies([{"name": "newsletter-session", "value": token, "url": site.url}])
        page = context.new_page()
        page.goto(f"{site.url}/staff/")
        return page

    yield open_
    for context in contexts:
        context.close()


class Hand:
    """Somebody's hand on the mouse: clicks, and counts them and the time."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self._began = time.monotonic()

    def click(self, what: str | Locator) -> None:
        found = self.page.locator(what) if isinstance(what, str) else what
        found.click()
        self.clicks += 1

    def told(self, what: str) -> str:
        return f"{what}: {self.clicks} clicks, {time.monotonic() - self._began:.1f} s of the machine"


def by_name(page: Page, role: str, name: str) -> Locator:
    return page.get_by_role(role, name=name).first  # type: ignore[arg-type]  # roles of ARIA


def test_an_issue_is_made_tried_and_submitted_in_few_clicks_scheduled_in_four_and_followed(
    site: Running, opened: Open
) -> None:
    page = opened(ANA)
    hand = Hand(page)
    hand.click(by_name(page, "button", "Leere Ausgabe beginnen"))
    hand.click("#subject")
    page.keyboard.type("Neues im November")
    for title in TITLES:
        hand.click(page.locator("#items").get_by_label(title))
    expect(page.locator("[data-block]")).to_have_count(7)
    chosen = page.locator("[data-block]").nth(4)
    moved = page.locator(f"#{chosen.get_attribute('id')}")
    for _ in range(2):
        hand.click(moved.locator("[id^=up-]"))
    for place in (1, 3):
        hand.click(page.locator("[data-block]").nth(place).locator("summary"))
    hand.click(page.locator("label", has=page.locator("#view-phone")))
    hand.click(page.locator("label", has=page.locator("#view-dark")))
    hand.click("#to-send")
    hand.click("#test")
    expect(page.locator("#trials")).to_contain_text("Unterwegs")
    hand.click("#submit")
    expect(page.locator(".notice.good")).to_contain_text("Eingereicht")
    assert hand.clicks <= 17
    print(hand.told("by hand, to submitted"))

    page.goto(f"{site.url}/staff/")
    in_the_pool(site.app, "Markt am Samstag")
    page.reload()
    quick = Hand(page)
    quick.click(by_name(page, "button", "Ausgabe mit"))
    quick.click("#to-send")
    quick.click("#test")
    quick.click("#submit")
    expect(page.locator(".notice.good")).to_contain_text("Eingereicht")
    assert quick.clicks <= 9
    print(quick.told("from the suggestion, to submitted"))

    ben = opened(BEN)
    judge = Hand(ben)
    judge.click(by_name(ben, "link", "Ansehen und freigeben"))
    expect(ben.frame_locator("iframe").locator("body")).to_contain_text("Markt am Samstag")
    judge.click("#approve")
    judge.click("#schedule")
    expect(ben.get_by_role("dialog")).to_contain_text("An 4 Personen senden?")
    judge.click("dialog #confirm")
    expect(ben.locator(".notice.good")).to_have_text("Eingeplant.")
    assert judge.clicks <= 4
    assert state(site.app, 2) == "scheduled"
    print(judge.told("approved and scheduled"))

    with site.app.writing() as session:
        session.execute(update(Mailing).values(due_at=site.app.now()))
    ben.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # looked at again: it wakes by itself
    in_a_thread(work, site.app)
    expect(ben.locator("main")).to_contain_text(re.compile("4 von 4.*Vom Mailserver angenommen", re.DOTALL))
    expect(ben.locator("[data-said]")).to_have_text("Der Versand ist fertig.")
    expect(ben.locator("#acts button")).to_have_count(0)


def test_with_the_keyboard_alone_an_issue_is_submitted_and_scheduled(site: Running, opened: Open) -> None:
    page = opened(ANA)
    press(page, "form[action*='/issues'] button.primary")
    press(page, "#to-send")
    press(page, "#test")
    press(page, "#submit")
    expect(page.locator(".notice.good")).to_contain_text("Eingereicht")

    ben = opened(BEN)
    press(ben, ".next a")
    press(ben, "#approve")
    tab_to(ben, "#schedule")
    ben.keyboard.press("Enter")
    expect(ben.get_by_role("dialog")).to_be_visible()
    ben.keyboard.press("Escape")
    expect(ben.locator("#schedule")).to_be_focused()
    ben.keyboard.press("Enter")
    press(ben, "dialog #confirm")
    expect(ben.locator(".notice.good")).to_have_text("Eingeplant.")
    assert state(site.app, 1) == "scheduled"


def press(page: Page, what: str) -> None:
    """Go there by the tabulator and press Enter."""
    tab_to(page, what)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def tab_to(page: Page, what: str) -> None:
    expect(page.locator(what).first).to_be_visible()
    for _ in range(200):
        if page.evaluate("(what) => document.activeElement.matches(what)", what):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} is not reached")


def one_sent_and_one_approved(app: App) -> None:
    """The first issue has gone to four, of whom one was refused; its copy is approved."""
    with app.writing() as session:
        publication = session.scalars(select(Publication)).one()
        publication.four_eyes = False
        items = composing.suggested(session, publication)
        first = composing.create(session, publication, items=items, by=BY, now=app.now())
        for issue in (first, composing.copy(session, first, by=BY, now=app.now())):
            approving.approve(session, issue, site=app.site, by=BY, now=app.now())
        dispatching.send(session, first, at=None, by=BY, now=app.now())
    in_a_thread(work, app)


def in_a_thread(does: Callable[[App], None], app: App) -> None:
    """Do it elsewhere: Playwright has this thread's event loop."""
    thread = threading.Thread(target=does, args=(app,))
    thread.start()
    thread.join()


def work(app: App) -> None:
    refused = Reply(Step.RCPT, 550, "5.1.1", "No such user")
    transport = MemoryTransport(lambda address: refused if address.startswith("carla") else None)
    a_worker(app.database, transport, clock=Clock(app.now())).run_until_idle()


def test_axe_finds_nothing_on_a_desktop_and_on_a_phone_in_the_dark(site: Running, opened: Open) -> None:
    one_sent_and_one_approved(site.app)
    page = opened(BEN)
    page.click(".next a")
    page.click("#schedule")
    expect(page.get_by_role("dialog")).to_be_visible()
    accessible(page, "dialog")
    for path in (
        "issues/2/send/confirm?when=later&at=2036-03-30T02:30",
        "issues/1/correct",
        "publications/aktuell/issues",
        "mailings/1",
        "mailings/1/recipients",
        "mailings/1/missed",
    ):
        answer = page.goto(f"{site.url}/staff/{path}")
        assert answer is not None
        assert answer.status in {200, 400}, path
        accessible(page, path)


def accessible(page: Page, name: str) -> None:
    for scheme, width in (("light", 1400), ("dark", 375)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
        page.set_viewport_size({"width": width, "height": 900})
        result = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
        assert [(name, scheme, violation["id"]) for violation in result.response["violations"]] == []
    assert_fits(page, name)

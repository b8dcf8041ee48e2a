"""Two readers walk the whole way, one without scripts and one with them; commands, worker and inbox are real.

From a form on another site to the mail, its button, the settings, a pause, leaving by one click while an issue is
on its way, and back by the undo mail.
"""

import json
import re
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.demo.__main__ import CONTENT, WAIT_S, Demo
from tests.demo.inbox import Inbox

pytestmark = pytest.mark.slow

FIRST = "aaron@leser.example"  # the one whose turn comes before everybody's
ANNA, BERND = "anna@leser.example", "bernd@leser.example"
CHIEF = "redaktion@weidental.example"
ELSEWHERE = "http://verein.localhost/"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """An installation with a list of two topics, a publication and an issue's worth of news, being served."""
    with Inbox() as inbox:
        made = Demo(tmp_path_factory.mktemp("walk") / "installation", inbox)
        made.run("init", "--admin", CHIEF)
        made.run("list", "create", "weidental", "--name", "Weidental aktuell")
        for slug, german in (("kultur", "Kultur"), ("verkehr", "Verkehr")):
            made.run("topic", "add", "weidental", slug, "--name", f"de={german}", "--name", f"en={german}")
        sender = "Metropolregion Weidental <presse@weidental.example>"
        publication = ("aktuell", "--list", "weidental", "--name", "Weidental aktuell", "--from", sender)
        made.run("publication", "create", *publication)
        made.run("publication", "set", "aktuell", "--imprint", str(CONTENT / "impressum.txt"), "--reply-to", CHIEF)
        made.run("news", "import", str(CONTENT / "feed.xml"), str(CONTENT / "meldung.txt"))
        people = made.folder / "people.csv"
        people.write_text(f"email\n{FIRST}\n")
        made.run(
            "subscriber", "import", str(people), "--list", "weidental", "--consent-proof", "Auf Papier, 12. Januar 2026"
        )
        with made.serving():
            yield made


def pages(browser: Browser, *, scripts: bool) -> Page:
    size = ViewportSize(width=375, height=800) if scripts else ViewportSize(width=1280, height=900)
    return browser.new_context(java_script_enabled=scripts, locale="de-DE", viewport=size).new_page()


def test_two_readers_walk_from_a_form_elsewhere_to_leaving_and_back(demo: Demo, browser: Browser) -> None:
    readers = {ANNA: pages(browser, scripts=False), BERND: pages(browser, scripts=True)}
    for address, page in readers.items():
        signs_up_elsewhere(demo, page, address)
        confirms(demo, page, address)

    send_an_issue(demo, "1")
    for address, page in readers.items():
        issue = demo.inbox.last(address, count=2, within_s=WAIT_S)
        chooses_a_topic_and_pauses(page, link_in(issue, "preferences"))
        told = demo.inbox.last(address, count=3, within_s=WAIT_S)
        assert told["Subject"] == "Ihre Einstellungen wurden geändert"
        ends_the_pause(page, link_in(told, "preferences"))

    # Slow enough that only the first gets the second issue, and the two are planned and wait.
    demo.run("rate", "set", "global", "1/h")
    mailing = send_an_issue(demo, "2")
    demo.inbox.last(FIRST, count=2, within_s=WAIT_S)
    for address in readers:
        leaves_by_one_click(demo.inbox.last(address, count=2, within_s=WAIT_S))
    demo.run("rate", "unset", "global")

    assert statement_when_done(demo, mailing) == {"recipients": 3, "accepted": 1, "excluded": 2, "state": "sent"}
    rows = [json.loads(line) for line in demo.ask("mailing", "deliveries", mailing, "--json").splitlines()]
    assert {row["address"]: row["state"] for row in rows} == {FIRST: "accepted", ANNA: "excluded", BERND: "excluded"}
    for address, page in readers.items():
        comes_back(demo, page, address)

    third = send_an_issue(demo, "3")
    for address in readers:
        demo.inbox.last(address, count=5, within_s=WAIT_S)
    assert statement_when_done(demo, third) == {"recipients": 3, "accepted": 3, "excluded": 0, "state": "sent"}
    verified = json.loads(demo.ask("consent", "verify", "--json"))
    assert verified["breaks"] == []
    for page in readers.values():
        page.context.close()


def signs_up_elsewhere(demo: Demo, page: Page, address: str) -> None:
    page.goto(f"{demo.url}/lists/weidental/embed")
    copied = page.locator("textarea").first.input_value()
    page.route(ELSEWHERE, lambda route: route.fulfill(body=copied, content_type="text/html; charset=utf-8"))
    page.goto(ELSEWHERE)
    page.fill("[name=email]", address)
    page.click("button")

    expect(page.locator("h1")).to_have_text("Bitte sehen Sie in Ihr Postfach")


def confirms(demo: Demo, page: Page, address: str) -> None:
    page.goto(link_in(demo.inbox.last(address, count=1, within_s=WAIT_S), "confirm"))
    page.get_by_role("button", name="bestätigen").click()

    expect(page.locator("h1")).to_have_text("Sie sind angemeldet")


def chooses_a_topic_and_pauses(page: Page, settings: str) -> None:
    page.goto(settings)
    page.get_by_label("Verkehr").uncheck()
    page.get_by_label("zwei Wochen").check()
    page.get_by_role("button", name="Einstellungen speichern").click()

    expect(page.locator("main")).to_contain_text("erhalten Sie: Kultur.")
    expect(page.locator("main")).to_contain_text("„Weidental aktuell“ pausiert bis zum")


def ends_the_pause(page: Page, settings: str) -> None:
    page.goto(settings)
    page.get_by_label("Pause jetzt beenden").check()
    page.get_by_role("button", name="Einstellungen speichern").click()

    expect(page.locator("main")).to_contain_text("Die Pause ist beendet")


def leaves_by_one_click(issue: EmailMessage) -> None:
    """As a provider does it: no cookie, no page before, no redirect to follow (RFC 8058)."""
    assert issue["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (address,) = re.findall(r"<(https?:[^>]+)>", issue["List-Unsubscribe"])
    answer = httpx.post(address, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False, timeout=60)

    assert (answer.status_code, answer.headers.get("set-cookie")) == (200, None)


def comes_back(demo: Demo, page: Page, address: str) -> None:
    page.goto(link_in(demo.inbox.last(address, count=4, within_s=WAIT_S), "undo"))
    page.locator("main form button.primary").click()

    expect(page.locator("h1")).to_have_text("Sie bleiben angemeldet")


def send_an_issue(demo: Demo, number: str) -> str:
    issue = demo.run("issue", "create", "aktuell", "--items", number)
    demo.run("issue", "approve", issue, "--by", CHIEF)
    return demo.run("issue", "send", issue)


def statement_when_done(demo: Demo, mailing: str) -> dict[str, object]:
    """The numbers once nothing is left to do."""
    demo.ask("mailing", "progress", mailing, "--follow")
    told = json.loads(demo.ask("mailing", "statement", mailing, "--json"))
    return {name: told[name] for name in ("recipients", "accepted", "excluded", "state")}


def link_in(mail: EmailMessage, page: str) -> str:
    """The link of a mail's text part that leads to a page of ours."""
    text = mail.get_body(("plain",))
    assert text is not None
    (found,) = set(re.findall(rf"https?://\S+/{page}/[^\s>]+", text.get_content()))
    return str(found)

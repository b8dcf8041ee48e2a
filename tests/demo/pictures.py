"""README's pictures: an issue as its readers see it, and the staff web while it is written, sent and followed.

    .venv/bin/python -m tests.demo.pictures

A demo with the region's news, and a relay that does not take every mail. Needs Chromium, and a few minutes.
"""

import base64
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from aiosmtpd.smtp import SMTP, Envelope, Session
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from tests.demo.__main__ import CONTENT, Demo, gather, set_up
from tests.demo.inbox import Inbox

FOLDER = Path("docs/pictures")
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EDITOR = "mareike.thoma@weidental.example"
READERS = 3_000
RATE = "1500/min"  # slow enough to be met on its way, and to tell when it ends
COLOURS = 256  # enough for pages of few colours, in a third of the bytes
WAIT_MS = 180_000.0

VIEWS = ((640, "light"), (375, "light"), (375, "dark"))
HEIGHT = 1180


class Relay(Inbox):
    """Refuses an address now and then, as relays do."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient (aiosmtpd calls this)."""
        del server, session, options
        number = int("".join(re.findall(r"\d", address)) or 1)
        if not number % 83:
            return "550 5.1.1 No such user here"
        if not number % 207:
            return "452 4.2.2 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"


def main() -> None:
    """Play the story and take the pictures."""
    with TemporaryDirectory() as folder, Relay() as relay, sync_playwright() as playwright:
        demo = Demo(Path(folder) / "demo", relay)
        set_up(demo)
        gather(demo, str(CONTENT / "feed.xml"), str(CONTENT / "page.html"))
        _more_readers(demo)
        issue = demo.run("issue", "create", "aktuell", "--suggest")
        demo.run("issue", "render", issue, "--output", str(demo.folder / "issue"))
        link = demo.run("staff", "invite", EDITOR, "--role", "approver", "--name", "Mareike Thoma", "--language", "en")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        _issue(browser, demo)
        with demo.serving():
            zone = "Europe/Berlin"
            window = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB", timezone_id=zone)
            _staff_web(window, demo, issue, link)
        browser.close()


def _more_readers(demo: Demo) -> None:
    people = demo.folder / "people.csv"
    people.write_text("email\n" + "".join(f"leser{number}@leser.example\n" for number in range(1, READERS + 1)))
    demo.run("subscriber", "import", str(people), "--list", "weidental", "--consent-proof", "Auf Papier, Ordner 8")


def _staff_web(window: BrowserContext, demo: Demo, issue: str, link: str) -> None:
    page = window.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(link)
    page.fill("#password", "Zwölf Städte und ein Ticket")
    page.click("#accept button")
    page.goto(f"{demo.url}/staff/issues/{issue}/edit")
    page.frame_locator("#frame-mail").locator("img").first.wait_for()
    _take(page, "composer")
    demo.run("issue", "approve", issue, "--by", "redaktion@weidental.example")
    page.goto(f"{demo.url}/staff/issues/{issue}/send")
    page.click("#test")
    page.locator("#trials .good").wait_for()
    _take(page, "send")
    demo.run("rate", "set", "global", RATE)
    mailing = demo.run("issue", "send", issue)
    page.goto(f"{demo.url}/staff/mailings/{mailing}")
    page.wait_for_function(
        "() => { const bar = document.querySelector('progress'); return bar?.value > 0.55 * bar?.max }"
    )
    _take(page, "mailing")
    demo.run("mailing", "cancel", mailing)


def _take(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    page.wait_for_load_state("networkidle")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _issue(browser: Browser, demo: Demo) -> None:
    """The issue on a desktop, on a phone, and in the dark, side by side."""
    views = "".join(_view(browser, demo, width, scheme) for width, scheme in VIEWS)
    page = browser.new_page(viewport={"width": 1560, "height": HEIGHT + 120})
    page.set_content(
        "<body style='margin:0;display:flex;gap:40px;justify-content:center;align-items:flex-start;"
        f"padding:60px;background:#dfe5e2;box-sizing:border-box'>{views}</body>"
    )
    page.screenshot(path=FOLDER / "issue.png")


def _view(browser: Browser, demo: Demo, width: int, scheme: str) -> str:
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()

    def from_the_demo(route: Route) -> None:  # nothing is served yet
        route.fulfill(path=demo.folder / "home" / "media" / route.request.url.rpartition("/")[2])

    page.route("**/media/*", from_the_demo)
    page.set_content((demo.folder / "issue" / "issue.html").read_text("utf-8"), wait_until="load")
    shot = base64.b64encode(page.screenshot()).decode()
    context.close()
    frame = "border-radius:14px;box-shadow:0 18px 40px #0003;display:block"
    return f"<img src='data:image/png;base64,{shot}' width='{width}' height='{HEIGHT}' style='{frame}'>"


if __name__ == "__main__":
    main()

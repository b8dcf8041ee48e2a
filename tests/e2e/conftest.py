"""A real server and a real browser."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from newsletter.app import App
from newsletter.database import Database
from newsletter.web import serving
from tests.support.web import an_app

expect.set_options(timeout=30_000)  # as long as Playwright waits for all else: a machine may be busy


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: what a browser shows does not depend on the database."""
    path = tmp_path / "newsletter.db"
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


@dataclass(frozen=True, slots=True)
class Running:
    """An installation that is being served."""

    app: App
    url: str


@contextmanager
def running(database: Database, home: Path, **settings: object) -> Iterator[Running]:
    """Serve the public pages on a free port of this machine."""
    listening = serving.listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    legal = {f"{name}_url": f"{url}/leave" for name in ("imprint", "privacy", "accessibility")}
    app = an_app(database, home, base_url=url, **legal, **settings)
    server = serving.server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Running(app, url)
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listening.close()


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Running]:
    """The public pages of a small installation."""
    with running(database, tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `make test` installs it.

    No longer than a module: while it runs, Playwright keeps an event loop in this thread, and a worker needs its own.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("Chromium is not installed; `make test` installs it")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


def assert_fits(page: Page, name: str) -> None:
    """See that a page is no wider than its window, that of a phone or a tablet either."""
    own = page.viewport_size
    assert own is not None
    for width in (320, 768, own["width"]):
        page.set_viewport_size({"width": width, "height": own["height"]})
        shown = page.evaluate("document.documentElement.scrollWidth")
        assert shown <= width, f"{name} is wider than a window of {width} px"


@pytest.fixture
def desktop(browser: Browser) -> Iterator[BrowserContext]:
    """A German reader's window without scripts, as no page of ours needs any."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE", java_script_enabled=False)
    yield context
    context.close()

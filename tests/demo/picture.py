"""README's picture: the issue of the last `make demo` on a desktop, on a phone, and in the dark.

.venv/bin/python -m tests.demo.picture
"""

import base64
from pathlib import Path

from playwright.sync_api import Browser, Route, sync_playwright

DEMO = Path("demo-out")
PICTURE = Path("docs/pictures/issue.png")
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWS = ((640, "light"), (375, "light"), (375, "dark"))
HEIGHT = 1180


def main() -> None:
    """Take the three views and put them side by side."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        views = "".join(_view(browser, width, scheme) for width, scheme in VIEWS)
        page = browser.new_page(viewport={"width": 1560, "height": HEIGHT + 120})
        page.set_content(
            "<body style='margin:0;display:flex;gap:40px;justify-content:center;align-items:flex-start;"
            f"padding:60px;background:#dfe5e2;box-sizing:border-box'>{views}</body>"
        )
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURE)
        browser.close()


def _view(browser: Browser, width: int, scheme: str) -> str:
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.route("**/media/*", _from_the_demo)
    page.set_content((DEMO / "issue" / "issue.html").read_text("utf-8"), wait_until="load")
    shot = base64.b64encode(page.screenshot()).decode()
    context.close()
    frame = "border-radius:14px;box-shadow:0 18px 40px #0003;display:block"
    return f"<img src='data:image/png;base64,{shot}' width='{width}' height='{HEIGHT}' style='{frame}'>"


def _from_the_demo(route: Route) -> None:
    """Pictures are served by an installation that has ended; take them from its folder."""
    route.fulfill(path=DEMO / "home" / "media" / route.request.url.rpartition("/")[2])


if __name__ == "__main__":
    main()

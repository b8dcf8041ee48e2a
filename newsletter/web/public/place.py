"""Where a sign-up form stands: on its own page, or in a frame on somebody's site."""

from dataclasses import dataclass

from newsletter.settings import Settings
from newsletter.web.headers import policy
from newsletter.web.visit import PRIVATE


@dataclass(frozen=True, slots=True)
class Place:
    """A place: the end of its address, the layout of its pages, and how a consent record names it."""

    suffix: str
    layout: str
    source: str

    def path(self, slug: str) -> str:
        """The address of a list's form here, without the site's own prefix."""
        return f"/lists/{slug}{self.suffix}"

    def headers(self, settings: Settings, *, script: bool) -> dict[str, str]:
        """What its pages say to the browser: the frame may be shown on other sites, and nothing else may."""
        if self is PAGE:
            return {"Content-Security-Policy": policy(script=True)} if script else {}
        ancestors = f"'self' {settings.frame_ancestors}"
        return {
            **PRIVATE,
            "Content-Security-Policy": policy(script=script, frame_ancestors=ancestors),
            "Cross-Origin-Resource-Policy": "cross-origin",
        }


PAGE = Place("", "base.html", "sign-up page")
FRAME = Place("/frame", "frame.html", "embedded frame")
# What a form that was posted to the page says of where it stood.
SOURCES = {"page": "sign-up page", "embed": "embedded form"}
UNSAID = "form"

"""No other site changes anything in the name of somebody who is signed in here.

Every request to the staff web that could change something must say that it comes from a page of ours. All browsers
since 2023 say so in `Sec-Fetch-Site`, which no script can set; older ones in `Origin`. What says neither is no browser
with somebody's cookies in it, and is refused too. There is no route without this, and so no token in forms.

Source: https://www.w3.org/TR/fetch-metadata/; https://cheatsheetseries.owasp.org, cross-site request forgery.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
ROOM = "/staff"


class SameOrigin:
    """Answer with `refusal` what another site has sent."""

    def __init__(self, app: ASGIApp, *, public_url: str, refusal: Callable[[Request], Response]) -> None:
        self.app = app
        self.refusal = refusal
        parts = urlsplit(public_url)
        self.origin = f"{parts.scheme}://{parts.netloc}".lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is harmless or ours."""
        if scope["type"] == "http" and is_staff(scope["path"]) and scope["method"] not in HARMLESS:
            headers = Headers(scope=scope)
            if not self._is_ours(headers.get("sec-fetch-site"), headers.get("origin")):
                await self.refusal(Request(scope))(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_ours(self, site: str | None, origin: str | None) -> bool:
        if site is not None:
            return site == "same-origin"
        return origin is not None and origin.lower() == self.origin


def is_staff(path: str) -> bool:
    """Tell whether a path is one of the staff web."""
    return path == ROOM or path.startswith(f"{ROOM}/")

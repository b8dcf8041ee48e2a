"""Where a browser is sent next: to one of our own pages, whatever an address asks for."""

import re
from urllib.parse import urlencode, urlsplit

from fastapi.responses import RedirectResponse, Response

from newsletter.web.visit import Visit

START = "/staff/"
SIGN_IN = "/staff/sign-in"
# One path of the staff web: no host, no dots, no query, nothing that a browser could read as another site.
_OURS = re.compile(r"/staff(?:/[a-z0-9][a-z0-9-]*)*/?", re.ASCII)


def local(path: str) -> str:
    """A path, if it is one of the staff web; else the start."""
    return path if _OURS.fullmatch(path) else START


def back(visit: Visit) -> str:
    """The page that a form stood on, as far as the browser tells; else the start."""
    try:
        path = urlsplit(visit.request.headers.get("referer", "")).path
    except ValueError:
        return START
    return local(path.removeprefix(visit.pages.prefix))


def redirect(visit: Visit, path: str, **query: str) -> Response:
    """Send the browser to a path of ours by GET, whatever it has just sent."""
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{visit.pages.prefix}{path}{asked}", 303)

"""Where a browser is sent next: to one of our own pages, whatever an address asks for."""

import re
from urllib.parse import urlencode, urlsplit

from fastapi.responses import RedirectResponse, Response
from starlette.routing import Match

from newsletter.web.visit import Visit

START = "/staff/"
SIGN_IN = "/staff/sign-in"
# One path of the staff web: no host, no dots, no query, nothing that a browser could read as another site.
_OURS = re.compile(r"/staff(?:/[a-z0-9][a-z0-9-]*)*/?", re.ASCII)


def local(path: str) -> str:
    """A path, if it is one of the staff web; else the start."""
    return path if _OURS.fullmatch(path) else START


def back(visit: Visit) -> str:
    """The page that a form stood on, as far as the browser tells; else the start.

    A form that was refused stands on the page of a POST, whose address cannot be looked at: the page above it can.
    """
    try:
        path = local(urlsplit(visit.request.headers.get("referer", "")).path.removeprefix(visit.pages.prefix))
    except ValueError:
        return START
    while path != START and not _is_page(visit, path):
        path = path.rpartition("/")[0] or START
    return path


def redirect(visit: Visit, path: str, **query: str) -> Response:
    """Send the browser to a path of ours by GET, whatever it has just sent."""
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{visit.pages.prefix}{path}{asked}", 303)


def _is_page(visit: Visit, path: str) -> bool:
    """Tell whether a path can be looked at."""
    scope = {"type": "http", "method": "GET", "path": path}
    return any(route.matches(scope)[0] is Match.FULL for route in visit.request.app.state.routes)

"""Pages of the staff web: their frame, their headers, and the notice after something was done.

After a POST the browser is sent on by GET; what was done stands in the address as one of a few known words
(`?done=password`), which the page says in a sentence. Nothing else of an address is ever shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from fastapi.responses import HTMLResponse

from newsletter.accounts.roles import MANAGE_STAFF, OWN_ACCOUNT, READ_AUDIT
from newsletter.web.staff import moments
from newsletter.web.staff.guards import Staff
from newsletter.web.visit import PRIVATE, Visit
from subscribers.actor import Permission

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    **PRIVATE,
    "Content-Security-Policy": POLICY,
    # With no referrer at all browsers would hide from us, too, where a form was sent from.
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    name: str
    path: str
    permission: Permission


PLACES = (
    Place("start", "/staff/", OWN_ACCOUNT),
    Place("users", "/staff/users", MANAGE_STAFF),
    Place("audit", "/staff/audit", READ_AUDIT),
    Place("account", "/staff/account", OWN_ACCOUNT),
)


def page(staff: Staff, template: str, /, *, status: int = 200, **facts: object) -> HTMLResponse:
    """Answer somebody who is signed in, in their language."""
    places = [place for place in PLACES if staff.everywhere.may(place.permission)]
    return _answer(staff.visit, template, staff.user.language, status, {"staff": staff, "places": places, **facts})


def open_page(
    visit: Visit, template: str, /, *, status: int = 200, headers: Mapping[str, str] | None = None, **facts: object
) -> HTMLResponse:
    """Answer somebody who is not signed in, in the language of their browser."""
    answer = _answer(visit, template, visit.language(), status, {"staff": None, "places": [], **facts})
    answer.headers.update(headers or {})
    return answer


def _answer(visit: Visit, template: str, language: str, status: int, facts: Mapping[str, object]) -> HTMLResponse:
    return visit.page(
        f"staff/{template}",
        language=language,
        status=status,
        headers=HEADERS,
        path=visit.request.url.path,
        done=visit.request.query_params.get("done", ""),
        moment=partial(moments.moment, language=language),
        day=partial(moments.day, language=language),
        clock=partial(moments.clock, zone=visit.app.settings.zone, language=language),
        short=partial(moments.short, zone=visit.app.settings.zone, language=language),
        numeral=partial(moments.numeral, language=language),
        **facts,
    )

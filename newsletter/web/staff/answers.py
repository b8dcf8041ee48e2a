"""Pages of the staff web: their frame, their headers, and the notice after something was done.

After a POST the browser is sent on by GET; what was done stands in the address as one of a few known words
(`?done=password`), which the page says in a sentence. Nothing else of an address is ever shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from fastapi.responses import HTMLResponse

from newsletter.accounts.roles import MANAGE_STAFF, OWN_ACCOUNT, READ_AUDIT
from newsletter.delivery.alerts import listing
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.news.permissions import WRITE_NEWS
from newsletter.web.staff import moments
from newsletter.web.staff.guards import Staff
from newsletter.web.visit import PRIVATE, Visit
from subscribers.actor import MANAGE_PEOPLE, Permission

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# A mail in a frame has its styles inside. It runs nothing, and its pictures are ours or come from elsewhere by https.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
HEADERS = {
    **PRIVATE,
    "Content-Security-Policy": POLICY,
    # With no referrer at all browsers would hide from us, too, where a form was sent from.
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation; `anywhere` shows it to whoever has the permission on any publication."""

    name: str
    path: str
    permission: Permission
    anywhere: bool = False

    def is_open_to(self, staff: Staff) -> bool:
        """Tell whether they may go there."""
        return staff.may_anywhere(self.permission) if self.anywhere else staff.everywhere.may(self.permission)


PLACES = (
    Place("start", "/staff/", OWN_ACCOUNT),
    Place("publications", "/staff/publications", WRITE_ISSUES, anywhere=True),
    Place("sources", "/staff/sources", WRITE_NEWS),
    Place("alerts", "/staff/alerts", SEND_ISSUES, anywhere=True),
    Place("lists", "/staff/lists", MANAGE_PEOPLE, anywhere=True),
    Place("users", "/staff/users", MANAGE_STAFF),
    Place("audit", "/staff/audit", READ_AUDIT),
)


def page(staff: Staff, template: str, /, *, status: int = 200, **facts: object) -> HTMLResponse:
    """Answer somebody who is signed in, in their language."""
    places = [place for place in PLACES if place.is_open_to(staff)]
    known = {"staff": staff, "places": places, "alerts": _alerts(staff)}
    return _answer(staff.visit, template, staff.user.language, status, {**known, **facts})


def _alerts(staff: Staff) -> int:
    """How many alerts wait that they may take on."""
    if not staff.may_anywhere(SEND_ISSUES):
        return 0
    with staff.visit.app.reading() as session:
        waiting = listing.publications(session, listing.waiting(session)).values()
    return sum(staff.may_on(SEND_ISSUES, publication_id) for publication_id in waiting)


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
        moment=partial(moments.moment, zone=visit.app.settings.zone, language=language),
        day=partial(moments.day, zone=visit.app.settings.zone, language=language),
        clock=partial(moments.clock, zone=visit.app.settings.zone, language=language),
        lately=partial(moments.lately, now=visit.app.now(), zone=visit.app.settings.zone, language=language),
        short=partial(moments.short, zone=visit.app.settings.zone, language=language),
        numeral=partial(moments.numeral, language=language),
        **facts,
    )

"""Whom a mailing went to and what became of each: a page at a time, one address, or all as a file."""

import io
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from newsletter.app import App
from newsletter.delivery import statement
from newsletter.delivery.models import DeliveryState
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.delivery.statement import DeliveryLine
from newsletter.web.forms import Form, submitted
from newsletter.web.staff.answers import HEADERS, page
from newsletter.web.staff.composer import acts
from newsletter.web.staff.guards import Allowed, Staff, of_mailing
from newsletter.web.staff.mailings.seen import PATH, seen_of
from subscribers import audit, spreadsheet
from subscribers.actor import MANAGE_PEOPLE
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.errors import AddressInvalid

ROWS = 100
STATES = (*(state.value for state in DeliveryState), statement.SENDING)
COLUMNS = ("position", "address", "state", "attempt", "at", "relay", "code", "enhanced", "reply")

router = APIRouter()

_OF_MAILING = of_mailing("mailing_id")
Reader = Annotated[Staff, Depends(Allowed(SEND_ISSUES, publication=_OF_MAILING, also=MANAGE_PEOPLE))]
Taker = Annotated[Staff, Depends(Allowed(MANAGE_PEOPLE, publication=_OF_MAILING))]
Sent = Annotated[Form, Depends(submitted)]


@router.api_route(f"{PATH}/recipients", methods=["GET", "HEAD"])
def show(mailing_id: int, staff: Reader) -> Response:
    """List the next recipients, all or those in one state."""
    asked = staff.visit.request.query_params
    state = asked.get("state", "") if asked.get("state") in STATES else ""
    after = acts.number(asked.get("after", "")) or 0
    with staff.visit.app.reading() as session:
        rows = statement.page(session, mailing_id, state=state or None, after=after, limit=ROWS + 1)
    return _page(staff, mailing_id, rows[:ROWS], state=state, after=after, has_more=len(rows) > ROWS)


@router.post(f"{PATH}/recipients")
def find(mailing_id: int, staff: Reader, form: Sent) -> Response:
    """Look up one address; asked for by POST, so that it stands in no address and no log."""
    wanted = form.text("address", most=ADDRESS_LIMIT)
    try:
        address = EmailAddress.parse(wanted)
    except AddressInvalid:
        return _page(staff, mailing_id, (), wanted=wanted, problem="address", status=400)
    with staff.visit.app.reading() as session:
        found = statement.line_of(session, mailing_id, address)
    return _page(staff, mailing_id, (found,) if found else (), wanted=wanted)


@router.post(f"{PATH}/recipients/export")
def export(mailing_id: int, staff: Taker, form: Sent) -> Response:
    """Give the list as CSV; that it was taken stands in the log."""
    app = staff.visit.app
    state = form.text("state") if form.text("state") in STATES else ""
    with app.writing() as session:
        audit.record(session, "mailing.export", f"mailing:{mailing_id}", by=staff.by, now=app.now(), state=state)
    name = f"mailing-{mailing_id}{f'-{state}' if state else ''}.csv"
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    content = _csv(app, mailing_id, state=state or None)
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


def _page(
    staff: Staff,
    mailing_id: int,
    rows: tuple[DeliveryLine, ...],
    *,
    state: str = "",
    after: int = 0,
    has_more: bool = False,
    wanted: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    with staff.visit.app.reading() as session:
        seen = seen_of(session, mailing_id)
        numbers = statement.statement(session, mailing_id)
    return page(
        staff,
        "recipients.html",
        status=status,
        seen=seen,
        numbers=numbers,
        rows=rows,
        state=state,
        states=STATES,
        after=after,
        has_more=has_more,
        wanted=wanted,
        problem=problem,
        may_send=staff.by.may(SEND_ISSUES),
        may_take=staff.by.may(MANAGE_PEOPLE),
    )


def _csv(app: App, mailing_id: int, *, state: str | None) -> Iterator[bytes]:
    """The file in pieces, with the mark that tells spreadsheets that it is UTF-8."""
    yield "\ufeff".encode()
    with app.reading() as session:
        rows = (_cells(row) for row in statement.deliveries(session, mailing_id, state=state))
        lines = io.StringIO()
        for line in spreadsheet.written(_with_head(rows)):
            lines.write(line)
            if lines.tell() > io.DEFAULT_BUFFER_SIZE:
                yield lines.getvalue().encode()
                lines = io.StringIO()
        yield lines.getvalue().encode()


def _with_head(rows: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    yield from rows


def _cells(row: DeliveryLine) -> tuple[str, ...]:
    told = row.as_json()
    return tuple("" if told[name] is None else spreadsheet.defused(str(told[name])) for name in COLUMNS)

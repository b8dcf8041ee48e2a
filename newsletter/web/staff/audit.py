"""The audit log as a page, and as a file."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import Response, StreamingResponse

from newsletter.accounts import actions, auditing
from newsletter.accounts.auditing import Filter
from newsletter.accounts.roles import READ_AUDIT
from newsletter.app import App
from newsletter.web.forms import Form, submitted
from newsletter.web.staff.answers import HEADERS, page
from newsletter.web.staff.guards import Allowed, Staff

PATH = "/staff/audit"
ROWS = 50

router = APIRouter()

Auditor = Annotated[Staff, Depends(Allowed(READ_AUDIT))]


@router.api_route(PATH, methods=["GET", "HEAD"])
def show(staff: Auditor) -> Response:
    """Show a page of the log."""
    asked = Form({name: value for name, value in staff.visit.request.query_params.items() if len(value) <= 400})  # noqa: PLR2004  # longer is none of ours
    with staff.visit.app.reading() as session:
        found = auditing.page(
            session, filter_of(asked, zone=staff.visit.app.settings.zone), after=asked.text("after"), limit=ROWS
        )
    language = staff.user.language
    return page(
        staff,
        "audit.html",
        found=found,
        asked=asked,
        filtered=any(asked.text(name) for name in ("actor", "subject", "action", "since", "until")),
        names=actions.names(language),
        sorted_names=sorted(actions.names(language).items(), key=lambda pair: pair[1].casefold()),
    )


@router.post(f"{PATH}/export")
def export(staff: Auditor, form: Annotated[Form, Depends(submitted)]) -> Response:
    """Give the filtered log as CSV; that it was taken stands in the log."""
    app, wanted = staff.visit.app, filter_of(form, zone=staff.visit.app.settings.zone)
    with app.writing() as session:
        auditing.export(session, by=staff.by, now=app.now(), wanted=wanted)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="audit-{app.now():%Y-%m-%d}.csv"'}
    content = _csv(app, wanted, language=staff.user.language)
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


def filter_of(form: Form, *, zone: ZoneInfo) -> Filter:
    """The filter of a form; days are whole days in the zone, and what is none filters nothing."""
    return Filter(
        actor=_line(form.text("actor", most=320)),
        subject=_line(form.text("subject", most=120)),
        action=_line(form.text("action", most=60)),
        since=_midnight(form.text("since"), zone),
        until=_midnight(form.text("until"), zone, days=1),
    )


def _line(text: str) -> str:
    """What can stand in the log; one database would not even be asked for a NUL."""
    return text if text.isprintable() else ""


def _midnight(text: str, zone: ZoneInfo, *, days: int = 0) -> dt.datetime | None:
    """When a day begins, or one some days later. Days of the first and the last year are none: UTC may lack them."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    if not dt.MINYEAR < day.year < dt.MAXYEAR:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), zone).astimezone(dt.UTC)


def _csv(app: App, wanted: Filter, *, language: str) -> Iterator[bytes]:
    """The file in pieces, with the mark that tells spreadsheets that it is UTF-8."""
    yield b"\xef\xbb\xbf"
    with app.reading() as session:
        for cells in auditing.lines(session, wanted, language=language):
            line = io.StringIO()
            csv.writer(line).writerow(cells)
            yield line.getvalue().encode()

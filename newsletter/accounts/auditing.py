"""Reading the audit log: newest first, a page at a time, filtered by who, what and when.

    found = auditing.page(session, Filter(actor="ana@example.org"), after=None, limit=50)
    more = auditing.page(session, Filter(actor="ana@example.org"), after=found.next, limit=50)

A page begins after a row, not at a number, so the ten-thousandth is as quick as the first, and what is written
meanwhile moves nothing.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from newsletter.accounts.actions import name_of
from newsletter.accounts.roles import READ_AUDIT
from subscribers import audit
from subscribers.actor import Actor
from subscribers.audit import AuditEntry
from subscribers.spreadsheet import defused

_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,10})")
_CHUNK = 1_000
COLUMNS = ("at", "actor", "action", "action_name", "subject", "details")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted; what is empty does not filter. `subject` is one (`issue:7`) or all of a kind (`issue`).

    `since` is the first moment wanted, `until` the first that is not.
    """

    actor: str = ""
    subject: str = ""
    action: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log."""

    id: int
    at: dt.datetime
    actor_kind: str
    actor: str
    action: str
    subject: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, the newest first; `next` begins the following page, empty where there is none."""

    entries: tuple[Entry, ...]
    next: str


def page(session: Session, wanted: Filter, *, after: str, limit: int) -> Page:
    """Some rows after a cursor; one that is empty or none begins at the newest."""
    rows = select(AuditEntry).where(*_conditions(wanted), *_after(after))
    rows = rows.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit + 1)
    found = tuple(_entry(row) for row in session.scalars(rows))
    more = _cursor(found[limit - 1]) if len(found) > limit else ""
    return Page(found[:limit], more)


def export(session: Session, *, by: Actor, now: dt.datetime, wanted: Filter) -> None:
    """Note in the log that somebody takes it away."""
    by.require(READ_AUDIT)
    filtered = [f"{name} {getattr(wanted, name)}" for name in Filter.__slots__ if getattr(wanted, name)]
    audit.record(session, "audit.export", "audit", by=by, now=now, filter=filtered)


def lines(session: Session, wanted: Filter, *, language: str) -> Iterator[tuple[str, ...]]:
    """All rows as the cells of a CSV file, `COLUMNS` first; cells are safe to be opened by a spreadsheet."""
    yield COLUMNS
    cursor = ""
    while True:
        found = page(session, wanted, after=cursor, limit=_CHUNK)
        session.expunge_all()
        yield from (_cells(entry, language) for entry in found.entries)
        cursor = found.next
        if not cursor:
            return


def _cells(entry: Entry, language: str) -> tuple[str, ...]:
    details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True) if entry.details else ""
    cells = (
        entry.at.isoformat(timespec="seconds"),
        entry.actor,
        entry.action,
        name_of(entry.action, language=language),
        entry.subject,
        details,
    )
    return tuple(defused(cell) for cell in cells)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.actor:
        conditions.append(AuditEntry.actor_name == wanted.actor)
    if wanted.subject:
        kind = AuditEntry.subject.startswith(f"{wanted.subject}:", autoescape=True)
        conditions.append(or_(AuditEntry.subject == wanted.subject, kind))
    if wanted.action:
        conditions.append(AuditEntry.action == wanted.action)
    if wanted.since:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.until:
        conditions.append(AuditEntry.at < wanted.until)
    return conditions


def _after(cursor: str) -> list[ColumnElement[bool]]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return []
    at = _EPOCH + dt.timedelta(microseconds=int(found[1]))
    same = and_(AuditEntry.at == at, AuditEntry.id < int(found[2]))
    return [AuditEntry.at <= at, or_(AuditEntry.at < at, same)]


def _cursor(entry: Entry) -> str:
    return f"{(entry.at - _EPOCH) // dt.timedelta(microseconds=1)}-{entry.id}"


def _entry(row: AuditEntry) -> Entry:
    return Entry(row.id, row.at, row.actor_kind, row.actor_name, row.action, row.subject, row.details)


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

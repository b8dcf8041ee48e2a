"""One import of suppressions: writes what is not there yet, chunk by chunk.

A chunk is one transaction with its own audit row; a file that was cut off can simply be taken in again.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.importing.report import TOLD_BAD_ROWS, BadRowsFile
from subscribers.importing.seen import Seen
from subscribers.models import Suppression
from subscribers.orm import upsert
from subscribers.suppressing.sheet import Chunk, GoodRow, Sheet

_LOOK_UP = 500  # keys in one statement


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of a file, each counted once: `rows = added + already_there + duplicates + bad_rows`.

    `bad` holds (line in the file, reason) of the first bad rows; `ignored_columns` the headings that nothing
    was taken from.
    """

    rows: int = 0
    added: int = 0
    already_there: int = 0
    duplicates: int = 0
    bad_rows: int = 0
    bad: tuple[tuple[int, str], ...] = ()
    ignored_columns: tuple[str, ...] = ()


class Import:
    """Takes the chunks of one file, in order; a context manager, because it holds files open."""

    def __init__(self, sheet: Sheet, *, by: Actor, bad_rows: Path | None = None) -> None:
        """Begin; bad rows are kept in the file `bad_rows`, which is made when the first one comes."""
        by.require(MANAGE_PEOPLE)
        self._sheet = sheet
        self._by = by
        self._bad_rows = BadRowsFile(bad_rows, sheet)
        self._seen = Seen()
        self._report = Report(ignored_columns=sheet.columns.ignored)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._seen.close()
        self._bad_rows.close()

    def take(self, session: Session, chunk: Chunk, *, now: dt.datetime) -> None:
        """Take a chunk in, in the session's transaction, and write its audit row."""
        rows = self._first_times(chunk)
        added = self._added(session, rows, now=now)
        self._count(chunk, rows, added)
        self._bad_rows.keep(chunk.bad)
        audit.record(
            session,
            "suppression.import",
            "suppressions",
            by=self._by,
            now=now,
            file=self._sheet.path.name,
            added=added,
            rows_so_far=self._report.rows,
        )

    def rehearse(self, session: Session, chunk: Chunk) -> None:
        """Count a chunk as `take` would; nothing is written, not even the file of bad rows."""
        rows = self._first_times(chunk)
        self._count(chunk, rows, len(rows) - _there(session, rows))

    def report(self) -> Report:
        """What became of the rows taken so far."""
        return self._report

    def _added(self, session: Session, rows: Sequence[GoodRow], *, now: dt.datetime) -> int:
        """Insert what is not there, in one order, so that two imports never wait for each other in a ring."""
        if not rows:
            return 0
        values = [
            {
                "address_hash": row.address_hash,
                "reason": row.reason.value,
                "at": min(row.at or now, now),
                "note": row.note or f"import of {self._sheet.path.name}",
            }
            for row in sorted(rows, key=lambda row: (row.address_hash, row.reason))
        ]
        statement = upsert(session, Suppression).on_conflict_do_nothing().returning(Suppression.id)
        return len(session.connection().execute(statement, values).all())

    def _first_times(self, chunk: Chunk) -> list[GoodRow]:
        first = self._seen.first_times([f"{row.address_hash} {row.reason}" for row in chunk.good])
        return [row for row, is_first in zip(chunk.good, first, strict=True) if is_first]

    def _count(self, chunk: Chunk, rows: Sequence[GoodRow], added: int) -> None:
        before = self._report
        told = [(row.line, row.reason) for row in chunk.bad[: TOLD_BAD_ROWS - len(before.bad)]]
        self._report = replace(
            before,
            rows=before.rows + len(chunk.good) + len(chunk.bad),
            added=before.added + added,
            already_there=before.already_there + len(rows) - added,
            duplicates=before.duplicates + len(chunk.good) - len(rows),
            bad_rows=before.bad_rows + len(chunk.bad),
            bad=(*before.bad, *told),
        )


def _there(session: Session, rows: Sequence[GoodRow]) -> int:
    wanted = {(row.address_hash, row.reason.value) for row in rows}
    there: set[tuple[str, str]] = set()
    for start in range(0, len(rows), _LOOK_UP):
        hashes = [row.address_hash for row in rows[start : start + _LOOK_UP]]
        held = select(Suppression.address_hash, Suppression.reason).where(Suppression.address_hash.in_(hashes))
        there.update((address_hash, reason) for address_hash, reason in session.execute(held))
    return len(wanted & there)

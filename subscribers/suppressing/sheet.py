"""A file of suppressions: what its columns are, and its rows in chunks, ready to be taken in.

Addresses are hashed as they are read. Our own export holds hashes, which are taken as they are where they
were made with the same secret.
"""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from subscribers import suppression
from subscribers.address import EmailAddress
from subscribers.errors import AddressInvalid
from subscribers.importing import lines
from subscribers.importing.columns import ADDRESS
from subscribers.importing.layout import layout
from subscribers.importing.records import ROW_LINES, Record, records
from subscribers.importing.sheet import BadRow
from subscribers.models import SuppressionReason
from subscribers.secret import Secret
from subscribers.suppressing.columns import (
    AT,
    HASH,
    KEY_ID,
    NOTE,
    REASON,
    STATUS,
    Columns,
    columns_of,
    only_addresses,
    reason_of,
)

CHUNK_ROWS = 5_000
NOTE_LIMIT = 500
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class GoodRow:
    """One address that is not to be mailed, and why; `at` is None where the file does not tell for certain."""

    address_hash: str
    reason: SuppressionReason
    at: dt.datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of the file. `bytes_read` is how far into the file they reach, for a progress bar."""

    good: tuple[GoodRow, ...]
    bad: tuple[BadRow, ...]
    bytes_read: int


class RowUnusable(Exception):  # never leaves the sheet
    """Why a row cannot be taken in."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open file of suppressions."""

    path: Path
    size_bytes: int
    delimiter: str
    columns: Columns
    _binary: BinaryIO
    _records: Iterator[Record]

    def chunks(self, *, secret: Secret, default: SuppressionReason | None, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """The rows from first to last, once; `default` is the reason of a row that names none."""
        judge = _Judge(self.columns, default, suppression.hashing_key(secret), suppression.key_id(secret))
        while taken := list(islice(self._records, rows)):
            judged = [judge.row(record) for record in taken]
            yield Chunk(
                good=tuple(row for row in judged if isinstance(row, GoodRow)),
                bad=tuple(row for row in judged if isinstance(row, BadRow)),
                bytes_read=min(self._binary.tell(), self.size_bytes),
            )


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """Open a file and find its columns.

    Raises:
        FileUnusable: it is missing, empty, no text, or no column holds addresses or their hashes.
    """
    with lines.opened(path) as (numbered, binary):
        top = list(islice(numbered, ROW_LINES))
        if top and top[0][1].casefold().startswith("sep="):  # Excel's own way to tell the delimiter
            top = top[1:]
        delimiter, columns, has_header = layout(path, top, columns_of=columns_of, only_addresses=only_addresses())
        rows = records(chain(top, numbered), delimiter=delimiter)
        if has_header:
            next(rows)
        yield Sheet(path, path.stat().st_size, delimiter, columns, binary, rows)


@dataclass(frozen=True, slots=True)
class _Judge:
    columns: Columns
    default: SuppressionReason | None
    key: bytes
    key_id: str

    def row(self, record: Record) -> GoodRow | BadRow:
        try:
            return self._good(record)
        except (RowUnusable, AddressInvalid) as error:
            return BadRow(record.line, record.cells, str(error).rstrip("."))

    def _good(self, record: Record) -> GoodRow:
        if record.problem:
            raise RowUnusable(record.problem)
        named, cells = len(self.columns.header), record.cells
        if len(cells) > named and any(cells[named:]):
            raise RowUnusable(f"it has {len(cells)} cells, but there are {named} columns")
        reason = self._reason(cells)
        note = " ".join(self.columns.cell(NOTE, cells).split())[:NOTE_LIMIT]
        if hashed := self.columns.cell(HASH, cells):
            return GoodRow(self._checked(hashed, cells), reason, _moment(self.columns.cell(AT, cells)), note)
        text = self.columns.cell(ADDRESS, cells)
        if not text:
            raise RowUnusable("it has no address")
        return GoodRow(suppression.key_of(EmailAddress.parse(text).key, key=self.key), reason, None, note)

    def _checked(self, hashed: str, cells: tuple[str, ...]) -> str:
        if not _HASH.fullmatch(hashed):
            raise RowUnusable("its hash is not 64 hexadecimal digits")
        if self.columns.cell(KEY_ID, cells) != self.key_id:
            raise RowUnusable("its hash was made with another secret, so nobody can tell whose it is")
        return hashed

    def _reason(self, cells: tuple[str, ...]) -> SuppressionReason:
        """A reason may be told in any words, a status may not: most of those with a status may be mailed."""
        status = self.columns.cell(STATUS, cells)
        if status and reason_of(status) is None:
            raise RowUnusable(f"its status “{status[:40]}” is no reason to suppress it")
        told = reason_of(self.columns.cell(REASON, cells)) or reason_of(status) or self.default
        if told is None:
            raise RowUnusable("it names no reason that we know; one for all such rows can be given")
        return told


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None

"""A file of people: what its columns are, and its rows in chunks, ready to be imported.

    with sheet.opened(path) as people:
        for chunk in people.chunks():
            ...  # one transaction each

Streams: a file of any size needs the memory of one chunk.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from subscribers.address import EmailAddress
from subscribers.errors import AddressInvalid
from subscribers.importing import lines
from subscribers.importing.columns import Columns, columns_of, only_addresses
from subscribers.importing.consents import NOTHING, ConsentMalformed, EarlierConsent
from subscribers.importing.layout import layout
from subscribers.importing.records import ROW_LINES, Record, records
from subscribers.people import Person

CHUNK_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class GoodRow:
    """One person of the file."""

    line: int
    cells: tuple[str, ...]
    address: EmailAddress
    person: Person
    topics: frozenset[str] | None = None
    consent: EarlierConsent = NOTHING


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported, and why."""

    line: int
    cells: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of the file. `bytes_read` is how far into the file they reach, for a progress bar."""

    good: tuple[GoodRow, ...]
    bad: tuple[BadRow, ...]
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open file of people."""

    path: Path
    size_bytes: int
    delimiter: str
    columns: Columns
    _binary: BinaryIO
    _records: Iterator[Record]

    def chunks(self, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """The rows from first to last, once; the last chunk may be smaller."""
        while taken := list(islice(self._records, rows)):
            judged = [self._judged(record) for record in taken]
            yield Chunk(
                good=tuple(row for row in judged if isinstance(row, GoodRow)),
                bad=tuple(row for row in judged if isinstance(row, BadRow)),
                bytes_read=min(self._binary.tell(), self.size_bytes),
            )

    def _judged(self, record: Record) -> GoodRow | BadRow:
        cells = record.cells
        if record.problem:
            return BadRow(record.line, cells, record.problem)
        named = len(self.columns.header)
        if len(cells) > named and any(cells[named:]):
            return BadRow(record.line, cells, f"it has {len(cells)} cells, but there are {named} columns")
        text = self.columns.address_of(cells)
        if not text:
            return BadRow(record.line, cells, "it has no address")
        try:
            address = EmailAddress.parse(text)
            consent = self.columns.consent_of(cells)
        except (AddressInvalid, ConsentMalformed) as error:
            return BadRow(record.line, cells, str(error).rstrip("."))
        topics = self.columns.topics_of(cells)
        return GoodRow(record.line, cells, address, self.columns.person_of(cells), topics, consent)


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """Open a file and find its columns.

    The first line names the columns; only a file of addresses alone, one a line, needs no header.

    Raises:
        FileUnusable: it is missing, empty, no text, or no column holds addresses.
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

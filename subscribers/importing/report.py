"""What an import did, or would do, with each row of a file."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from subscribers.importing.layout import Named
from subscribers.importing.sheet import BadRow

# A file that is no list of addresses at all has a bad row on each line; this many tell the story.
TOLD_BAD_ROWS = 10_000
REASON = "reason"  # the last heading of a file of bad rows


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of a file, each counted once: `rows = imported + already_there + duplicates + suppressed + bad_rows`.

    `already_there` are people who know the list already, whatever they chose; nothing of theirs was
    changed. `bad` holds (line in the file, reason) of the first bad rows, in order of the file;
    `ignored_columns` the headings that nothing was taken from.
    """

    rows: int
    imported: int
    already_there: int
    duplicates: int
    suppressed: int
    bad_rows: int
    bad: tuple[tuple[int, str], ...]
    ignored_columns: tuple[str, ...]


class Table(Protocol):
    """A file with a header."""

    @property
    def columns(self) -> Named:
        """What its columns are."""

    @property
    def delimiter(self) -> str:
        """What parts its cells."""


class BadRowsFile:
    """Keeps the bad rows as they were, with the reason in a last column `reason`; made with the first one.

    UTF-8 with a byte order mark, so that spreadsheets show umlauts, in the file's own delimiter. Once
    corrected it can be imported as it is: the column of reasons is not looked at. A row whose cells
    could not be told apart stands in the first column, whole.
    """

    def __init__(self, path: Path | None, sheet: Table) -> None:
        """Write to `path`, replacing what was there; None keeps nothing."""
        self._path = path
        self._sheet = sheet
        self._file: TextIO | None = None

    def keep(self, rows: Iterable[BadRow]) -> None:
        """Add rows."""
        for row in rows:
            if self._path is None:
                return
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8-sig", newline="")
                self._write((*self._sheet.columns.header, REASON))
            width = len(self._sheet.columns.header)
            self._write((*row.cells, *[""] * (width - len(row.cells)), row.reason))

    def close(self) -> None:
        """Finish the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def _write(self, cells: Iterable[str]) -> None:
        if self._file is not None:
            csv.writer(self._file, delimiter=self._sheet.delimiter, lineterminator="\r\n").writerow(cells)

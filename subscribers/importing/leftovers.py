"""The files of bad rows that imports leave behind: whose rows are in them, and how long they are kept.

holder(settings.imports_folder)  # for erasing and telling
leftovers.remove(folder, before=…)
"""

import csv
import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy.orm import Session

from subscribers.holders import DataSubject, Found, Holder
from subscribers.importing.report import REASON

SUFFIX = "-bad-rows.csv"


def path_of(folder: Path, imported: Path) -> Path:
    """Where the bad rows of a file are kept."""
    return folder / f"{imported.stem}{SUFFIX}"


def holder(folder: Path) -> Holder:
    """The rows that name a person's address, in all files of the folder."""

    def disclose(session: Session, of: DataSubject) -> Found:
        del session
        return [{"file": path.name, "row": row} for path in _files(folder) for row in _rows(path)[1] if _names(row, of)]

    def erase(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
        del session, now
        for path in _files(folder):
            _take_out(path, of)

    return Holder("bad_rows", (), disclose, erase)


def old(folder: Path, *, before: dt.datetime) -> tuple[Path, ...]:
    """The files that were last written before a time."""
    return tuple(path for path in _files(folder) if _written_at(path) < before)


def remove(folder: Path, *, before: dt.datetime) -> int:
    """Remove the old ones; tell how many."""
    found = old(folder, before=before)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob(f"*{SUFFIX}*")))


def _written_at(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)


def _rows(path: Path) -> tuple[str, list[list[str]]]:
    """The delimiter, which stands before the last heading, and all rows, the headings first."""
    with suppress(FileNotFoundError), path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = file.read()
        heading = text.partition("\r\n")[0].removesuffix(REASON)
        delimiter = heading[-1:] or ","
        return delimiter, list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    return ",", []


def _names(row: list[str], of: DataSubject) -> bool:
    """Tell whether a row holds the address, however it is written and whatever stands around it."""
    cells = " ".join(row).casefold()
    return any(address and address.casefold() in cells for address in (of.address, of.address_key))


def _take_out(path: Path, of: DataSubject) -> None:
    delimiter, rows = _rows(path)
    kept = [row for row in rows if not _names(row, of)]
    if len(kept) == len(rows):
        return
    if len(kept) <= 1:  # the headings alone
        path.unlink(missing_ok=True)
        return
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(kept)
    draft.replace(path)

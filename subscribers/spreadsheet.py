"""CSV for spreadsheets, and cells that one must not take for a formula.

A program that opens a CSV file runs a cell that begins with `=`, and so can a stranger who signed up
under that name. An apostrophe before it makes it text; reading takes it away again.
"""

import csv
import io
from collections.abc import Iterable, Iterator

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def defused(cell: str) -> str:
    """Write a cell so that it is text to every spreadsheet."""
    return "'" + cell if cell.startswith(_BEGINNINGS) else cell


def original(cell: str) -> str:
    """Undo `defused`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_BEGINNINGS) else cell


def written(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows as CSV with commas, line by line."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()

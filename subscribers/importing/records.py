"""The rows of a CSV text, each by itself: a broken one never takes its neighbours with it.

A quotation mark that is never closed would make an ordinary reader swallow the rest of the file as
one cell. Here such a row is given up, alone, and reading goes on with the line after it.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from subscribers.importing.lines import LINE_LIMIT, UNREADABLE

ROW_LINES = 50  # a quoted cell with more lines than this is a quotation mark that was forgotten


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file. `problem` is empty, or says why `cells` is only its raw text."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


def records(lines: Iterable[tuple[int, str]], *, delimiter: str) -> Iterator[Record]:
    """Read the rows that are not blank, in order."""
    source = iter(lines)
    waiting: deque[tuple[int, str]] = deque()
    while True:
        current = waiting.popleft() if waiting else next(source, None)
        if current is None:
            return
        number, line = current
        if '"' in line:
            record = _quoted(number, line, source, waiting, delimiter=delimiter)
        else:
            record = Record(number, tuple(line.rstrip("\r\n").split(delimiter)))
        if record.problem or any(cell and not cell.isspace() for cell in record.cells):
            yield _judged(record, line)


def _quoted(
    number: int,
    line: str,
    source: Iterator[tuple[int, str]],
    waiting: deque[tuple[int, str]],
    *,
    delimiter: str,
) -> Record:
    """Read a row with quotation marks, over as many lines as it has."""
    taken = [line]
    following: list[tuple[int, str]] = []
    while True:
        # The empty line after the row tells an open quotation mark from any other fault: only then
        # does the reader get there.
        reader = csv.reader([*taken, ""], delimiter=delimiter, strict=True)
        try:
            return Record(number, tuple(next(reader)))
        except csv.Error:
            is_open = reader.line_num > len(taken)
        after = _next_line(source, waiting) if is_open and len(taken) < ROW_LINES else None
        if after is None:
            waiting.extendleft(reversed(following))
            problem = "a quotation mark is not closed" if is_open else "its quotation marks are broken"
            return Record(number, (line.rstrip("\r\n"),), problem)
        following.append(after)
        taken.append(after[1])


def _next_line(source: Iterator[tuple[int, str]], waiting: deque[tuple[int, str]]) -> tuple[int, str] | None:
    return waiting.popleft() if waiting else next(source, None)


def _judged(record: Record, line: str) -> Record:
    if len(line) >= LINE_LIMIT:
        return Record(record.line, (line[:200],), f"the line is longer than {LINE_LIMIT:,} characters")
    if record.problem:
        return record
    if any(UNREADABLE in cell or "\0" in cell for cell in record.cells):
        return Record(record.line, record.cells, "it holds bytes that are no text")
    return record

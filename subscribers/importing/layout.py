"""Which character parts the cells of a file, what its columns are, and whether its first line names them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from subscribers.address import EmailAddress
from subscribers.errors import AddressInvalid
from subscribers.importing.errors import FileUnusable
from subscribers.importing.records import records

DELIMITERS = ";,\t|"


class Named(Protocol):
    """Columns that were found."""

    @property
    def header(self) -> Sequence[str]:
        """The cells of the first row."""


C = TypeVar("C", bound=Named)


def layout(
    path: Path,
    top: list[tuple[int, str]],
    *,
    columns_of: Callable[[Sequence[str]], C | None],
    only_addresses: C,
) -> tuple[str, C, bool]:
    """Find the delimiter with which the first row names most columns, the columns, and whether it names any.

    `columns_of` reads a row as a header, None where it is none; `only_addresses` is for a file without one.

    Raises:
        FileUnusable: the file is empty, or no column holds addresses.
    """
    readings = [(delimiter, next(records(top, delimiter=delimiter), None)) for delimiter in DELIMITERS]
    found = [
        (delimiter, columns)
        for delimiter, first in readings
        if first is not None and not first.problem and (columns := columns_of(first.cells)) is not None
    ]
    if found:
        delimiter, columns = max(found, key=lambda each: len(each[1].header))
        return delimiter, columns, True
    for delimiter, first in readings:
        if first is None:
            raise FileUnusable(path, "The file is empty.")
        if len(first.cells) == 1 and _is_address(first.cells[0]):
            return delimiter, only_addresses, False
    raise FileUnusable(path, "No column holds addresses; the first line must name one “email” or “E-Mail”.")


def _is_address(text: str) -> bool:
    try:
        EmailAddress.parse(text)
    except AddressInvalid:
        return False
    return True

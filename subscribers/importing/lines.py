"""The lines of a text file in any of the encodings that spreadsheets write.

UTF-8 with or without a byte order mark, UTF-16 with one, and Windows-1252, also where one file
mixes the last with UTF-8: bytes that are no UTF-8 are read as Windows-1252 one by one. What is a
character in neither becomes U+FFFD, which no row may hold.
"""

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from subscribers.importing.errors import FileUnusable

UNREADABLE = "\ufffd"
LINE_LIMIT = 65_536  # characters; nobody's name is longer, but a file without line ends is

_SAMPLE_BYTES = 65_536
_BINARY_SHARE = 0.05  # of control characters; compressed data has a tenth, text none
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f"))
_WORKBOOK = b"PK\x03\x04"


def opened(path: Path) -> tuple[io.TextIOWrapper, BinaryIO]:
    """Open a file for `numbered`; beside the text, its bytes tell how far reading has come.

    Raises:
        FileUnusable: it is missing, unreadable, empty or no text.
    """
    try:
        binary = io.BufferedReader(path.open("rb", buffering=0), _SAMPLE_BYTES)
    except OSError as error:
        raise FileUnusable(path, f"{error.strerror or error}.") from error
    try:
        encoding = _encoding_of(path, binary.peek(_SAMPLE_BYTES))
    except FileUnusable:
        binary.close()
        raise
    errors = "replace" if encoding == "utf-16" else _FALLBACK
    return io.TextIOWrapper(binary, encoding=encoding, errors=errors, newline=""), binary


def numbered(text: io.TextIOBase) -> Iterator[tuple[int, str]]:
    """Each line with its number from 1 and its line end; of a line beyond `LINE_LIMIT` its beginning alone."""
    number = 0
    while line := text.readline(LINE_LIMIT):
        number += 1
        yield number, line
        while len(line) == LINE_LIMIT and not line.endswith("\n"):
            line = text.readline(LINE_LIMIT)  # the rest of a line that is too long


def _encoding_of(path: Path, sample: bytes) -> str:
    if not sample.strip():
        raise FileUnusable(path, "The file is empty.")
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if sample.startswith(_WORKBOOK):
        raise FileUnusable(path, "It is an Excel workbook or an archive; save the table as CSV first.")
    if len(sample) - len(sample.translate(None, _CONTROL)) > _BINARY_SHARE * len(sample):
        raise FileUnusable(path, "It is no text file; a CSV file is expected.")
    return "utf-8-sig"


_FALLBACK = "subscribers-windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(_FALLBACK, _as_windows_1252)

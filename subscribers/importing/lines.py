"""The lines of a text file in any of the encodings that spreadsheets write.

UTF-8 with or without a byte order mark, UTF-16 with one, and Windows-1252. Which of the 8-bit two it
is, is asked of each line: files put together of several sources mix them, and what is no UTF-8 is
hardly ever anything but Windows-1252. (Asked of each byte, a German „Spaß“ would come out wrong: its
last two bytes happen to be one character in UTF-8.) A byte that means nothing becomes U+FFFD, which
no row may hold.
"""

import codecs
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

from subscribers.importing.errors import FileUnusable

UNREADABLE = "\ufffd"
LINE_LIMIT = 65_536  # characters; nobody's name is longer, but a file without line ends is

Lines = Iterator[tuple[int, str]]

_BLOCK_BYTES = 65_536
_CUT_BYTES = 4 * LINE_LIMIT  # never less than LINE_LIMIT characters
_BINARY_SHARE = 0.05  # of control characters; compressed data has a tenth, text none
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f"))
_WORKBOOK = b"PK\x03\x04"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Lines, BinaryIO]]:
    """Open a file: its lines, numbered from 1, with their line ends; and its bytes, to tell how far reading has come.

    Of a line beyond `LINE_LIMIT` only a beginning comes, still longer than that.

    Raises:
        FileUnusable: the file is missing, unreadable, empty or no text.
    """
    try:
        binary = io.BufferedReader(path.open("rb", buffering=0), _BLOCK_BYTES)
    except OSError as error:
        raise FileUnusable(path, f"{error.strerror or error}.") from error
    with binary:
        sample = binary.peek(_BLOCK_BYTES)
        _refuse_what_is_no_text(path, sample)
        if sample.startswith(_UTF_16):
            text = io.TextIOWrapper(binary, encoding="utf-16", errors="replace", newline="")
            yield numbered(_lines_of(text)), binary
            return
        if sample.startswith(codecs.BOM_UTF8):
            binary.read(len(codecs.BOM_UTF8))
        yield numbered(map(_decoded, _byte_lines(binary))), binary


def numbered(lines: Iterable[str]) -> Lines:
    """Number lines from 1."""
    return zip(count(1), lines, strict=False)


def _refuse_what_is_no_text(path: Path, sample: bytes) -> None:
    if not sample.strip():
        raise FileUnusable(path, "The file is empty.")
    if sample.startswith(_WORKBOOK):
        raise FileUnusable(path, "It is an Excel workbook or an archive; save the table as CSV first.")
    if sample.startswith(_UTF_16):
        return
    if len(sample) - len(sample.translate(None, _CONTROL)) > _BINARY_SHARE * len(sample):
        raise FileUnusable(path, "It is no text file; a CSV file is expected.")


def _byte_lines(binary: BinaryIO) -> Iterator[bytes]:
    """Cut at each LF, CR LF and lone CR, in the memory of a block however long a line is."""
    rest = b""
    while block := binary.read(_BLOCK_BYTES):
        lines = (rest + block).splitlines(keepends=True)
        # The last line may go on in the next block, also between its CR and its LF.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()[:_CUT_BYTES]
        yield from lines
    if rest:
        yield rest


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _lines_of(text: io.TextIOBase) -> Iterator[str]:
    while line := text.readline(LINE_LIMIT):
        yield line
        while len(line) == LINE_LIMIT and not line.endswith("\n"):
            line = text.readline(LINE_LIMIT)  # the rest of a line that is too long

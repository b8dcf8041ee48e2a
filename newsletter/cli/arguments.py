"""Forms of arguments that several commands share."""

import datetime as dt
import re
from pathlib import Path

import click

from newsletter.errors import NewsletterError

MAX_TEXT_BYTES = 1_000_000
LARGEST_ID = 2**31 - 1  # what the key of a table holds
ID = click.IntRange(max=LARGEST_ID)

by_whom = click.option("--by", "address", metavar="EMAIL", help="Who does it; else the command line.")

# A path from a root, or one line that ends as a file of text does; an address of the web is a text.
FILE_NAME = re.compile(
    r"(?:\.{0,2}|~)/\S+|(?:[^/\n]+|(?!\w+://)\S+)\.(?:txt|md|html?|pdf|docx?|odt|csv|eml)", re.IGNORECASE
)


class FileMissing(NewsletterError):
    """What can only be the name of a file names none: as a text, it would stand in every mail."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no file {name}. Give the text itself, or the path of a file that holds it.")
        self.name = name


def text_or_file(value: str) -> str:
    """The text itself, or what the file of that name holds.

    Raises:
        FileMissing: the text can only be the name of a file, and there is none.
        BadParameter: the file is no UTF-8 text, or larger than a megabyte.
    """
    path = Path(value)
    if not is_file(path):
        if FILE_NAME.fullmatch(value.strip()):
            raise FileMissing(value.strip())
        return value
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise click.BadParameter(f"{value} is larger than a megabyte.")
    text = text_of(path)
    if text is None:
        raise click.BadParameter(f"{value} is not a text in UTF-8.")
    return text


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; what is longer than a path can be is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def text_of(path: Path) -> str | None:
    """The text of a file in UTF-8; None where it is none, or larger than a megabyte."""
    if path.stat().st_size > MAX_TEXT_BYTES:
        return None
    try:
        text = path.read_text("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


class Moment(click.ParamType[dt.datetime]):
    """A moment in ISO 8601 with its offset from UTC, such as 2026-12-01T10:00+01:00."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Parse it; a moment without an offset is refused, for it names two in autumn and none in spring."""
        try:
            moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"“{value}” is no moment; write it like 2026-12-01T10:00+01:00.", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"“{value}” has no offset from UTC; write it like 2026-12-01T10:00+01:00.", param, ctx)
        return moment.astimezone(dt.UTC)


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers, separated by commas."""

    name = "numbers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Parse them; each may stand once."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(int(part) for part in str(value).split(",") if part.strip())
        except ValueError:
            self.fail(f"“{value}” are no numbers separated by commas, such as 4,2,7.", param, ctx)
        if any(number > LARGEST_ID for number in numbers):
            self.fail(f"“{value}” holds a number beyond {LARGEST_ID}.", param, ctx)
        if len(set(numbers)) != len(numbers):
            self.fail(f"“{value}” names an item twice.", param, ctx)
        return numbers

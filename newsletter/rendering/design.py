"""A design: the template files that give an issue its look.

    design = load(Path("templates/email/regional"))
    design.files["blocks/story.mjml"]

`issue.mjml` and `issue.txt` begin the two parts of a mail and include the others by Jinja2.
`theme.css` is written into the elements it matches; what only works in a style sheet (media
queries, dark mode) is included into the head by `issue.mjml`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.rendering.errors import TemplateInvalid

HTML, TEXT, THEME = "issue.mjml", "issue.txt", "theme.css"
_SUFFIXES = {".mjml", ".txt", ".css"}
_LARGEST_BYTES = 200_000  # a mail of twice this would be refused by most clients
_NAME = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True)
class Design:
    """Templates by their path in the design's folder, such as `blocks/story.mjml`."""

    name: str
    files: Mapping[str, str]

    def __hash__(self) -> int:
        """Equal designs are one, so that their templates are parsed once."""
        return hash((self.name, frozenset(self.files.items())))

    @property
    def digest(self) -> str:
        """SHA-256 over the files' names and contents, hexadecimal."""
        return hashlib.sha256(json.dumps(sorted(self.files.items())).encode()).hexdigest()


def load(folder: Path) -> Design:
    """Read a design's folder.

    Raises:
        TemplateInvalid: a file is missing, too large, or not UTF-8.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    files = {path.relative_to(folder).as_posix(): _text_of(path) for path in paths}
    for name in (HTML, TEXT):
        if name not in files:
            raise TemplateInvalid(name, None, f"the folder {folder} does not have this file.")
    return Design(folder.name, files)


def _text_of(path: Path) -> str:
    if not _NAME.fullmatch(path.name):
        raise TemplateInvalid(path.name, None, "a file's name is made of letters, digits, dots, hyphens and “_”.")
    try:
        octets = path.read_bytes()
        if len(octets) > _LARGEST_BYTES:
            raise TemplateInvalid(path.name, None, f"it is larger than {_LARGEST_BYTES} bytes.")
        return octets.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise TemplateInvalid(path.name, None, "it is not UTF-8 text.") from None
    except OSError as error:
        raise TemplateInvalid(path.name, None, f"it cannot be read ({error.strerror}).") from error

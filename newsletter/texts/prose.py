r"""A text with its placeholders filled: paragraphs that a template prints, escaped in HTML and plain in text.

    text = filled("Welcome to {list}.\n\n{link}", {"list": "News <b>"})
    str(text.paragraphs[0])  # 'Welcome to News <b>.'
    text.paragraphs[0].__html__()  # 'Welcome to News &lt;b&gt;.'
    text.paragraphs[1].is_link  # True

Filled once: what a value holds is never read again as a placeholder, a template or markup.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from newsletter.texts.passages import LINK

PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_BETWEEN_PARAGRAPHS = re.compile(r"\n{2,}")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some lines; or, without any, the place of the link."""

    lines: tuple[str, ...]

    @property
    def is_link(self) -> bool:
        """Whether the link stands here, for a template to make."""
        return not self.lines

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __html__(self) -> str:
        """The lines as HTML; a template that escapes asks for this."""
        return Markup("<br>\n").join(escape(line) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Prose:
    """A filled text. Printed whole it is one line, as a heading is; else go through its paragraphs."""

    paragraphs: tuple[Paragraph, ...]

    def __iter__(self) -> Iterator[Paragraph]:
        return iter(self.paragraphs)

    def __str__(self) -> str:
        return " ".join(line for paragraph in self.paragraphs for line in paragraph.lines)

    def __html__(self) -> str:
        """The one line as HTML."""
        return escape(str(self))


def filled(text: str, values: Mapping[str, str]) -> Prose:
    """Fill a text that was accepted; a value is put on one line.

    Raises:
        KeyError: nobody gave a value for one of its placeholders.
    """
    return Prose(tuple(_paragraph(written, values) for written in paragraphs_of(text)))


def paragraphs_of(text: str) -> tuple[str, ...]:
    """Cut a text at its empty lines."""
    return tuple(_BETWEEN_PARAGRAPHS.split(text))


def _paragraph(written: str, values: Mapping[str, str]) -> Paragraph:
    if written == LINK.written:
        return Paragraph(())
    return Paragraph(tuple(_line(line, values) for line in written.split("\n")))


def _line(line: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: " ".join(values[found[1]].split()), line)

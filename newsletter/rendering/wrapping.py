"""The text part's lines: at most 74 characters, addresses and slots in one piece.

wrap("- a long item …")  # continued under its first word
"""

import re
import textwrap

WIDTH = 74  # RFC 5322 recommends 78; the rest is for the marks of replies
_BULLET = re.compile(r" *(?:- |[0-9]+\. )?")


def wrap(text: str) -> str:
    """Break long lines between words, trim line ends, keep at most two blank lines, end with one line break."""
    lines = [part for line in text.split("\n") for part in _wrapped(line.rstrip(" \t\r"))]
    return re.sub("\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n") + "\n"


def _wrapped(line: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    indent = " " * len(_BULLET.match(line)[0])  # type: ignore[index]  # the pattern matches every line
    return textwrap.wrap(
        line,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
        replace_whitespace=False,
    )

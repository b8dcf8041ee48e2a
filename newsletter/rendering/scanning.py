"""MJML as a row of tokens, read strictly and with the place each element came from.

mrml accepts wrong closing tags and unknown elements in silence, and dies of deep nesting, so
this reader comes before it. `templates` puts a mark such as `data-at="blocks/story.mjml:12"` on
each MJML element; what is found wrong is reported there.
"""

import re
from dataclasses import dataclass
from typing import Literal

from newsletter.rendering.errors import TemplateInvalid

MARK = "data-at"
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_RAW = frozenset({"mj-style", "style"})  # their text is CSS, which may hold angle brackets
_DEEPEST = 100  # open elements; mrml's process ends at about ten thousand, libxml2 gives up at 256
_ATTRIBUTE = r"""\s+[^\s=<>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'))?"""
_TOKEN = re.compile(
    rf"(?P<comment><!--.*?-->)|<(?P<close>/?)(?P<name>[a-zA-Z][\w:-]*)"
    rf"(?P<attributes>(?:{_ATTRIBUTE})*)\s*(?P<empty>/?)>|(?P<text>[^<]+)|(?P<wrong><)",
    re.DOTALL,
)
_ATTRIBUTES = re.compile(r"""([^\s=<>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")
_MARK = re.compile(rf' {MARK}="([^":]+):([0-9]+)"')


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a template."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Token:
    """A tag, a comment or text. `attributes` are as written, entities and all, in order.

    `parents` are the elements around it, outermost first. An element without content is one
    `empty` token; every `open` has its `close`.
    """

    kind: Literal["open", "empty", "close", "text", "comment"]
    name: str
    text: str
    parents: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...] = ()
    place: Place | None = None

    @property
    def parent(self) -> str:
        """The element around it; empty for the outermost."""
        return self.parents[-1] if self.parents else ""


def scan(mjml: str) -> tuple[Token, ...]:
    """Read a rendered template.

    Raises:
        TemplateInvalid: a tag is not closed, closed by another name, or not well written.
    """
    scanner = _Scanner(mjml)
    scanner.run()
    return tuple(scanner.tokens)


class _Scanner:
    def __init__(self, mjml: str) -> None:
        self._source = mjml
        self._open: tuple[str, ...] = ()
        self._places: list[Place | None] = [None]
        self.tokens: list[Token] = []

    def run(self) -> None:
        position = 0
        while match := _TOKEN.match(self._source, position):
            position = match.end()
            if match["wrong"]:
                self._fail(f"a “<” that begins no tag (“{self._source[match.start() : match.start() + 30]}”).")
            elif match["name"]:
                position = self._tag(match)
            else:
                kind: Literal["comment", "text"] = "comment" if match["comment"] else "text"
                self.tokens.append(Token(kind, "", match[0], self._open, place=self._places[-1]))
        if self._open:
            self._fail(f"<{self._open[-1]}> is never closed.")

    def _tag(self, match: re.Match[str]) -> int:
        name = match["name"].lower() if match["name"].lower() in VOID else match["name"]
        if match["close"]:
            self._close(name)
            return match.end()
        attributes, place = self._attributes(name, match["attributes"])
        is_empty = bool(match["empty"]) or name in VOID
        self.tokens.append(Token("empty" if is_empty else "open", name, "", self._open, attributes, place))
        if is_empty:
            return match.end()
        self._open += (name,)
        self._places.append(place)
        if len(self._open) > _DEEPEST:
            self._fail(f"more than {_DEEPEST} elements are nested.")
        return self._raw_text(name, match.end()) if name in _RAW else match.end()

    def _attributes(self, name: str, written: str) -> tuple[tuple[tuple[str, str], ...], Place | None]:
        place = self._places[-1]
        if mark := _MARK.search(written):
            place = Place(mark[1], int(mark[2]))
            written = written.replace(mark[0], "", 1)
        attributes = tuple((key, double or single) for key, double, single in _ATTRIBUTES.findall(written))
        if len({key for key, _ in attributes}) < len(attributes):
            self._places.append(place)
            self._fail(f"<{name}> has an attribute twice.")
        return attributes, place

    def _raw_text(self, name: str, start: int) -> int:
        end = self._source.find(f"</{name}>", start)
        if end < 0:
            self._fail(f"<{name}> is never closed.")
        if end > start:
            self.tokens.append(Token("text", "", self._source[start:end], self._open, place=self._places[-1]))
        return end

    def _close(self, name: str) -> None:
        if name in VOID:
            self._fail(f"</{name}>: this element has no closing tag.")
        if not self._open or self._open[-1] != name:
            wanted = f"</{self._open[-1]}>" if self._open else "nothing"
            self._fail(f"</{name}> stands where {wanted} would close.")
        self._open = self._open[:-1]
        self.tokens.append(Token("close", name, "", self._open, place=self._places.pop()))

    def _fail(self, reason: str) -> None:
        place = next((place for place in reversed(self._places) if place), None)
        raise TemplateInvalid(place.name if place else "issue.mjml", place.line if place else None, reason)

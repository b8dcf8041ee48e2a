"""Merge fields: where a reader's own words go in a subject, a preheader or a block.

    split("Guten Tag [[first_name|liebe Leser]]!")
    # ('Guten Tag ', Field('first_name', 'liebe Leser'), '!')

A field is written `[[name|fallback]]` with a name of `RECIPIENT_FIELDS`; `[[name]]` has no fallback,
which the checks report. Everything else in double brackets is plain text.
"""

import json
import re
from dataclasses import dataclass

RECIPIENT_FIELDS = ("salutation", "title", "first_name", "last_name", "name", "organisation", "address")
_WORD_JOINER = "\u2060"  # invisible, without width, and no reason to break a line
_FIELD = re.compile(r"\[\[(" + "|".join(RECIPIENT_FIELDS) + r")(?:\|((?:(?!\[\[|\]\]).)*))?\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Field:
    """One merge field; a `fallback` of None was never stated, an empty one was."""

    name: str
    fallback: str | None

    @property
    def expression(self) -> str:
        """The Jinja2 expression of the slot, such as `recipient.first_name or "liebe Leser"`."""
        if self.fallback is None:
            return f"recipient.{self.name}"
        return f"recipient.{self.name} or {_string_literal(self.fallback)}"


def split(text: str) -> tuple[str | Field, ...]:
    """Cut a text at its merge fields; no piece of text is empty."""
    pieces: list[str | Field] = []
    end = 0
    for match in _FIELD.finditer(text):
        pieces += [text[end : match.start()], Field(match[1], match[2])]
        end = match.end()
    return tuple(piece for piece in (*pieces, text[end:]) if piece != "")


def fields_in(text: str) -> tuple[Field, ...]:
    """List the merge fields of a text, in order."""
    return tuple(piece for piece in split(text) if isinstance(piece, Field))


def literal(text: str) -> str:
    """Defuse imported text: an invisible joiner keeps two brackets from ever opening a merge field."""
    return re.sub(r"\[(?=\[)", f"[{_WORD_JOINER}", text)


def _string_literal(text: str) -> str:
    r"""Quote a text for Jinja2, which reads the escapes of Python.

    JSON's escapes are a subset of them as long as nothing beyond ASCII is escaped. Braces and
    percent signs are escaped too, so that no lexer mistakes them for the end of an expression.
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029{}%#]", lambda match: f"\\u{ord(match[0]):04x}", quoted)

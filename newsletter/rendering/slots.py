"""Slots: where each recipient's value will go, held through the pipeline by opaque tokens.

    slots = Slots.apart_from("all the words of the issue")
    html = f'<a href="{slots.token("links.view")}">'  # <a href="xNL5feceb66S0x">
    slots.split(html)  # ('<a href="', Slot('links.view'), '">')

A token is alphanumeric, so that MJML, lxml and premailer carry it unchanged, and it occurs in
none of the words it is put beside, so that nothing imported or typed can be taken for one.
"""

import hashlib
import re

from newsletter.rendering.compiled import Part, Slot


class Slots:
    """The slots of one rendering; the same words give the same tokens."""

    def __init__(self, nonce: str) -> None:
        """Begin with no slots; `nonce` is alphanumeric and occurs in none of the words."""
        self._prefix = f"xNL{nonce}S"
        self._expressions: list[str] = []

    @classmethod
    def apart_from(cls, words: str) -> "Slots":
        """Choose tokens that do not occur in `words`."""
        seed = words
        while True:
            nonce = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            if nonce not in words.lower():
                return cls(nonce)
            seed += nonce

    def token(self, expression: str) -> str:
        """The token that stands for a Jinja2 expression; one expression, one token."""
        if expression not in self._expressions:
            self._expressions.append(expression)
        return f"{self._prefix}{self._expressions.index(expression)}x"

    def tokens_in(self, text: str) -> frozenset[str]:
        """The tokens that a text holds."""
        return frozenset(re.findall(f"{self._prefix}[0-9]+x", text))

    def split(self, text: str) -> tuple[Part, ...]:
        """Cut a rendered text at its tokens; no two static parts stand side by side, none is empty."""
        parts: list[Part] = []
        pieces = re.split(f"{self._prefix}([0-9]+)x", text)
        for index, piece in enumerate(pieces):
            if index % 2:
                parts.append(Slot(self._expressions[int(piece)]))
            elif piece:
                parts.append(piece)
        return tuple(parts)

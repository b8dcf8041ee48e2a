r"""MJML written so that mrml gives back what was meant.

mrml prints attribute values as Rust prints strings for debugging: a line break becomes `\n`, an
umlaut of two characters `u\u{308}`. Entities pass through untouched, so everything unusual is
written as one. It also drops white space that begins with a line break, which would glue words,
and ignores short paddings when it computes Outlook's widths.
"""

import re
import unicodedata

from newsletter.rendering.components import COMPONENTS
from newsletter.rendering.scanning import Token

_FOR_OUTLOOK = ("<!--[if", "<!--<![endif]")  # other comments are for those who write designs, not for readers
_WHITE_SPACE = re.compile("[ \t\r\n\f]+")
_UNSAFE = re.compile('[^\x20-\x7e]|["<>\\\\]')
_SHORT = {2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}  # values given: which is top, right, bottom, left


def to_mjml(tokens: tuple[Token, ...]) -> str:
    """Write the tokens for mrml."""
    return "".join(_written(token) for token in tokens)


def _written(token: Token) -> str:
    match token.kind:
        case "comment":
            return token.text if token.text.startswith(_FOR_OUTLOOK) else ""
        case "text":
            return _text(token)
        case "close":
            return f"</{token.name}>"
        case "open" | "empty":
            attributes = "".join(f' {name}="{_value(value)}"' for name, value in _long_paddings(token))
            return f"<{token.name}{attributes}{' /' if token.kind == 'empty' else ''}>"


def _text(token: Token) -> str:
    if token.parent in {"mj-style", "style"}:
        return token.text
    if token.parent == "mj-title":
        return _value(token.text)  # mrml names the page by it in an attribute too
    parent = COMPONENTS.get(token.parent)
    if parent is not None and not parent.holds_html:
        return ""
    return _WHITE_SPACE.sub(" ", token.text)


def _value(value: str) -> str:
    composed = unicodedata.normalize("NFC", _WHITE_SPACE.sub(" ", value))
    return _UNSAFE.sub(lambda match: f"&#{ord(match[0])};", composed)


def _long_paddings(token: Token) -> tuple[tuple[str, str], ...]:
    """Write `padding="0 20px"` as four paddings; those given one by one stand."""
    given = dict(token.attributes)
    values = given.get("padding", "").split()
    if not token.name.startswith("mj-") or len(values) not in _SHORT:
        return token.attributes
    sides = zip(("top", "right", "bottom", "left"), _SHORT[len(values)], strict=True)
    paddings = {f"padding-{side}": values[index] for side, index in sides}
    return tuple(({**paddings, **{name: value for name, value in given.items() if name != "padding"}}).items())

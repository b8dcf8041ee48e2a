r"""Which characters a text may hold: none that no reader could see but a parser would trip over.

    tidy("Gru\u0308\x00ße")  # 'Grüße'

Everything stays that means something in some script: joiners, soft hyphens, direction marks.
"""

import re
import unicodedata

_NEVER = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls that are no white space
    "\ud800-\udfff"  # halves of pairs, which UTF-8 cannot hold
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters of the basic plane …
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"  # … and of the sixteen others
)
_WHITE_SPACE = re.compile("[ \t\n\x0b\x0c\r\x85\u2028\u2029]+")
_INVISIBLE = re.compile("[\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_UNSEEN_IN_PLAIN_TEXT = re.compile("[\xad\u200b\ufeff]|(?<!\\[)\u2060|\u2060(?!\\[)")


def tidy(text: str) -> str:
    """Compose accents (NFC) and drop what is neither text nor white space."""
    return unicodedata.normalize("NFC", _NEVER.sub("", text))


def on_one_line(text: str) -> str:
    """Tidy a text, and make each run of white space, line breaks too, one space; no-break spaces stay."""
    return _WHITE_SPACE.sub(" ", tidy(text)).strip(" ")


def collapse(text: str) -> str:
    """Make each run of white space one space, as a browser does; no-break spaces stay."""
    return _WHITE_SPACE.sub(" ", text)


def is_blank(text: str) -> bool:
    """Tell whether a reader would see nothing."""
    return not _INVISIBLE.sub("", text).strip()


def plain(text: str) -> str:
    """Drop the characters that only steer line breaking, which a text part has no use for.

    A word joiner between two brackets stays: it keeps imported words from becoming a merge
    field (`merge.literal`).
    """
    return _UNSEEN_IN_PLAIN_TEXT.sub("", text)

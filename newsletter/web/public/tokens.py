"""The token in an address, mended where a mail program only put something around it or broke its line.

def show(token: Token) -> Response: …

Safe because a token is signed: whatever is taken away, what is left is either exactly a token that was
made here, or none. Nothing is ever guessed; a letter that was lost or changed stays so.
"""

import re
from typing import Annotated

from fastapi import Depends, Path

# What no token holds: line breaks, the `=` of quoted-printable in front of them, brackets, quotation marks, commas.
_NEVER = re.compile(r"[^0-9A-Za-z._-]+")
# A token from its beginning, and whatever was stuck to its end: a full stop, a bracket, the rest of a `=3D`.
_WHOLE = re.compile(r"([0-9a-z-]+\.[0-9A-Za-z_-]{24}z).{0,200}")


def mended(token: str) -> str:
    """A token without what came to it on its way; one that has lost something stays as it is."""
    match = _WHOLE.fullmatch(_NEVER.sub("", token))
    return match[1] if match else token


def _token(token: Annotated[str, Path()]) -> str:
    return mended(token)


Token = Annotated[str, Depends(_token)]

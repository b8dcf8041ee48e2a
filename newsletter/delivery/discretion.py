"""What others say of readers, such as relays in their replies, without naming anybody.

    >>> masked("550 5.1.1 <anna@example.org>: no such user")
    '550 5.1.1 <…@…>: no such user'

An address also stands there where it is not the recipient's own: of a mailbox that forwards, many relays name the
one behind it.
"""

import re

MASK = "…@…"
_NOBODY = "…"  # in place of the part before the @, where it stands alone
_SHORTEST = 3  # letters of such a part; what is shorter is likelier to be a word
_ADDRESS = re.compile(r"""(?:"[^"]*"|[^\s<>()\[\],;:"']+)@[^\s<>(),;"']*|@[^\s<>(),;"']+""")


def masked(text: str, *, but: str = "") -> str:
    """A text without the addresses in it; `but` may stay, such as our own."""
    if "@" not in text:
        return text
    kept = but.casefold()
    return _ADDRESS.sub(lambda found: found[0] if kept and found[0].rstrip(".").casefold() == kept else MASK, text)


def about_nobody(text: str, address: str, *, but: str = "") -> str:
    """A text without any address, nor the name that an address of it begins with, such as `user anna unknown`."""
    local = address.rpartition("@")[0]
    text = masked(text, but=but)
    if len(local) < _SHORTEST or local.casefold() not in text.casefold():
        return text
    return re.sub(rf"(?<![\w.+-]){re.escape(local)}(?![\w+@-]|\.\w)", _NOBODY, text, flags=re.IGNORECASE)

r"""Header fields as bytes, and the one gate where nothing passes that could begin another header.

    >>> unstructured("Subject", "Grüße")
    b'Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n'
    >>> mailbox("To", "Dr. Ada Lovelace", "ada@example.org")
    b'To: "Dr. Ada Lovelace" <ada@example.org>\r\n'

Each function gives one complete field, ended by CRLF. Callers clean names and subjects earlier; a
line break or control character that still arrives here is refused, never repaired.
"""

import re
from base64 import b64encode

from newsletter.errors import NewsletterError

LINE_LIMIT = 76  # RFC 2047, section 2: a line with an encoded word has at most 76 characters
LINE_LIMIT_OCTETS = 998  # RFC 5322, section 2.1.1, without CRLF

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ADDRESS = re.compile(r'[^\s<>(),;:"\[\]\\@]+@[^\s<>(),;:"\[\]\\@]+')
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LIST_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_URL = re.compile(r"[a-z][a-z0-9+.-]*:[!#-;=?-~]+")
_VERBATIM = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_PLAIN_LIMIT = 60  # leaves room for the field's name on a line of 76
_WORD_OCTETS = 39  # 52 characters of base64, 64 with the frame of the encoded word


class HeaderInvalid(NewsletterError):
    """A value cannot stand in a header."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The header {name} cannot be written: {reason}")
        self.name = name
        self.reason = reason


def unstructured(name: str, value: str) -> bytes:
    """A field of free text, such as Subject: folded, and in encoded words (RFC 2047) where it must be.

    Raises:
        HeaderInvalid: the value holds a line break or another control character.
    """
    _require_clean(name, value)
    if not _is_plain_text(value):
        return _lines(name, _encoded_words(value))
    if len(name) + 2 + len(value) <= LINE_LIMIT:
        return f"{name}: {value}\r\n".encode("ascii") if value else f"{name}:\r\n".encode("ascii")
    return _lines(name, _wrapped(value.split(" "), LINE_LIMIT - len(name) - 1))


def mailbox(name: str, display: str, address: str) -> bytes:
    """A field with one mailbox; an address outside ASCII stays as it is (RFC 6532) and needs SMTPUTF8.

    Raises:
        HeaderInvalid: a control character, or an address that would not be read back as it is.
    """
    _require_clean(name, display)
    if not _ADDRESS.fullmatch(address) or _FORBIDDEN.search(address):
        raise HeaderInvalid(name, f"“{address!a}” is not one plain address.")
    return _with_phrase(name, display, f"<{address}>" if display else address)


def list_id(display: str, identifier: str) -> bytes:
    """The field List-ID (RFC 2919): the list's name for people, its identifier for programs.

    Raises:
        HeaderInvalid: a control character, or an identifier that is no host-like name.
    """
    _require_clean("List-ID", display)
    if not _LIST_IDENTIFIER.fullmatch(identifier):
        raise HeaderInvalid("List-ID", f"“{identifier!a}” is not letters, digits, hyphens and dots.")
    return _with_phrase("List-ID", display, f"<{identifier}>")


def link(name: str, url: str) -> bytes:
    """A field with one URL in angle brackets, such as List-Unsubscribe (RFC 2369), on one line.

    Raises:
        HeaderInvalid: the URL has characters that must be percent-encoded, or is too long for a line.
    """
    if not _URL.fullmatch(url):
        raise HeaderInvalid(name, f"“{url[:60]!a}” is not a complete URL in ASCII.")
    return verbatim(name, f"<{url}>")


def verbatim(name: str, value: str) -> bytes:
    """A field that programs read, such as List-Unsubscribe: one line, neither folded nor encoded.

    Raises:
        HeaderInvalid: the value is not printable ASCII, or too long for a line.
    """
    if not _VERBATIM.fullmatch(value):
        raise HeaderInvalid(name, f"“{value[:60]!a}” is not printable ASCII.")
    if len(name) + 2 + len(value) > LINE_LIMIT_OCTETS:
        raise HeaderInvalid(name, f"it would be longer than {LINE_LIMIT_OCTETS} characters.")
    return f"{name}: {value}\r\n".encode("ascii")


def _require_clean(name: str, value: str) -> None:
    if _FORBIDDEN.search(value):
        raise HeaderInvalid(name, "it holds a line break or another control character.")


def _with_phrase(name: str, display: str, target: str) -> bytes:
    """A phrase (RFC 5322, section 3.2.5) as atoms, in quotes or in encoded words, and what it names."""
    if not display:
        return _lines(name, [target])
    if len(display) > _PLAIN_LIMIT or not display.isascii() or "=?" in display:
        return _lines(name, [*_encoded_words(display), target])
    quoted = display if _PHRASE.fullmatch(display) else '"' + re.sub(r'(["\\])', r"\\\1", display) + '"'
    if len(name) + len(quoted) + len(target) + 3 <= LINE_LIMIT:
        return f"{name}: {quoted} {target}\r\n".encode()
    return _lines(name, [quoted, target])


def _is_plain_text(value: str) -> bool:
    """Tell whether the value can be written as it is and will be read as it was."""
    return (
        value.isascii()
        and "=?" not in value  # would be read as an encoded word
        and "  " not in value
        and value == value.strip(" ")
        and max(map(len, value.split(" "))) <= _PLAIN_LIMIT
    )


def _encoded_words(value: str) -> list[str]:
    """Cut between characters, never inside one (RFC 2047, section 5)."""
    whole = value.encode()
    if len(whole) <= _WORD_OCTETS:
        return [f"=?utf-8?b?{b64encode(whole).decode()}?="]
    words, chunk = [], b""
    for character in value:
        octets = character.encode()
        if len(chunk) + len(octets) > _WORD_OCTETS:
            words.append(chunk)
            chunk = b""
        chunk += octets
    words.append(chunk)
    return [f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words]


def _wrapped(words: list[str], first_limit: int) -> list[str]:
    """Fill lines with words; the first line has less room, because the field's name stands there."""
    lines, line, limit = [], words[0], first_limit
    for word in words[1:]:
        if len(line) + 1 + len(word) <= limit - 1:
            line += f" {word}"
            continue
        lines.append(line)
        line, limit = word, LINE_LIMIT
    return [*lines, line]


def _lines(name: str, lines: list[str]) -> bytes:
    folded = "\r\n ".join(lines)
    return f"{name}: {folded}\r\n".encode()

"""Bytes of a page or a file as text, decoded the way browsers do.

    decoded("<meta charset=iso-8859-1>„Grüße“".encode("cp1252"))  # iso-8859-1 means windows-1252

A byte order mark wins over the HTTP header, that over what the document says of itself in its
first 1024 bytes; where nothing is said, UTF-8 if the bytes are valid as such, else windows-1252.
Source: WHATWG HTML, section 13.2.3 “The input byte stream”, and the WHATWG Encoding standard.
"""

import codecs
import re

import webencodings

_PRESCAN_BYTES = 1024
_WINDOWS = webencodings.Encoding("windows-1252", codecs.lookup("cp1252"))
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"<meta[\s/]([^>]*)", re.IGNORECASE)
_CHARSET = re.compile(rb"""(?<![-\w])charset\s*=\s*["']?\s*([^\s"'/>;]+)""", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"""\A\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)""", re.IGNORECASE)


def decoded(body: bytes, charset: str = "") -> str:
    """Decode; bytes that fit nowhere become U+FFFD. `charset` is that of the HTTP header, or empty."""
    encoding = webencodings.lookup(charset) or _declared(body[:_PRESCAN_BYTES]) or _guessed(body)
    text, _ = webencodings.decode(body, encoding, errors="replace")  # a byte order mark wins
    return text


def _declared(head: bytes) -> webencodings.Encoding | None:
    declaration = _XML_DECLARATION.match(head)
    labels = [declaration.group(1)] if declaration else []
    for meta in _META.finditer(_COMMENT.sub(b"", head)):
        labels += _CHARSET.findall(meta.group(1))
    for label in labels:
        encoding = webencodings.lookup(label.decode("ascii", "replace"))
        if encoding is not None:
            return _readable(encoding)
    return None


def _readable(encoding: webencodings.Encoding) -> webencodings.Encoding:
    """A document whose ASCII bytes could be read so far is neither UTF-16 nor user-defined."""
    if encoding.name.startswith("utf-16"):
        return webencodings.UTF8
    return _WINDOWS if encoding.name == "x-user-defined" else encoding


def _guessed(body: bytes) -> webencodings.Encoding:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return _WINDOWS
    return webencodings.UTF8

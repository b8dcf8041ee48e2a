r"""Quoted-printable in segments that can be joined in any order and decode to their joined texts.

    >>> encode("Grüße\n") + encode("an alle")
    b'Gr=C3=BC=C3=9Fe\r\nan alle=\r\n'

Each segment begins at column 0 and ends with a line break: a real one where the text has one, else
a soft one, which the decoder removes. So each segment is encoded once, however often it is sent.

Beyond RFC 2045, section 6.7, three things are encoded so that no relay need touch a line:
`.` at column 0 (SMTP would double it), `F` at column 0 (old mailboxes change `From `), and each
space but the first of a run, which leaves nothing for DKIM's relaxed form to change.
"""

import re

COLUMNS = 75  # and a `=` where the break is soft

_PLAIN = re.compile(r"[!-<>-~]+(?: [!-<>-~]+)*")
_ESCAPED = re.compile(rb"[^ -<>-~]|(?<= ) | $")
_ENCODED = {bytes((octet,)): b"=%02X" % octet for octet in range(256)}
_AT_COLUMN_0 = {b".": b"=2E", b"F": b"=46", b" ": b"=20"}
_BREAKS = re.compile(r"\r\n?")


def encode(text: str) -> bytes:
    """Encode as UTF-8. Line breaks of any kind become CRLF, NUL is dropped, lone surrogates become `?`."""
    if _PLAIN.fullmatch(text):  # most names and links: nothing to escape, at most to wrap
        return _wrapped(text.encode("ascii")) + b"=\r\n"
    *lines, rest = _BREAKS.sub("\n", text.replace("\0", "")).split("\n")
    encoded = b"".join(_encoded_line(line) + b"\r\n" for line in lines)
    return encoded + _encoded_line(rest) + b"=\r\n" if rest else encoded


def _encoded_line(line: str) -> bytes:
    """One line of text as lines of at most `COLUMNS`, soft breaks between them."""
    return _wrapped(_ESCAPED.sub(_escape, line.encode("utf-8", "replace")))


def _escape(found: re.Match[bytes]) -> bytes:
    return _ENCODED[found[0]]


def _wrapped(octets: bytes) -> bytes:
    if len(octets) <= COLUMNS and octets[:1] not in _AT_COLUMN_0:
        return octets
    lines, start = [], 0
    while start < len(octets):
        first = octets[start : start + 1]
        head = _AT_COLUMN_0.get(first, first)
        end = _end_of_line(octets, start + 1 + COLUMNS - len(head))
        lines.append(head + octets[start + 1 : end])
        start = end
    return b"=\r\n".join(lines)


def _end_of_line(octets: bytes, limit: int) -> int:
    """The last place to cut at or before `limit` that is not inside an escape."""
    if limit >= len(octets):
        return len(octets)
    escape = octets.rfind(b"=", limit - 2, limit)
    return limit if escape < 0 else escape

"""Compressed responses, inflated in small pieces, so that no bomb goes off.

    for piece in inflated(response.iter_raw(), "gzip"):
        ...

A thousandfold compression is normal for gzip, and two layers of it are a millionfold: a reader
that inflates a whole piece first has lost before it can count. So a piece never grows over
64 KiB at once, and there is never more than one layer.
"""

import zlib
from collections.abc import Iterable, Iterator

ACCEPTED = "gzip, deflate"

_PIECE_BYTES = 64 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_BARE_DEFLATE = -zlib.MAX_WBITS  # what some servers send for `deflate`, against RFC 9110, section 8.4.1.2


class NotInflatable(Exception):
    """A body is not compressed the way its header says, or in a way we did not ask for."""


def inflated(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Give the body's bytes; `encoding` is the Content-Encoding header.

    A body that breaks off gives what came.

    Raises:
        NotInflatable: while iterating.
    """
    match encoding.strip().lower():
        case "" | "identity":
            yield from pieces
        case "gzip" | "x-gzip":
            yield from _inflate(pieces, _GZIP_OR_ZLIB)
        case "deflate":
            yield from _deflated(pieces)
        case other:
            raise NotInflatable(f"it is compressed as “{other[:40]}”")


def _deflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Tell the two meanings of `deflate` apart by the first bytes (RFC 1950, section 2.2: a multiple of 31)."""
    source = iter(pieces)
    head = b""
    while len(head) < 2 and (piece := next(source, b"")):  # noqa: PLR2004  # the length of zlib's header
        head += piece
    has_header = len(head) > 1 and head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2]) % 31 == 0
    yield from _inflate(_chained(head, source), _GZIP_OR_ZLIB if has_header else _BARE_DEFLATE)


def _chained(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _inflate(pieces: Iterable[bytes], window_bits: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window_bits)
    try:
        for piece in pieces:
            waiting = piece
            while waiting:
                if inflater.eof:  # a gzip file may have several members (RFC 1952, section 2.2)
                    inflater = zlib.decompressobj(window_bits)
                yield inflater.decompress(waiting, _PIECE_BYTES)
                waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        yield inflater.flush() if not inflater.eof else b""
    except zlib.error as error:
        raise NotInflatable("it is damaged") from error

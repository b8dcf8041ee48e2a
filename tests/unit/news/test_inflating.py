import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.news.inflating import NotInflatable, inflated

TEXT = "Grüße aus dem Seenland. ".encode() * 500


def bare_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("X-GZip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
    ],
    ids=["none", "identity", "gzip", "x-gzip", "zlib", "bare deflate", "two members"],
)
def test_a_body_is_inflated(encoding: str, body: bytes) -> None:
    assert b"".join(inflated([body], encoding)) == TEXT


@given(st.lists(st.integers(1, 200), max_size=20), st.sampled_from(["gzip", "deflate"]))
@settings(max_examples=30)
def test_it_does_not_matter_where_the_pieces_are_cut(lengths: list[int], encoding: str) -> None:
    body = gzip.compress(TEXT) if encoding == "gzip" else zlib.compress(TEXT)
    pieces, start = [], 0
    for length in lengths:
        pieces.append(body[start : start + length])
        start += length

    assert b"".join(inflated([*pieces, body[start:]], encoding)) == TEXT


def test_a_bomb_grows_only_by_the_piece() -> None:
    bomb = gzip.compress(bytes(50_000_000))

    first = next(iter(inflated([bomb], "gzip")))

    assert 0 < len(first) <= 64 * 1024


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd", "gzip, deflate"])
def test_layers_and_kinds_that_were_not_asked_for_are_refused(encoding: str) -> None:
    with pytest.raises(NotInflatable, match=r"compressed as"):
        list(inflated([gzip.compress(gzip.compress(b"x"))], encoding))


def test_a_damaged_body_is_refused() -> None:
    with pytest.raises(NotInflatable, match="damaged"):
        list(inflated([b"no gzip at all"], "gzip"))


def test_a_body_that_breaks_off_gives_what_came() -> None:
    whole = gzip.compress(TEXT)

    assert TEXT.startswith(b"".join(inflated([whole[: len(whole) // 2]], "gzip")))

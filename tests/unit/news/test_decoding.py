import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.news.decoding import decoded

WORDS = "„Grüße“ für 5 €"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (WORDS.encode("cp1252"), "iso-8859-1"),
        (WORDS.encode("cp1252"), "latin1"),
        (b"<meta charset=iso-8859-1>" + WORDS.encode("cp1252"), ""),
        (
            b'<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=ISO-8859-1">' + WORDS.encode("cp1252"),
            "",
        ),
        (b"<?xml version='1.0' encoding='windows-1252'?>" + WORDS.encode("cp1252"), ""),
        (WORDS.encode("cp1252"), ""),
        (WORDS.encode(), ""),
        (WORDS.encode(), "utf-8"),
        (codecs.BOM_UTF8 + WORDS.encode(), "iso-8859-1"),
        (codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"), ""),
        (codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), "utf-8"),
        (b"<!-- <meta charset=utf-8> --><meta charset=windows-1252>" + WORDS.encode("cp1252"), ""),
        (b"<meta charset=utf-16>" + WORDS.encode(), ""),
        (WORDS.encode(), "no-such-charset"),
        (b"<meta charset=nonsense><meta charset=utf-8>" + WORDS.encode(), ""),
    ],
    ids=[
        "header says latin 1, means cp1252",
        "another label of it",
        "meta charset",
        "meta http-equiv",
        "xml declaration",
        "nothing said, not valid as utf-8",
        "nothing said, valid as utf-8",
        "header",
        "mark wins over the header",
        "utf-16 by its mark",
        "big endian by its mark",
        "a comment says nothing",
        "meta utf-16 means utf-8",
        "an unknown header counts as none",
        "an unknown meta counts as none",
    ],
)
def test_bytes_are_decoded_as_browsers_do(body: bytes, charset: str) -> None:
    assert decoded(body, charset).endswith(WORDS)
    assert "\ufeff" not in decoded(body, charset)


def test_a_meta_element_after_the_first_kilobyte_is_not_read() -> None:
    body = b" " * 1024 + b"<meta charset=windows-1252>" + WORDS.encode()

    assert decoded(body).endswith(WORDS)


def test_the_header_wins_over_the_document() -> None:
    assert decoded(b"<meta charset=windows-1252>" + WORDS.encode(), "utf-8").endswith(WORDS)


def test_what_fits_nowhere_becomes_a_replacement_character() -> None:
    assert decoded(b"a\xffb", "utf-8") == "a\ufffdb"


@given(st.binary(max_size=300), st.text(max_size=12))
@settings(max_examples=100)
def test_any_bytes_give_text(body: bytes, charset: str) -> None:
    assert isinstance(decoded(body, charset), str)

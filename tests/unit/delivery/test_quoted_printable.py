import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import quoted_printable

TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" \t.F=\n\r\0-")), max_size=400)


def _decoded(octets: bytes) -> str:
    return quopri.decodestring(octets).decode().replace("\r\n", "\n")


def _meant(text: str) -> str:
    return re.sub("\r\n?", "\n", text.replace("\0", ""))


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", b""),
        ("plain", b"plain=\r\n"),
        ("plain\n", b"plain\r\n"),
        ("a\n\nb\n", b"a\r\n\r\nb\r\n"),
        (".dot", b"=2Edot=\r\n"),
        ("From me", b"=46rom me=\r\n"),
        ("a=b", b"a=3Db=\r\n"),
        ("end \n", b"end=20\r\n"),
        ("a\tb", b"a=09b=\r\n"),
        (" a  b", b"=20a =20b=\r\n"),
        ("ü", b"=C3=BC=\r\n"),
        ("a\0b", b"ab=\r\n"),
        ("a\r\nb\rc", b"a\r\nb\r\nc=\r\n"),
        ("x" * 76, b"x" * 75 + b"=\r\nx=\r\n"),
        ("x" * 74 + "ü", b"x" * 74 + b"=\r\n=C3=BC=\r\n"),
        ("x" * 75 + ".y", b"x" * 75 + b"=\r\n=2Ey=\r\n"),
    ],
)
def test_texts_are_encoded_so(text: str, octets: bytes) -> None:
    assert quoted_printable.encode(text) == octets


@given(TEXT)
def test_any_text_comes_back(text: str) -> None:
    assert _decoded(quoted_printable.encode(text)) == _meant(text)


@given(st.lists(TEXT, max_size=5))
def test_segments_joined_are_the_texts_joined(texts: list[str]) -> None:
    joined = b"".join(quoted_printable.encode(text) for text in texts)

    assert _decoded(joined) == "".join(_meant(text) for text in texts)


@given(TEXT)
def test_no_relay_needs_to_touch_a_line(text: str) -> None:
    octets = quoted_printable.encode(text)

    assert octets == b"" or octets.endswith(b"\r\n")
    for line in octets.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"F", b" "))
        assert not line.endswith((b" ", b"\t"))
        assert b"  " not in line
        assert re.fullmatch(rb"[ -~]*", line)

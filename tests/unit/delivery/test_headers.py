import email
import email.policy
import re
from email.header import decode_header, make_header
from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import headers
from newsletter.delivery.headers import HeaderInvalid

CLEAN = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), max_size=300)
CONTROLS = st.sampled_from([*map(chr, range(32)), "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
NAMES = CLEAN.map(lambda name: " ".join(name.split()))


def _phrase(field: bytes) -> str:
    """The display name by the old parser, which joins encoded words as RFC 2047 says."""
    value = field.decode().removeprefix("To:").strip()
    phrase = value.removesuffix("anna@example.org" if "<" not in value else "<anna@example.org>").strip()
    if phrase.startswith('"'):
        return re.sub(r"\\(.)", r"\1", phrase[1:-1])
    return str(make_header(decode_header(phrase)))


def _read(field: bytes) -> email.message.EmailMessage:
    message = email.message_from_bytes(field + b"\r\n", policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def _assert_one_field_in_short_lines(field: bytes, name: str) -> None:
    assert field.endswith(b"\r\n")
    assert field.startswith(f"{name}:".encode())
    lines = field[:-2].split(b"\r\n")
    assert all(line[:1] == b" " and line.strip() for line in lines[1:])
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    assert all(len(line) <= 998 for line in lines)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("Neues aus der Region", b"Subject: Neues aus der Region\r\n"),
        ("Gr\u00fc\u00dfe", b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"),
        ("", b"Subject:\r\n"),
        ("=?utf-8?q?no?=", b"Subject: =?utf-8?b?PT91dGYtOD9xP25vPz0=?=\r\n"),
        ("two  spaces", b"Subject: =?utf-8?b?dHdvICBzcGFjZXM=?=\r\n"),
        (
            "A subject of many words that is longer than one line of seventy-six characters",
            b"Subject: A subject of many words that is longer than one line of seventy-six\r\n characters\r\n",
        ),
    ],
    ids=["plain", "umlauts", "empty", "looks encoded", "two spaces", "folded"],
)
def test_subjects_are_written_so(value: str, field: bytes) -> None:
    assert headers.unstructured("Subject", value) == field


@given(CLEAN)
def test_any_clean_subject_is_read_back_as_it_was(value: str) -> None:
    field = headers.unstructured("Subject", value)

    _assert_one_field_in_short_lines(field, "Subject")
    assert all(len(line) <= 76 for line in field.split(b"\r\n"))
    assert _read(field)["Subject"] == value


@given(CLEAN, CONTROLS, CLEAN)
def test_a_control_character_anywhere_is_refused(before: str, control: str, after: str) -> None:
    with pytest.raises(HeaderInvalid):
        headers.unstructured("Subject", before + control + after)
    with pytest.raises(HeaderInvalid):
        headers.mailbox("To", before + control + after, "anna@example.org")
    with pytest.raises(HeaderInvalid):
        headers.list_id(before + control + after, "region.example.org")


@given(NAMES)
def test_any_clean_name_is_read_back_as_it_was(name: str) -> None:
    field = headers.mailbox("To", name, "anna@example.org")

    _assert_one_field_in_short_lines(field, "To")
    assert _phrase(field) == name
    if field.count(b"=?utf-8?b?") <= 1:  # of several, Python 3.11 keeps the space between (RFC 2047, 6.2: drop it)
        assert _read(field)["To"].addresses == (Address(name, "anna", "example.org"),)


@pytest.mark.parametrize(
    ("name", "address", "field"),
    [
        ("", "a@b.de", b"To: a@b.de\r\n"),
        ("Anna Winter", "a@b.de", b"To: Anna Winter <a@b.de>\r\n"),
        ("Dr. Winter", "a@b.de", b'To: "Dr. Winter" <a@b.de>\r\n'),
        ('A "B" \\C', "a@b.de", b'To: "A \\"B\\" \\\\C" <a@b.de>\r\n'),
        ("Jörg", "j@b.de", b"To: =?utf-8?b?SsO2cmc=?=\r\n <j@b.de>\r\n"),
        ("", "jörg@b.de", "To: jörg@b.de\r\n".encode()),
    ],
)
def test_mailboxes_are_written_so(name: str, address: str, field: bytes) -> None:
    assert headers.mailbox("To", name, address) == field


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "a@b@c",
        "a b@c.de",
        "a@b.de,c@d.de",
        "a@b.de\r\nBcc: x@y.de",
        "<a@b.de>",
        "a@b.de\x00",
        "a\x85@b.de",
    ],
)
def test_what_would_be_another_address_is_refused(address: str) -> None:
    with pytest.raises(HeaderInvalid):
        headers.mailbox("To", "Anna", address)


def test_a_long_link_is_neither_folded_nor_encoded() -> None:
    url = "https://news.example.org/leave/" + "x" * 900

    assert headers.link("List-Unsubscribe", url) == f"List-Unsubscribe: <{url}>\r\n".encode()


@pytest.mark.parametrize(
    "url",
    ["", "/leave/1", "https://a b", "https://a/>x", "https://a/ü", "https://a\r\nBcc: x@y", "https://a/" + "x" * 998],
)
def test_a_link_that_a_program_could_not_read_is_refused(url: str) -> None:
    with pytest.raises(HeaderInvalid):
        headers.link("List-Unsubscribe", url)


def test_the_list_is_named_for_people_and_programs() -> None:
    assert (
        headers.list_id("Region aktuell", "region.example.org") == b"List-ID: Region aktuell <region.example.org>\r\n"
    )
    with pytest.raises(HeaderInvalid, match="List-ID"):
        headers.list_id("Region", "region >x")


@pytest.mark.parametrize("value", ["", " x", "x ", "ü", "a\r\nb", "\t"])
def test_verbatim_values_are_printable_ascii(value: str) -> None:
    with pytest.raises(HeaderInvalid):
        headers.verbatim("X-Test", value)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.transports.smtp.extensions import Extensions


def test_what_is_offered_is_read() -> None:
    lines = ("relay.test at your service", "SIZE 35882577", "8BITMIME", "STARTTLS", "AUTH LOGIN PLAIN", "smtputf8")

    assert Extensions.parse(lines) == Extensions(
        starttls=True,
        login=frozenset({"LOGIN", "PLAIN"}),
        size=True,
        size_limit=35_882_577,
        eight_bit=True,
        utf8=True,
    )


@pytest.mark.parametrize(("line", "limit"), [("SIZE", None), ("SIZE 0", None), ("SIZE x", None), ("SIZE ²", None)])
def test_a_size_without_a_limit_is_none(line: str, limit: int | None) -> None:
    found = Extensions.parse(("relay.test", line))

    assert (found.size, found.size_limit) == (True, limit)


def test_the_old_way_to_write_auth_is_understood() -> None:
    assert Extensions.parse(("relay.test", "AUTH=PLAIN", "AUTH LOGIN")).login == {"PLAIN", "LOGIN"}


@given(lines=st.lists(st.text(max_size=30), max_size=5))
def test_no_words_crash_it(lines: list[str]) -> None:
    Extensions.parse(tuple(lines))

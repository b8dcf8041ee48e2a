import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.alerts import causes
from newsletter.delivery.discretion import masked

LOCAL = st.text(alphabet="abcxyzäü0189._%+=-/!#", min_size=1, max_size=12)
AROUND = st.sampled_from(["550 5.1.1 <{}>: no such user", "to {} refused", "({})", "'{}'", "{}, {}", "RCPT TO:<{}>"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("550 5.1.1 <anna@posteo.de>: no such user", "550 5.1.1 <…@…>: no such user"),
        ("anna.müller+news@sub.posteo.de, ben@x", "…@…, …@…"),
        ('<"anna müller"@posteo.de> unknown', "<…@…> unknown"),
        ("<bounce=anna=posteo.de@verp.example.org>", "<…@…>"),
        ("RCPT TO:<anna@[192.0.2.7]>", "RCPT TO:<…@…>"),
        ("no space left on device", "no space left on device"),
    ],
)
def test_addresses_in_what_a_relay_says_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(LOCAL, AROUND)
def test_nothing_of_an_address_is_left(local: str, around: str) -> None:
    address = f"{local}@posteo.example"

    shown = masked(around.replace("{}", address))

    assert "posteo" not in shown
    assert f"{local}@" not in shown


def test_facts_of_a_machine_hold_no_address() -> None:
    cause = causes.journal_unusable("mail-2", "file of anna@posteo.de")

    assert (cause.key, cause.facts) == ("journal:mail-2", {"host": "mail-2", "reason": "file of …@…"})

import datetime as dt
import functools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import tokens
from subscribers.errors import TokenExpired, TokenInvalid
from subscribers.models import Errand
from subscribers.secret import Secret
from tests.support.people import NOW, SECRET

OTHER_SECRET = Secret(b"another secret of thirty-two byt")
LATEST = NOW + dt.timedelta(days=14)


def test_a_leave_token_names_its_subscription() -> None:
    assert tokens.read_leave(SECRET, tokens.leave(SECRET, 7)) == tokens.Leave(7)


def test_a_preferences_token_names_its_subscription_and_that_of_a_test_mail_none() -> None:
    assert tokens.read_preferences(SECRET, tokens.preferences(SECRET, 7)) == tokens.Preferences(7)
    assert tokens.read_preferences(SECRET, tokens.preferences_test(SECRET)) == tokens.Preferences(None)


def test_an_errand_counts_for_an_hour() -> None:
    token = tokens.errand(SECRET, Errand.ERASE, 7, number=3, address_key="anna@example.org", now=NOW)
    hour = dt.timedelta(hours=1)

    found = tokens.read_errand(SECRET, Errand.ERASE, token, now=NOW + hour)

    assert found == tokens.ErrandLink(7, 3, tokens.address_digest(SECRET, "anna@example.org"))
    with pytest.raises(TokenExpired) as expired:
        tokens.read_errand(SECRET, Errand.ERASE, token, now=NOW + hour + dt.timedelta(seconds=1))
    assert expired.value.subscription_id == 7


def test_the_leave_token_of_a_test_mail_names_none() -> None:
    assert tokens.read_leave(SECRET, tokens.leave_test(SECRET)) == tokens.Leave(None)


def test_a_view_token_names_its_mailing() -> None:
    assert tokens.read_view(SECRET, tokens.view(SECRET, 12)) == tokens.View(12)


def test_a_confirmation_counts_for_fourteen_days() -> None:
    token = tokens.confirmation(SECRET, 7, address_key="anna@example.org", now=NOW)

    found = tokens.read_confirmation(SECRET, token, now=LATEST)

    assert found.subscription_id == 7
    assert found.issued_at == NOW
    assert found.address_digest == tokens.address_digest(SECRET, "anna@example.org")
    with pytest.raises(TokenExpired) as expired:
        tokens.read_confirmation(SECRET, token, now=LATEST + dt.timedelta(seconds=1))
    assert expired.value.subscription_id == 7


def test_a_measuring_token_names_its_subscription_and_that_of_a_test_mail_none() -> None:
    assert tokens.read_measuring(SECRET, tokens.measuring(SECRET, 7)) == tokens.Measuring(7)
    assert tokens.read_measuring(SECRET, tokens.measuring_test(SECRET)) == tokens.Measuring(None)


def test_a_confirmation_shows_nothing_of_the_address() -> None:
    token = tokens.confirmation(SECRET, 7, address_key="anna@example.org", now=NOW)

    assert "anna" not in token
    assert tokens.address_digest(SECRET, "anna@example.org") != tokens.address_digest(OTHER_SECRET, "anna@example.org")


def test_tokens_are_short_and_fit_into_a_url() -> None:
    made = (
        tokens.leave(SECRET, 12_345_678),
        tokens.view(SECRET, 1),
        tokens.confirmation(SECRET, 12_345_678, address_key="a@b.de", now=NOW),
        tokens.preferences(SECRET, 12_345_678),
        tokens.errand(SECRET, Errand.NEW_ADDRESS, 12_345_678, number=1_234, address_key="a@b.de", now=NOW),
    )

    for token in made:
        assert len(token) < tokens.LENGTH_LIMIT
        assert token[-1].isalnum()  # mail programs end a link in plain text before a hyphen
        assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert len(made[0]) == 8 + 1 + 24 + 1


MADE = {
    "leave": tokens.leave(SECRET, 7),
    "preferences": tokens.preferences(SECRET, 7),
    "view": tokens.view(SECRET, 7),
    "measuring": tokens.measuring(SECRET, 7),
    "confirmation": tokens.confirmation(SECRET, 7, address_key="a@b.de", now=NOW),
    **{each.value: tokens.errand(SECRET, each, 7, number=1, address_key="a@b.de", now=NOW) for each in Errand},
}
READERS: dict[str, Callable[[str], object]] = {
    "leave": lambda token: tokens.read_leave(SECRET, token),
    "preferences": lambda token: tokens.read_preferences(SECRET, token),
    "view": lambda token: tokens.read_view(SECRET, token),
    "measuring": lambda token: tokens.read_measuring(SECRET, token),
    "confirmation": lambda token: tokens.read_confirmation(SECRET, token, now=NOW),
    **{each.value: functools.partial(tokens.read_errand, SECRET, each, now=NOW) for each in Errand},
}


@pytest.mark.parametrize("purpose", list(MADE))
def test_a_token_of_one_purpose_is_worth_nothing_for_another(purpose: str) -> None:
    READERS[purpose](MADE[purpose])

    for other, read in READERS.items():
        if other != purpose:
            with pytest.raises(TokenInvalid):
                read(MADE[purpose])


def test_a_token_of_another_installation_is_worth_nothing() -> None:
    with pytest.raises(TokenInvalid):
        tokens.read_leave(SECRET, tokens.leave(OTHER_SECRET, 7))


@pytest.mark.parametrize("token", ["", ".", "7", "7.", ".x", "7." + "A" * 24, "ä", "\x00\xff", "7" * 100_000, "\ud800"])
def test_junk_is_no_token(token: str) -> None:
    for read in (tokens.read_leave, tokens.read_view, tokens.read_measuring):
        with pytest.raises(TokenInvalid):
            read(SECRET, token)
    with pytest.raises(TokenInvalid):
        tokens.read_confirmation(SECRET, token, now=NOW)


def test_no_character_of_a_token_can_be_changed_or_left_out() -> None:
    token = tokens.leave(SECRET, 71)

    for place, character in enumerate(token):
        shorter = token[:place] + token[place + 1 :]
        changed = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        for forged in (shorter, changed, token + character):
            with pytest.raises(TokenInvalid):
                tokens.read_leave(SECRET, forged)


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda junk: junk.decode("latin-1")))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    with pytest.raises(TokenInvalid):
        tokens.read_leave(SECRET, text)

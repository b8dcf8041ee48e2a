import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.public.tokens import mended
from subscribers import tokens
from tests.support.makers import NOW, SECRET

CONFIRM = tokens.confirmation(SECRET, 7, address_key="anna@posteo.de", now=NOW)
LEAVE = tokens.leave(SECRET, 7)
VIEW = tokens.view(SECRET, 7)
TEST = tokens.leave_test(SECRET)
# fmt: off
DAMAGES = (
    "{}", "{}>", "<{}>", "{}.", "{}...", "{})", "{},", "{}\n", "{}\r\n", " {} ", "{}=", "{}=3D", "{}=20", "{}&gt;",
    '{}"', "{}]", "{}*", "{}_", "{}\u200b", "„{}“", "{}.)", "{}%3E", "{}?", "{}!", "{}&amp;lang=de", "{}Viele",
)
# fmt: on


@pytest.mark.parametrize("token", [CONFIRM, LEAVE, VIEW, TEST])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_came_to_a_token_on_its_way_is_taken_off(token: str, damage: str) -> None:
    assert mended(damage.format(token)) == token


@pytest.mark.parametrize("token", [CONFIRM, LEAVE, VIEW])
@given(data=st.data())
def test_a_line_broken_anywhere_is_put_together(token: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(token) - 1))
    broken = data.draw(st.sampled_from(["\n", "\r\n", "=\r\n", "=\n", " ", "\n  ", "=", ">\n> "]))

    assert mended(token[:at] + broken + token[at:]) == token


@pytest.mark.parametrize("token", [CONFIRM, LEAVE, VIEW])
@given(data=st.data())
def test_a_token_that_lost_a_letter_is_not_made_up(token: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(token) - 1))
    lost = token[:at] + token[at + 1 :]

    assert mended(lost) != token


@given(st.text(max_size=300))
def test_whatever_it_is_given_it_answers_and_a_second_time_the_same(text: str) -> None:
    assert mended(mended(text)) == mended(text)


@pytest.mark.parametrize("token", [CONFIRM.upper(), LEAVE.lower(), "", "x" * 5000, "1.2.3", "ü"])
def test_what_cannot_be_mended_stays_as_it_is(token: str) -> None:
    assert mended(token) in {token, token.lower()}

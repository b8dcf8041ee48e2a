from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.wrapping import WIDTH, wrap


def test_long_lines_break_between_words() -> None:
    wrapped = wrap("Wort " * 40)

    assert max(len(line) for line in wrapped.split("\n")) <= WIDTH
    assert wrapped.split() == ["Wort"] * 40


def test_an_address_is_never_broken() -> None:
    url = "https://example.org/" + "sehr-lang/" * 20

    assert url in wrap(f"Mehr dazu lesen Sie hier: {url}").split("\n")


def test_a_date_with_no_break_spaces_stays_together() -> None:
    assert "4.\xa0April\xa02026" in wrap("x" * 66 + " 4.\xa0April\xa02026")


def test_an_item_goes_on_under_its_first_word() -> None:
    assert wrap("10. " + "Wort " * 20).split("\n")[1].startswith("    Wort")
    assert wrap("  - " + "Wort " * 20).split("\n")[1].startswith("    Wort")


def test_at_most_two_lines_are_blank_and_the_end_is_one_break() -> None:
    assert wrap("\n\na \t\n\n\n\n\nb\n\n") == "a\n\n\nb\n"


@given(st.text("ab -1.\n\xa0", max_size=300))
def test_no_word_is_lost(text: str) -> None:
    assert wrap(text).split() == text.split()

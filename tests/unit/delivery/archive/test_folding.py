import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.archive.folding import MOST_TERMS, excerpt, fold, terms_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Über die STRAẞE, Café", "uber die strasse, cafe"),
        ("  viel \n\t Raum ", "viel raum"),
        ("ﬁn ① ½", "fin 1 1⁄2"),
        ("Привет МИР", "привет мир"),
        ("", ""),
    ],
)
def test_words_are_folded_to_what_readers_take_for_the_same(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_terms_are_folded_once_each_and_not_without_end() -> None:
    assert terms_of("Straße  STRASSE Kita") == ("strasse", "kita")
    assert terms_of("\0") == ()
    assert len(terms_of(" ".join(map(str, range(100))))) == MOST_TERMS
    assert terms_of("x" * 1000) == ("x" * 60,)


def test_an_excerpt_is_the_words_around_the_first_that_is_found() -> None:
    assert excerpt("eins zwei drei vier fünf sechs", ("funf",), around=2) == "… drei vier fünf sechs"
    assert excerpt("Größe zählt", ("gross", "nichts")) == "Größe zählt"
    assert excerpt("eins", ("zwei",)) == ""

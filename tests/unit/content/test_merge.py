import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from newsletter.content.merge import Field, fields_in, literal, split
from newsletter.content.richtext import clean, words_of

ENVIRONMENT = SandboxedEnvironment(autoescape=False, undefined=StrictUndefined)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Guten Tag", ("Guten Tag",)),
        ("", ()),
        ("[[first_name|liebe Leser]]!", (Field("first_name", "liebe Leser"), "!")),
        ("a[[name]]b", ("a", Field("name", None), "b")),
        ("[[title|]]", (Field("title", ""),)),
        ("[[first_name|[x] y]]", (Field("first_name", "[x] y"),)),
        ("[[first_name|a]][[name|b]]", (Field("first_name", "a"), Field("name", "b"))),
        ("[[vorname|x]]", ("[[vorname|x]]",)),
        ("[[first_name", ("[[first_name",)),
        ("[[first_name|a[[name|b]]", ("[[first_name|a", Field("name", "b"))),
        ("[[first_name|a\nb]]", (Field("first_name", "a\nb"),)),
    ],
)
def test_a_text_is_cut_at_its_fields(text: str, expected: tuple[str | Field, ...]) -> None:
    assert split(text) == expected


def test_fields_are_listed_in_order() -> None:
    assert fields_in("[[name]] und [[title|x]]") == (Field("name", None), Field("title", "x"))


def test_a_field_without_fallback_is_the_bare_name() -> None:
    assert Field("first_name", None).expression == "recipient.first_name"


@settings(max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_fallback_comes_back_exactly(fallback: str) -> None:
    expression = Field("first_name", fallback).expression

    written = ENVIRONMENT.from_string("{{ (" + expression + ") }}").render(recipient={"first_name": ""})

    assert written == fallback


@pytest.mark.parametrize(
    "fallback", ['"', "\\", "'", "\n", "\r\n", "}}", "{% x %}", "{#", "😀", "\\u0041", "\u2028", "\x85"]
)
def test_a_fallback_of_awkward_characters_comes_back_exactly(fallback: str) -> None:
    expression = Field("name", fallback).expression

    assert ENVIRONMENT.from_string("{{ (" + expression + ") }}").render(recipient={"name": ""}) == fallback


@settings(max_examples=100)
@given(st.text("[]|first_name\u2060", max_size=40))
def test_literal_text_holds_no_field(text: str) -> None:
    assert fields_in(literal(text)) == ()
    assert literal(text).replace("\u2060", "") == text.replace("\u2060", "")
    assert literal(literal(text)) == literal(text)


def test_imported_rich_text_stays_defused_through_cleaning_and_as_words() -> None:
    imported = literal(clean("<p>[<b></b>[first_name|x]]</p>"))

    assert fields_in(clean(imported)) == ()
    assert fields_in(words_of(imported)) == ()

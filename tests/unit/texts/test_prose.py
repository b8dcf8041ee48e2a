import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from newsletter.texts.passages import LINK, LIST, PUBLISHER, Passage, Shape
from newsletter.texts.prose import filled
from newsletter.texts.rules import TextRefused, accepted

PASSAGE = Passage("mail.x", "body", "x", Shape.PROSE, knows=(LIST, PUBLISHER, LINK))
PRINTED = "{% for paragraph in text %}[{{ paragraph }}]{% endfor %}"

TYPED = st.text(
    st.one_of(st.sampled_from("{}<>&\"'%#\n abc"), st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    max_size=40,
)
WORDS = st.lists(st.one_of(TYPED, st.sampled_from(["{list}", "{publisher}", "\n\n", "{{ 7*7 }}", "<b>"])), max_size=6)


def as_html(text: object) -> str:
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(PRINTED).render(text=text)


def as_text(text: object) -> str:
    environment = SandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
    return environment.from_string(PRINTED).render(text=text)


def test_paragraphs_lines_and_placeholders() -> None:
    text = filled("Hallo,\n{list} & mehr.\n\n{link}\n\nEnde", {"list": "A <b>"})

    assert as_text(text) == "[Hallo,\nA <b> & mehr.][][Ende]"
    assert as_html(text) == "[Hallo,<br>\nA &lt;b&gt; &amp; mehr.][][Ende]"
    assert [paragraph.is_link for paragraph in text] == [False, True, False]


def test_a_heading_is_one_line_of_escaped_words() -> None:
    heading = filled("Zu {list}", {"list": "<i>\nA"})

    assert Environment(autoescape=True).from_string("{{ h }}").render(h=heading) == "Zu &lt;i&gt; A"
    assert SandboxedEnvironment(autoescape=False).from_string("{{ h }}").render(h=heading) == "Zu <i> A"


def test_a_value_is_filled_once_and_stays_on_its_line() -> None:
    text = filled("{list} {publisher}", {"list": "{publisher} {link}", "publisher": "A\r\nBcc: x\n\n{link}"})

    assert as_text(text) == "[{publisher} {link} A Bcc: x {link}]"


def test_a_placeholder_without_a_value_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        filled("{list}", {})


@given(WORDS, TYPED, TYPED)
@settings(max_examples=300)
def test_no_text_and_no_value_is_ever_markup_or_template(words: list[str], name: str, publisher: str) -> None:
    try:
        text = accepted("".join(words), passage=PASSAGE)
    except TextRefused:
        return
    values = {"list": name, "publisher": publisher}

    prose = filled(text, values)

    printed = as_html(prose)
    assert re.findall(r"<[^>]*>", printed) == ["<br>"] * printed.count("<br>\n")
    assert html.unescape(printed.replace("<br>\n", "\n")) == as_text(prose)


@given(TYPED)
def test_what_has_no_placeholder_is_shown_as_it_was_accepted(typed: str) -> None:
    try:
        text = accepted(typed, passage=PASSAGE)
    except TextRefused:
        return

    if "{" not in text:
        assert "\n\n".join(str(paragraph) for paragraph in filled(text, {})) == text

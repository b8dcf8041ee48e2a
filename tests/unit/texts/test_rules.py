import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.characters import is_blank
from newsletter.texts.letters import CONFIRMATION
from newsletter.texts.pages import CONFIRM
from newsletter.texts.passages import LIST, Passage, Shape
from newsletter.texts.rules import TextRefused, accepted

SUBJECT, BODY, BUTTON = (CONFIRMATION.passage(part) for part in ("subject", "body", "button"))
LEAD, HINT = CONFIRM.passage("lead"), CONFIRM.passage("hint")
FREE = Passage("page.x", "lead", "x", Shape.PROSE, knows=(LIST,))


@pytest.mark.parametrize(
    ("passage", "text", "kept"),
    [
        (SUBJECT, "  Bitte bestätigen: {list}\r\n", "Bitte bestätigen: {list}"),
        (SUBJECT, "Gru\u0308ße von {publisher}", "Grüße von {publisher}"),
        (SUBJECT, "Guten\tTag\ufeff", "Guten Tag"),
        (BODY, "Eins\r\n{list} \n\n\n\n {link} \r\rDrei\u2028Vier", "Eins\n{list}\n\n{link}\n\nDrei\nVier"),
        (HINT, "<b>fett</b> & {{", None),
        (HINT, "<b>fett</b> & mehr", "<b>fett</b> & mehr"),
        (HINT, "Fragen? www.example.org/hilfe", "Fragen? www.example.org/hilfe"),
        (LEAD, "👩‍💻 {list} %(list)s %s {list}", "👩‍💻 {list} %(list)s %s {list}"),
        (BODY, "z.B. am 1.12. um 9.30 Uhr, d.h. bald: u.a. für {list} e.V.\n\n{link}", ...),
    ],
)
def test_what_is_taken_and_how_it_is_kept(passage: Passage, text: str, kept: object) -> None:
    if kept is None:
        with pytest.raises(TextRefused):
            accepted(text, passage=passage)
        return

    assert accepted(text, passage=passage) == (text if kept is ... else kept)


@pytest.mark.parametrize(
    ("passage", "text", "reason"),
    [
        (SUBJECT, "", "it is empty. Reset it, and the product's own text stands there again."),
        (SUBJECT, " \u00ad\n\u200b ", "it is empty. Reset it, and the product's own text stands there again."),
        (SUBJECT, "x" * 151, "it has 151 characters, and 150 are the most."),
        (BODY, "x" * 3000 + "\n\n{link}", "it has 3008 characters, and 3000 are the most."),
        (BUTTON, "x" * 61, "it has 61 characters, and 60 are the most."),
        (SUBJECT, "Eins\nBcc: b@example.org", "it has to be one line."),
        (SUBJECT, "Eins\r\n\r\nZwei", "it has to be one line."),
        (SUBJECT, "Klingel\x07", "it holds a character that nobody sees (U+0007)."),
        (SUBJECT, "Nichts\x00", "it holds a character that nobody sees (U+0000)."),
        (SUBJECT, "Halb\ud800", "it holds a character that nobody sees (U+D800)."),
        (SUBJECT, "um\u202egedreht", "it holds a character that nobody sees (U+202E)."),
        (
            SUBJECT,
            "Für {name}",
            "“{name}” means nothing here; in curly brackets there is {list}, {publisher}, {days}.",
        ),
        (
            SUBJECT,
            "{{ list }}",
            "“{{ list }}” means nothing here; in curly brackets there is {list}, {publisher}, {days}.",
        ),
        (SUBJECT, "{%if 1%}", "“{%if 1%}” means nothing here; in curly brackets there is {list}, {publisher}, {days}."),
        (SUBJECT, "{LIST}", "“{LIST}” means nothing here; in curly brackets there is {list}, {publisher}, {days}."),
        (SUBJECT, "{list", "A single “{” means nothing here; in curly brackets there is {list}, {publisher}, {days}."),
        (SUBJECT, "{link}", "“{link}” means nothing here; in curly brackets there is {list}, {publisher}, {days}."),
        (BUTTON, "{list}", "“{list}” means nothing here; this text has no placeholders, and no curly brackets."),
        (
            BODY,
            "Bitte bestätigen Sie.",
            "{link} is missing, the link, in a paragraph of its own: no reader could do without it.",
        ),
        (
            BODY,
            "{list}: {link}",
            "{link} stands in a paragraph of its own, with an empty line before and after it.",
        ),
        (
            BODY,
            "{list}:\n{link}",
            "{link} stands in a paragraph of its own, with an empty line before and after it.",
        ),
        (BODY, "Ja?\n\n{link}", "{list} is missing, the name of the list: no reader could do without it."),
        (BODY, "{list}\n\n{link}\n\n{link}", "{link} stands there twice; once is enough."),
        (LEAD, "Bitte bestätigen Sie.", "{list} is missing, the name of the list: no reader could do without it."),
    ],
)
def test_what_is_refused_and_why(passage: Passage, text: str, reason: str) -> None:
    with pytest.raises(TextRefused) as refused:
        accepted(text, passage=passage)

    assert refused.value.reason == reason
    assert str(refused.value) == f"The text for {passage.name} cannot stand there: {reason}"


@pytest.mark.parametrize(
    "web",
    [
        "https://shop.example.org/angebot",
        "http://1.2.3.4/",
        "HTTPS://x",
        "www.example.org",
        "example.org",
        "t.co/x",
        "x.de",
        "müller.de",
        "presse@example.org",
        "ｅｘａｍｐｌｅ．ｏｒｇ",
        "example。org",
        "{list}.de",
        "(example.org)",
        "ftp://x",
    ],
)
def test_a_confirmation_has_no_address_of_the_web_beside_its_own(web: str) -> None:
    for passage, text in ((BODY, f"Lesen Sie zu {{list}} auch {web}!\n\n{{link}}"), (SUBJECT, f"Neu: {web}")):
        with pytest.raises(TextRefused, match="is advertising to somebody who has not asked for it"):
            accepted(text, passage=passage)


def kept_or_refused(text: str, passage: Passage) -> tuple[str | None, str]:
    try:
        return accepted(text, passage=passage), ""
    except TextRefused as refused:
        return None, refused.reason


TYPED = st.text(
    st.one_of(
        st.sampled_from("{}<>&\"'%\n\r\t .@/x\u0301\u00ad\u200b\u2028\u202e\x00\x0b\x1cé"),
        st.characters(codec="utf-8"),
    ),
    max_size=60,
)


@given(TYPED, st.sampled_from([SUBJECT, BODY, BUTTON, LEAD, HINT, FREE]))
@settings(max_examples=300)
def test_whatever_is_typed_is_refused_in_a_sentence_or_kept_for_good(text: str, passage: Passage) -> None:
    kept, reason = kept_or_refused(text, passage)

    if kept is None:
        assert reason.endswith(".")
        return
    assert accepted(kept, passage=passage) == kept
    assert not is_blank(kept)
    assert unicodedata.is_normalized("NFC", kept)
    assert not {unicodedata.category(character) for character in kept.replace("\n", "")} & {"Cc", "Cs"}
    assert all(placeholder.written in kept for placeholder in passage.needs)

"""Each rule, with what it finds and what it leaves alone."""

import dataclasses

import pytest

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.rules import (
    alternative_texts,
    fallbacks,
    imprint,
    left_tokens,
    link_targets,
    public_pages,
    reply_address,
    service_links,
    size,
    stories,
    subject_line,
    topics,
    translation,
)
from newsletter.checks.subject import Subject
from newsletter.content import translating
from newsletter.content.blocks import Block, Button, Divider, IssueContent, LeadStory, Picture, Story, Text
from newsletter.rendering.compiled import Mailbox, Part, Slot
from newsletter.rendering.compiling import compile_issue
from newsletter.rendering.frame import Frame
from newsletter.settings import NOT_LINKED
from tests.support.editions import a_frame, the_design


def a_subject(*blocks: Block, subject: str = "Betreff", preheader: str = "", frame: Frame | None = None) -> Subject:
    content = IssueContent(subject, preheader, blocks)
    frame = frame or a_frame()
    return Subject(content=content, compiled=compile_issue(content, frame=frame, design=the_design()), frame=frame)


def with_html(*html: Part, text: tuple[Part, ...] = (Slot("links.unsubscribe"), Slot("links.view"))) -> Subject:
    subject = a_subject()
    return dataclasses.replace(subject, compiled=dataclasses.replace(subject.compiled, html=html, text=text))


def told(findings: object) -> list[tuple[str, str, str | None]]:
    assert hasattr(findings, "__iter__")
    found: list[Finding] = list(findings)
    for finding in found:
        assert finding.de.endswith((".", "?"))
        assert finding.en.endswith((".", "?"))
        assert finding.de != finding.en
    return [(finding.code, finding.severity.value, finding.block) for finding in found]


@pytest.mark.parametrize(("text", "is_found"), [("", True), (" \n\u200b ", True), ("Landkreis", False)])
def test_imprint(text: str, is_found: bool) -> None:  # noqa: FBT001
    assert (
        told(imprint.check(a_subject(frame=a_frame(imprint=text)))) == [("imprint_missing", "error", None)] * is_found
    )


def test_service_links_of_the_shipped_design_are_found() -> None:
    assert told(service_links.check(a_subject())) == []


def test_service_links_missing_in_either_part() -> None:
    def a(name: str) -> tuple[Part, ...]:
        return ('<a href="', Slot(f"links.{name}"), '">x</a>')

    no_html = with_html(*a("view"))
    no_text = with_html(*a("view"), *a("unsubscribe"), text=())
    as_words_only = with_html(*a("view"), "<p>", Slot("links.unsubscribe"), "</p>")

    assert told(service_links.check(no_html)) == [("unsubscribe_missing", "error", None)]
    assert told(service_links.check(no_text)) == [
        ("unsubscribe_missing", "error", None),
        ("view_missing", "error", None),
    ]
    assert told(service_links.check(as_words_only)) == [("unsubscribe_missing", "error", None)]
    assert told(service_links.check(with_html(*a("unsubscribe")))) == [("view_missing", "error", None)]


def test_a_measured_variant_needs_its_own_way_to_stop_in_either_part() -> None:
    unmeasured = dataclasses.replace(a_subject(), measured=True)
    compiled = compile_issue(unmeasured.content, frame=unmeasured.frame, design=the_design(), measured=True)
    measured = dataclasses.replace(unmeasured, compiled=compiled)

    assert told(service_links.check(unmeasured)) == [("measuring_missing", "error", None)] * 2
    assert told(service_links.check(measured)) == []


@pytest.mark.parametrize(
    ("reply_to", "is_found"), [(None, True), (Mailbox("", ""), True), (Mailbox("", "a@example.org"), False)]
)
def test_reply_address(reply_to: Mailbox | None, is_found: bool) -> None:  # noqa: FBT001
    found = told(reply_address.check(a_subject(frame=a_frame(reply_to=reply_to))))

    assert found == [("reply_address_missing", "error", None)] * is_found


def test_a_picture_without_a_description_is_a_warning() -> None:
    described, bare = Picture("a.jpg", "Ein Bus", 9, 9), Picture("b.jpg", " ", 9, 9)

    found = told(
        alternative_texts.check(
            a_subject(Story("gut", "T", "", picture=described), LeadStory("schlecht", "T", "", picture=bare))
        )
    )

    assert found == [("alt_missing", "warning", "schlecht")]


@pytest.mark.parametrize(
    ("html", "is_found"),
    [
        ('<a href="https://a.example"><img src="x" alt=""></a>', True),
        ('<a href="https://a.example"><img src="x"></a>', True),
        ('<a href="https://a.example"><img src="x" alt="Zum Programm"></a>', False),
        ('<a href="https://a.example"><img src="x" alt=""> Programm</a>', False),
        ('<a href="https://a.example" aria-label="Programm"><img src="x" alt=""></a>', False),
        ('<img src="x" alt="">', False),
    ],
)
def test_a_link_that_is_only_a_picture_needs_a_description(html: str, is_found: bool) -> None:  # noqa: FBT001
    found = told(alternative_texts.check(with_html(html)))

    assert found == [("linked_picture_without_alt", "error", None)] * is_found


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("https://example.org/x", None),
        ("mailto:presse@example.org", None),
        ("tel:+4983820", None),
        ("https://[2001:db8::1]/x", None),
        ("HTTPS://EXAMPLE.ORG", None),
        ("http://example.org/x", "link_unencrypted"),
        ("#", "link_empty"),
        ("example.org/x", "link_malformed"),
        ("/x", "link_malformed"),
        ("https://", "link_malformed"),
        ("https://www", "link_malformed"),
        ("https://exa mple.org", "link_malformed"),
        ("http://[", "link_malformed"),
        ("javascript:alert(1)", "link_malformed"),
    ],
)
def test_link_targets_of_stories(link: str, code: str | None) -> None:
    found = told(link_targets.check(a_subject(Story("s", "T", "<p>x</p>", link=link))))

    assert found == ([(code, "warning" if code == "link_unencrypted" else "error", "s")] if code else [])


def test_a_story_needs_no_link_but_a_button_does() -> None:
    assert told(link_targets.check(a_subject(Story("s", "T", ""), Divider("d")))) == []
    assert set(told(link_targets.check(a_subject(Button("b", "Los", " "))))) == {("link_empty", "error", "b")}


def test_links_inside_rich_text_are_looked_at() -> None:
    nested = '<ul><li>a<ul><li><a href="http://a.example">b</a></li></ul></li></ul><blockquote><a href="http://b.example">c</a></blockquote>'

    assert told(link_targets.check(a_subject(Text("t", nested)))) == [("link_unencrypted", "warning", "t")] * 2


@pytest.mark.parametrize("html", ["<a>x</a>", '<a href="">x</a>', '<a href=" # ">x</a>'])
def test_empty_links_of_a_design_are_found(html: str) -> None:
    assert told(link_targets.check(with_html(html))) == [("link_empty", "error", None)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Guten Tag {{ first_name }}", "token_left"),
        ("{% if x %}", "token_left"),
        ("%%EMAIL%%", "token_left"),
        ("*|FNAME|*", "token_left"),
        ("[[vorname|Sie]]", "token_left"),
        ("[[first_name |Sie]]", "token_left"),
        ("Lorem ipsum dolor", "draft_left"),
        ("TODO: Zahl prüfen", "draft_left"),
        ("[[first_name|Sie]] und 100 % {gut} [x]", None),
        ("[\u2060[vorname|Sie]]", None),
        ("Mastodon", None),
        ("50%% bis 60%%", None),
    ],
)
def test_placeholders(text: str, code: str | None) -> None:
    severity = "warning" if code == "draft_left" else "error"

    assert told(left_tokens.check(a_subject(Text("t", f"<p>{text}</p>")))) == ([(code, severity, "t")] if code else [])
    assert told(left_tokens.check(a_subject(subject=text))) == ([(code, severity, None)] if code else [])


def test_placeholders_are_found_in_every_field() -> None:
    token = "%%X%%"
    picture = Picture("a.jpg", token, 9, 9, credit=token, caption=token)
    story = Story("s", token, f"<p>{token}</p>", link_text=token, date=token, picture=picture)

    found = told(left_tokens.check(a_subject(story, Button("b", token, "https://a.example"), preheader=token)))

    assert found == [("token_left", "error", None)] + [("token_left", "error", "s")] * 7 + [
        ("token_left", "error", "b")
    ]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("[[first_name]]", True),
        ("[[first_name|Sie]]", False),
        ("[[title|]]", False),
        ("[[address]]", False),
        ("x", False),
    ],
)
def test_fallbacks(text: str, is_found: bool) -> None:  # noqa: FBT001
    assert told(fallbacks.check(a_subject(Text("t", text)))) == [("fallback_missing", "error", "t")] * is_found
    assert told(fallbacks.check(a_subject(subject=text))) == [("fallback_missing", "error", None)] * is_found


@pytest.mark.parametrize(
    ("length", "code"),
    [(92_160, None), (92_161, "nearly_too_large"), (104_448, "nearly_too_large"), (104_449, "too_large")],
)
def test_size(length: int, code: str | None) -> None:
    severity = "error" if code == "too_large" else "warning"

    assert told(size.check(with_html("x" * length))) == ([(code, severity, None)] if code else [])


def test_size_counts_bytes_and_the_values_of_slots() -> None:
    assert size.size_bytes(("ü",)) == 2
    assert size.size_bytes((Slot("links.view"),)) == 220
    assert size.size_bytes((Slot("recipient.name"),)) == 60


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("", ("subject_missing", "error")),
        (" \u200b ", ("subject_missing", "error")),
        ("x" * 70, None),
        ("x" * 71, ("subject_long", "warning")),
        ("[[first_name|Sie]] " + "x" * 66, None),
    ],
)
def test_subject_line(subject: str, expected: tuple[str, str] | None) -> None:
    found = told(subject_line.check(a_subject(subject=subject)))

    assert found == ([(*expected, None)] if expected else [])


def test_public_pages() -> None:
    subject = dataclasses.replace(a_subject(), public_problems=("NEWSLETTER_BASE_URL is http://x.", "More."))

    assert told(public_pages.check(subject)) == [("public_url", "error", None)] * 2
    assert told(public_pages.check(a_subject())) == []


def test_what_the_settings_lack_is_told_in_both_languages() -> None:
    problems = (NOT_LINKED % {"name": "NEWSLETTER_IMPRINT_URL"},)

    (finding,) = public_pages.check(dataclasses.replace(a_subject(), public_problems=problems))

    assert finding.de.endswith(
        "NEWSLETTER_IMPRINT_URL ist nicht gesetzt: Jede öffentliche Seite muss darauf verweisen."
    )
    assert finding.en.endswith("NEWSLETTER_IMPRINT_URL is not set: every public page must link it.")


def test_stories() -> None:
    assert told(stories.check(a_subject(Text("t", "x")))) == [("no_stories", Severity.WARNING.value, None)]
    assert told(stories.check(a_subject(Story("s", "T", "")))) == []
    assert told(stories.check(a_subject(LeadStory("s", "T", "")))) == []


def test_topics_that_make_too_many_mails_or_are_gone() -> None:
    six, seven = (
        dataclasses.replace(
            a_subject(*(Text(f"b{number}", "<p>x</p>", topics=(f"t{number}",)) for number in range(many))),
            topics=frozenset(f"t{number}" for number in range(many)),
        )
        for many in (6, 7)
    )

    assert told(topics.check(six)) == []
    assert told(topics.check(seven)) == [("too_many_variants", "error", None)]
    assert told(topics.check(dataclasses.replace(six, topics=frozenset({"t0", "t1", "t2", "t3", "t4"})))) == [
        ("topic_gone", "warning", "b5")
    ]


def test_what_is_written_in_the_first_language_alone_is_named_once_a_block() -> None:
    blocks = (
        Story("b1", "Fest", "<p>Am See.</p>", link="https://a.example"),
        Text("b2", "<p>x</p>"),
        Button("b3", "Los", "https://a.example"),
        Divider("b4"),
    )
    subject = a_subject(*blocks, subject="Neues", preheader="Aus der Region")
    words = {"preheader": "From here", "b1.title": "Festival", "b2.text": "<p>y</p>"}
    content = translating.with_words(translating.begun(subject.content, "en"), words)

    found = list(translation.check(dataclasses.replace(subject, content=content)))

    assert told(found) == [
        ("subject_words_missing", "warning", None),
        ("words_missing", "warning", "b1"),
        ("words_missing", "warning", "b3"),
    ]
    assert [finding.en for finding in found] == [
        "Readers of English get the German words: Subject.",
        "Readers of English get the German words: Text.",
        "Readers of English get the German words: Words on the button.",
    ]
    assert {finding.language for finding in found} == {"en"}
    assert told(translation.check(subject)) == []


def test_a_second_language_counts_for_the_number_of_mails() -> None:
    six = a_subject(*(Text(f"b{number}", "<p>x</p>", topics=(f"t{number}",)) for number in range(6)))
    both = dataclasses.replace(
        six, content=translating.begun(six.content, "en"), topics=frozenset(f"t{number}" for number in range(6))
    )

    [found] = topics.check(both)

    assert told([found]) == [("too_many_variants", "error", None)]
    assert "with the second language more than 64" in found.en


def test_in_a_second_language_the_link_to_view_asks_for_it() -> None:
    subject = a_subject()
    compiled = compile_issue(subject.content, frame=a_frame(language="en"), design=the_design(), second=True)

    assert told(service_links.check(dataclasses.replace(subject, compiled=compiled))) == []
    assert (Slot("links.view"), "?lang=en") in [
        (part, str(after)[:8]) for part, after in zip(compiled.html, compiled.html[1:], strict=False)
    ]

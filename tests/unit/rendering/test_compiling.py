"""The whole chain, and every trap of the libraries in it that can meet us."""

import html as entities
import re
import unicodedata
from html.parser import HTMLParser

import css_inline
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.blocks import Button, IssueContent, LeadStory, Picture, Story, Text
from newsletter.content.characters import is_blank
from newsletter.rendering import compiling, templates
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Slot
from newsletter.rendering.compiling import compile_issue
from newsletter.rendering.design import Design
from newsletter.rendering.errors import ColourInvalid, TemplateInvalid
from newsletter.rendering.view import without_marks
from tests.support.editions import a_frame, an_edition, the_design

SHELL = (
    '<mjml lang="{{ language }}" dir="{{ direction }}"><mj-head><mj-title>{{ issue.subject }}</mj-title>'
    "HEAD</mj-head><mj-body><mj-section><mj-column>BODY"
    '<mj-text><a href="{{ links.unsubscribe }}">a</a> <a href="{{ links.view }}">b</a></mj-text>'
    "</mj-column></mj-section></mj-body></mjml>"
)
TEXT = """{{ links.unsubscribe }} {{ links.view }}
{% for block in issue.blocks %}{{ block.title }}
{{ block.text }}
{% endfor %}"""


def a_design(body: str = "<mj-text>x</mj-text>", *, head: str = "", theme: str = "", **files: str) -> Design:
    mjml = SHELL.replace("HEAD", head).replace("BODY", body)
    return Design("test", {"issue.mjml": mjml, "issue.txt": TEXT, "theme.css": theme, **files})


def html_of(compiled: CompiledIssue) -> str:
    return "".join(f"SLOT({part.expression})" if isinstance(part, Slot) else part for part in compiled.html)


def text_of(compiled: CompiledIssue) -> str:
    return "".join(f"SLOT({part.expression})" if isinstance(part, Slot) else part for part in compiled.text)


def rendered(design: Design, *blocks: Story | Text | LeadStory | Button, subject: str = "Betreff") -> str:
    return html_of(compile_issue(IssueContent(subject, "", blocks), frame=a_frame(), design=design))


class Shown(HTMLParser):
    """The visible words, the attributes and the tags of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.attributes: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self._hidden = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._hidden += tag in {"style", "title"}
        if tag in {"p", "div", "td", "li", "br", "h1", "h2", "h3", "h4"}:
            self.words += " "

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data


def test_a_whole_edition_compiles_to_both_parts_and_its_headers() -> None:
    compiled = compile_issue(an_edition(), frame=a_frame(), design=the_design())

    assert compiled.subject == ("Die Uferpromenade wird neu – was Sie jetzt wissen sollten",)
    assert compiled.sender == Mailbox("Landkreis Seeblick", "presse@seeblick.example")
    assert compiled.reply_to == Mailbox("", "presse@seeblick.example")
    assert compiled.list_id == "seeblick-aktuell.seeblick.example"
    assert compiled.language == "de"
    assert not compiled.automatic
    expressions = {part.expression for part in compiled.html if isinstance(part, Slot)}
    assert expressions == {
        "links.view",
        "links.preferences",
        "links.unsubscribe",
        'recipient.first_name or "liebe Leserin, lieber Leser"',
    }
    assert expressions == {part.expression for part in compiled.text if isinstance(part, Slot)}


def test_the_same_input_gives_the_same_bytes() -> None:
    first = compile_issue(an_edition(), frame=a_frame(), design=the_design())
    templates._environment.cache_clear()

    assert compile_issue(an_edition(), frame=a_frame(), design=the_design()).to_json() == first.to_json()


def test_language_direction_title_and_document_type_are_set() -> None:
    html = rendered(a_design(), subject="Grüße & mehr")

    assert re.match('<!DOCTYPE html>\n?<html lang="de" dir="ltr"', html)
    assert "<title>Grüße &amp; mehr</title>" in html


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Zeile\r\nzwei\tdrei", "Zeile zwei drei"),
        ("C:\\neu\\u{ad}", "C:\\neu\\u{ad}"),
        ("„so“ und 'so' und \"so\"", "„so“ und 'so' und \"so\""),
        ("a\xa0b", "a\xa0b"),
        ("Bundes\xadtag", "Bundes\xadtag"),
        ("u\u0308ber e\u0301", "über é"),
        ("👩\u200d🔬 ❤\ufe0f", "👩\u200d🔬 ❤\ufe0f"),
        ("x\u0323\u0307\u0302", unicodedata.normalize("NFC", "x\u0323\u0307\u0302")),
        ("<script> & {{ 7*7 }}", "<script> & {{ 7*7 }}"),
    ],
    ids=["breaks", "backslash", "quotes", "no-break", "soft hyphen", "decomposed", "joined emoji", "marks", "markup"],
)
def test_attribute_values_arrive_as_written(written: str, read: str) -> None:
    """The compiler prints attributes as Rust does for debugging: `\\n`, `\\u{a0}`, `\\"`."""
    design = a_design(
        '{% for b in issue.blocks %}<mj-image src="x.png" alt="{{ b.title }}" />'
        '<mj-text><p title="{{ b.title }}">x</p></mj-text>{% endfor %}'
    )

    attributes = Shown(rendered(design, Story("s", written, ""))).attributes

    assert ("alt", read) in attributes
    assert ("title", read) in attributes


def test_a_style_over_several_lines_survives() -> None:
    html = rendered(a_design('<mj-text><p style="color: red;\n  margin: 0;">x</p></mj-text>'))

    assert "color: red; margin: 0;" in html or "color:red; margin:0" in html
    assert "\\n" not in html


def test_words_on_two_lines_of_a_template_are_not_glued() -> None:
    """The compiler drops white space that begins with a line break."""
    html = rendered(a_design("<mj-text><i>eins</i>\n<b>zwei</b>\n\n<i>drei</i></mj-text>"))

    assert "eins zwei drei" in " ".join(Shown(html).words.split())


def test_short_paddings_count_in_outlooks_widths() -> None:
    columns = "<mj-column><mj-text>a</mj-text></mj-column>"
    mjml = (
        a_design()
        .files["issue.mjml"]
        .replace("</mj-body>", f'<mj-section padding="0 24px">{columns * 2}</mj-section></mj-body>')
    )
    design = Design("test", {**a_design().files, "issue.mjml": mjml})

    assert rendered(design).count("width:276px") == 2  # (600 - 48) / 2


def test_halves_of_pixels_and_made_up_attributes_are_mended() -> None:
    columns = '<mj-column><mj-button href="https://a.example">x</mj-button></mj-column>' * 7
    mjml = a_design().files["issue.mjml"].replace("</mj-body>", f"<mj-section>{columns}</mj-section></mj-body>")

    html = rendered(Design("test", {**a_design().files, "issue.mjml": mjml}))

    assert "width:86px" in html
    assert not re.search(r"width:[0-9]+\.[0-9]+px", html)
    assert " vertical-align=" not in html


def test_no_font_server_is_called() -> None:
    html = rendered(a_design('<mj-text font-family="Roboto, Ubuntu, &quot;Open Sans&quot;">x</mj-text>'))

    assert "fonts.googleapis.com" not in html
    assert "@import" not in html


def test_style_sheets_arrive_as_written() -> None:
    """No `!important` is taken out, and nothing premailer does not know is dropped."""
    css = (
        ".a > b { color: red !important; } @media (max-width: 400px) { .a { color: blue !important; } }"
        " [data-ogsc] .a { color: #fff !important; } @supports (display: grid) { .a { color: red } }"
    )

    html = rendered(a_design(head=f"<mj-style>{css}</mj-style>"))

    assert css in html
    assert "data-premailer" not in html


def test_conditional_comments_survive() -> None:
    head = "<mj-raw><!--[if mso]><style>td { color: red; }</style><![endif]--></mj-raw>"
    body = "<mj-raw><!--[if !mso]><!--></mj-raw><mj-text>nicht Outlook</mj-text><mj-raw><!--<![endif]--></mj-raw>"

    html = rendered(a_design(body, head=head))

    assert "<!--[if mso]><style>td { color: red; }</style><![endif]-->" in html
    assert "<!--[if !mso]><!-->" in html
    assert html.count("<!--[if") == html.count("<![endif]-->")


def test_outlooks_widths_of_pictures_stay_numbers() -> None:
    html = rendered(a_design('<mj-image src="x.png" alt="" width="174px" />', theme="img { width: 100%; }"))

    assert 'width="174"' in html
    assert not re.search('<img[^>]* width="100%"', html)


def test_the_theme_is_written_into_elements_and_what_they_have_wins() -> None:
    design = a_design(
        '<mj-text css-class="t"><p>a</p><p style="color:blue">b</p></mj-text>', theme=".t p { color: red; }"
    )

    html = rendered(design)

    assert re.search(r'<p style="color:\s?red;?">a</p>', html)
    assert re.search(r'<p style="color:\s?blue;?">b</p>', html)


def test_the_mail_grows_by_little_when_styled() -> None:
    """Inlining the compiler's own reset rules would make it a quarter larger."""
    design = the_design()
    plain = Design(design.name, {**design.files, "theme.css": ""})

    styled = len(html_of(compile_issue(an_edition(), frame=a_frame(), design=design)))
    bare = len(html_of(compile_issue(an_edition(), frame=a_frame(), design=plain)))

    assert styled < bare * 1.25


def test_umlauts_and_spaces_in_targets_are_encoded() -> None:
    html = rendered(the_design(), Story("s", "T", "", link="https://example.org/grüße an/?q=ä&b=1"))

    assert 'href="https://example.org/gr%C3%BC%C3%9Fe%20an/?q=%C3%A4&amp;b=1"' in html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "#", "/relativ", "data:text/html,x"])
def test_a_target_no_mail_can_carry_becomes_no_link(link: str) -> None:
    html = rendered(the_design(), Story("s", "Titel", "<p>x</p>", link=link))

    assert link not in {value for name, value in Shown(html).attributes if name == "href"}


@pytest.mark.parametrize(
    "text", ["{{ 7*7 }}", "{% if a < b %}", "{{ links.view }}", "<script>alert(1)</script>", "5 < 6 & 7"]
)
def test_typed_template_source_and_markup_stay_text(text: str) -> None:
    content = IssueContent(text, text, (Story("s", text, f"<p>{entities.escape(text)}</p>", date=text),))

    compiled = compile_issue(content, frame=a_frame(), design=the_design())

    shown = Shown(html_of(compiled))
    assert shown.words.count(text) == 4  # preheader, title, date, text
    assert "script" not in shown.tags
    assert text_of(compiled).count(text) == 3
    assert compiled.subject == (text,)


@pytest.mark.parametrize(
    "text",
    [
        'x="a\\nb\\u{ad}" vertical-align="middle" style="width:3.5px"',
        '<td vertical-align="middle" style="width:3.5px">',
        '<style data-premailer="ignore">',
        '<img src="x">',
        '<p data-at="issue.txt:1">',
        "<!--[if mso]>x",
        "<!doctype html>",
    ],
)
def test_words_that_look_like_what_is_mended_or_checked_stay_words(text: str) -> None:
    content = IssueContent(text, text, (Story("s", text, f"<p>{entities.escape(text)}</p>"),))

    compiled = compile_issue(content, frame=a_frame(), design=the_design())

    assert Shown(html_of(compiled)).words.count(text) == 3  # preheader, title, text
    assert text_of(compiled).count(text) == 2


def test_rich_text_that_nobody_cleaned_is_cleaned() -> None:
    html = rendered(the_design(), Text("t", "<p onclick=x>a<script>b</script><img src=y><style>c</style>"))

    assert ("onclick", "x") not in Shown(html).attributes
    assert "script" not in Shown(html).tags


def test_deep_nesting_in_a_text_ends_no_process() -> None:
    html = rendered(the_design(), Text("t", "<blockquote><ul><li><em><div>" * 10_000 + "Wort"))

    assert "Wort" in html


def test_typed_words_never_become_a_slot() -> None:
    first = compile_issue(IssueContent("a", "", ()), frame=a_frame(), design=the_design())
    slots = [part.expression for part in first.html if isinstance(part, Slot)]

    again = compile_issue(IssueContent("xNL00000000S0x", "", ()), frame=a_frame(), design=the_design())

    assert [part.expression for part in again.html if isinstance(part, Slot)] == slots
    assert again.subject == ("xNL00000000S0x",)


def test_merge_fields_are_slots_in_every_place_a_word_can_stand() -> None:
    field = "[[first_name|Leser]]"
    picture = Picture("a.jpg", field, 800, 600, credit=field, caption=field)
    story = Story(
        "s", field, f"<p>{field}</p>", link="https://a.example/", link_text=field, date=field, picture=picture
    )

    compiled = compile_issue(IssueContent(field, field, (story,)), frame=a_frame(), design=the_design())

    expression = 'recipient.first_name or "Leser"'
    assert compiled.subject == (Slot(expression),)
    # preheader; page title twice; picture; legend twice; date; title; text; link and its name twice
    assert sum(part == Slot(expression) for part in compiled.html) == 12
    assert field not in html_of(compiled)
    assert field not in text_of(compiled)


def test_a_fallback_is_as_written_in_rich_text_too() -> None:
    compiled = compile_issue(
        IssueContent("S", "", (Text("t", "<p>[[name|Müller &amp; Söhne „x“]]</p>"),)),
        frame=a_frame(),
        design=the_design(),
    )

    assert Slot('recipient.name or "Müller & Söhne „x“"') in compiled.html
    assert Slot('recipient.name or "Müller & Söhne „x“"') in compiled.text


def test_defused_text_shows_its_brackets_in_both_parts() -> None:
    compiled = compile_issue(
        IssueContent("S", "", (Text("t", "<p>[\u2060[first_name|x]]</p>"),)), frame=a_frame(), design=the_design()
    )

    assert "[[first_name|x]]" in text_of(compiled)
    assert "[[first_name|x]]" in html_of(compiled).replace("\u2060", "")


@pytest.mark.parametrize("colour", ["red", "#12", "#1f5673;}", "url(x)"])
def test_a_brand_colour_that_is_none_is_refused(colour: str) -> None:
    with pytest.raises(ColourInvalid, match="write it like #0a5c7a"):
        compile_issue(an_edition(), frame=a_frame(brand={"colour": colour}), design=the_design())


def test_a_library_that_loses_a_slot_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "mjml2html", lambda _, fonts: f"<!doctype html><html><body>{fonts}</body></html>")

    with pytest.raises(TemplateInvalid, match="reader's own words was lost"):
        rendered(a_design())


def test_css_inline_agrees_with_how_styles_were_inlined() -> None:
    """Another implementation, given the same compiled HTML and theme, styles every element alike."""
    theme = ".t p { color: #102030; margin: 0 0 14px 0; } .t a { font-weight: bold; } .t .b { color: #405060; }"
    body = (
        '<mj-text css-class="t"><p>a <a href="https://a.example">b</a></p><p class="b">c</p>'
        '<p style="color:#000001">d</p></mj-text>'
    )
    ours = rendered(a_design(body, theme=theme))
    oracle = css_inline.CSSInliner(
        inline_style_tags=False, keep_style_tags=True, extra_css=theme, load_remote_stylesheets=False
    ).inline(rendered(a_design(body)))

    assert _styles(ours) == _styles(oracle)
    assert len(_styles(ours)) > 10


def _styles(html: str) -> list[dict[str, str]]:
    return [
        {
            name.strip(): re.sub(r"\b0px\b", "0", value.strip())
            for name, _, value in (pair.partition(":") for pair in style.split(";"))
            if name.strip()
        }
        for name, style in Shown(html).attributes
        if name == "style"
    ]


SCRIPTS = ["Grüße", "u\u0308", "x\u0323\u0307", "مرحبا", "שלום", "\u202e", "👩\u200d🔬", "❤\ufe0f", "W" * 998, "\u0338"]
SPACES = ["\r\n", "\n", "\t", "  ", "\xa0", "\xad", "\u200b", "\u2028", "\x85", "\u2060", "\x00", "\ud800", "\ufffe"]
MARKUP = [
    "<script>alert(1)</script>",
    "</mj-text>",
    "<!--",
    "-->",
    "]]>",
    '"',
    "'",
    "\\n",
    "\\",
    "&amp;",
    "&nbsp;",
    "&",
    "<",
    ">",
]
FIELDS = ["{{ 7*7 }}", "{% if %}", "{#", "[[first_name|Sie]]", "[[", "]]", "%%X%%", "*|X|*", "xNL0S0x", 'data-at="x:1"']
NASTY = st.sampled_from(SCRIPTS + SPACES + MARKUP + FIELDS)
WORDS = st.lists(st.one_of(NASTY, st.text(max_size=6)), max_size=8).map("".join)


@settings(max_examples=60, deadline=None)
@given(title=WORDS, body=WORDS, link=WORDS, subject=WORDS)
def test_whatever_is_written_is_shown(title: str, body: str, link: str, subject: str) -> None:
    """In both parts, with all tokens in place; compared as `_normal` says."""
    story = Story(
        "s", title, body, link=f"https://example.org/{link}", date=title, picture=Picture("a.jpg", title, 9, 9)
    )
    content = IssueContent(subject, subject, (LeadStory("l", title, f"<p>{entities.escape(body)}</p>"), story))

    compiled = compile_issue(content, frame=a_frame(), design=the_design())

    shown = Shown(html_of(compiled))
    words = _normal(shown.words)
    assert words.count(_normal(title)) >= 3
    assert _normal(body) in words
    assert _normal(body) in _normal(text_of(compiled))
    assert shown.tags.isdisjoint({"script", "mj-text", "mjml"})
    assert {"links.view", "links.unsubscribe"} <= {part.expression for part in compiled.html if isinstance(part, Slot)}
    assert not re.search("xNL[0-9a-f]{8}S", html_of(compiled) + text_of(compiled))
    "".join(part for part in (*compiled.html, *compiled.text, *compiled.subject) if isinstance(part, str)).encode()


def _normal(text: str) -> str:
    """Words alone: composed, slots for merge fields, then without white space, controls and what nobody sees."""
    text = unicodedata.normalize("NFC", text.replace("[[first_name|Sie]]", 'SLOT(recipient.first_name or "Sie")'))
    return "".join(character for character in text if not is_blank(character) and _is_text(character))


def _is_text(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs", "Cn"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_only_the_measured_variant_has_the_link_to_stop_measuring(language: str) -> None:
    frame = a_frame(language=language)
    plain = compile_issue(an_edition(), frame=frame, design=the_design())
    measured = compile_issue(an_edition(), frame=frame, design=the_design(), measured=True)

    link = Slot("links.measuring")
    assert (link in plain.html, link in plain.text, plain.is_measured) == (False, False, False)
    assert (link in measured.html, link in measured.text, measured.is_measured) == (True, True, True)
    stop = "Messung beenden" if language == "de" else "Stop measuring"
    assert stop in "".join(part for part in measured.text if isinstance(part, str))
    assert CompiledIssue.from_json(measured.to_json()).is_measured


def test_a_preview_knows_its_blocks_and_is_else_what_is_sent() -> None:
    sent = compile_issue(an_edition(), frame=a_frame(), design=the_design())
    preview = compile_issue(an_edition(), frame=a_frame(), design=the_design(), marked=True)

    html = "".join(part for part in preview.html if isinstance(part, str))
    marks = {mark.removesuffix("-outlook") for mark in re.findall("block-of-([a-z0-9-]+)", html)}
    assert marks == {block.id for block in an_edition().blocks}
    assert not any("block-of" in part for part in sent.html if isinstance(part, str))
    assert tuple(without_marks(part) if isinstance(part, str) else part for part in preview.html) == sent.html

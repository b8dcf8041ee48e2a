import pytest

from newsletter.rendering.compiling import compile_issue
from newsletter.rendering.design import Design
from newsletter.rendering.errors import TemplateInvalid
from tests.support.editions import a_frame, an_edition

ISSUE = """<mjml>
  <mj-head>HEAD</mj-head>
  <mj-body>
    <mj-section>
      <mj-column>
        {% include "blocks/part.mjml" %}
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""


def mistake_in(part: str, *, head: str = "", theme: str = "", issue: str = ISSUE, text: str = "x") -> TemplateInvalid:
    files = {
        "issue.mjml": issue.replace("HEAD", head),
        "blocks/part.mjml": part,
        "theme.css": theme,
        "issue.txt": text,
    }
    with pytest.raises(TemplateInvalid) as caught:
        compile_issue(an_edition(), frame=a_frame(), design=Design("test", files))
    return caught.value


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("<mj-foo />", "there is no element <mj-foo>"),
        ("<MJ-TEXT>x</MJ-TEXT>", "there is no element <MJ-TEXT>"),
        ('<mj-text foo="1">x</mj-text>', "<mj-text> has no attribute “foo”"),
        ('<mj-text padding="abc">x</mj-text>', "is no length"),
        ('<mj-text color="red" color="blue">x</mj-text>', "has an attribute twice"),
        ("<mj-section></mj-section>", "<mj-section> stands in <mj-column>; it belongs into <mj-body>, <mj-wrapper>"),
        ("<mj-text><mj-text>x</mj-text></mj-text>", "<mj-text> stands in <mj-text>"),
        ("<mj-text>x</mj-txt>", "</mj-txt> stands where </mj-text> would close"),
        ("<mj-text><b>x</i></mj-text>", "</i> stands where </b> would close"),
        ("<mj-text>x", "</mj-column> stands where </mj-text> would close"),
        ("<mj-text>5 < 6</mj-text>", "a “<” that begins no tag"),
        ("<mj-text><p>a<p>b</mj-text>", "</mj-text> stands where </p> would close"),
        ("<mj-text><p class=a>b</p></mj-text>", "a “<” that begins no tag"),
        ("<mj-text><br></br></mj-text>", "this element has no closing tag"),
        ("Worte", "the words “Worte” stand in <mj-column>"),
        ("<p>x</p>", "<p> stands outside of mj-text"),
        ('<mj-image src="a.png" />', "has no alt"),
        ('<mj-image alt="a" />', "has no src"),
        ('<mj-text><img src="a.png"></mj-text>', "has no alt"),
        ('<mj-social><mj-social-element name="x" href="y">Z</mj-social-element></mj-social>', "has no alt"),
        ("<mj-text><script>x</script></mj-text>", "<script> cannot be used"),
        ("<mj-text><link href='x'></mj-text>", "<link> cannot be used"),
        ('<mj-include path="x.mjml" />', "take Jinja's"),
        ('<mj-raw position="file-start">x</mj-raw>', "the compiler does not know the attribute"),
        ("{{ issue.titel }}", "has no attribute 'titel'"),
        ("{{ nix }}", "'nix' is undefined"),
        ("{{ 1 // 0 }}", "zero"),
        ("{{ issue.__class__.__mro__ }}", "unsafe"),
        ("{% for x in range(1000000) %}{% endfor %}", "Range too big"),
        ("{% if %}", "Expected an expression"),
        ('{% include "fehlt.mjml" %}', "the design has no file “fehlt.mjml”"),
        ('{% include "../../etc/passwd" %}', "the design has no file"),
        ('{% include "blocks/part.mjml" %}', "recursion"),
        ("<mj-text>" + "<i>" * 101 + "</i>" * 101 + "</mj-text>", "more than 100 elements are nested"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_file_and_line(part: str, reason: str) -> None:
    mistake = mistake_in(f"{{# Zeile 1 #}}\n\n{part}\n")

    assert reason in str(mistake)
    assert str(mistake).startswith("The design has a mistake in ")
    assert (mistake.name, mistake.line) in {("blocks/part.mjml", 3), ("issue.mjml", 5)}


def test_words_after_a_wrong_element_are_reported_where_they_stand() -> None:
    mistake = mistake_in('<mj-text>a</mj-text>\n<mj-button href="x">b</mj-button>\n<mj-divider colour="red" />')

    assert (mistake.name, mistake.line) == ("blocks/part.mjml", 3)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ('<mj-font name="Open Sans" href="https://fonts.example/" />', "calls a stranger's server"),
        ("<mj-html-attributes></mj-html-attributes>", "the compiler does not know it"),
        ('<mj-style inline="inline">p {}</mj-style>', "belong into theme.css"),
        ("<mj-style>p { color: red }", "<mj-style> is never closed"),
        ('<mj-attributes><mj-text fot-size="1px" /></mj-attributes>', "has no attribute “fot-size”"),
        ("<mj-text>x</mj-text>", "<mj-text> stands in <mj-head>"),
        ("<mj-style>@media (width <= 480px) { a { color: red } }</mj-style>", "the compiler cannot read “<”"),
    ],
)  # fmt: skip
def test_mistakes_in_the_head(head: str, reason: str) -> None:
    mistake = mistake_in("", head=head)

    assert reason in mistake.reason
    assert (mistake.name, mistake.line) == ("issue.mjml", 2)


@pytest.mark.parametrize(
    ("theme", "line", "reason"),
    [
        ("/* @media\n */\np { color: red }\n@media screen { p { color: red } }", 4, "put them into the head"),
        ('a[href="x,y"] { color: red; }', None, "cannot be inlined"),
        ("{{ nix }}", 1, "'nix' is undefined"),
    ],
)
def test_mistakes_in_the_theme(theme: str, line: int | None, reason: str) -> None:
    mistake = mistake_in("<mj-text><a href='x'>x</a></mj-text>", theme=theme)

    assert reason in mistake.reason
    assert (mistake.name, mistake.line) == ("theme.css", line)


def test_a_mistake_in_the_text_part() -> None:
    mistake = mistake_in("", text="a\nb\n{{ nix }}")

    assert (mistake.name, mistake.line) == ("issue.txt", 3)


def test_a_document_that_is_no_mjml() -> None:
    assert "does not begin with <mjml>" in str(mistake_in("", issue="<html></html>"))


def test_what_mjml_allows_is_not_refused() -> None:
    part = """
        <mj-text padding="0 10px" font-size="16px"><p title='a "b"'>5 &lt; 6<br>x<img src="a" alt=""><hr/></p></mj-text>
        <mj-image src="a.png" alt="" href="https://a.example" />
        <mj-table><tr><td nowrap>x</td></tr></mj-table>
        <mj-spacer height="20px" /><mj-divider />
        <mj-navbar><mj-navbar-link href="https://a.example">a</mj-navbar-link></mj-navbar>
        <mj-social mode="vertical">
          <mj-social-element src="a.png" alt="" href="https://a.example">x</mj-social-element>
        </mj-social>
        <mj-accordion><mj-accordion-element>
          <mj-accordion-title>t</mj-accordion-title><mj-accordion-text>x</mj-accordion-text>
        </mj-accordion-element></mj-accordion>
        <mj-carousel><mj-carousel-image src="a.png" alt="a" /></mj-carousel>
        <!-- eine Bemerkung mit <mj-foo> -->
    """
    head = (
        '<mj-title>t</mj-title><mj-preview>p</mj-preview><mj-breakpoint width="500px" />'
        '<mj-attributes><mj-all color="#000000" /><mj-class name="a" font-size="1px" />'
        '<mj-text padding="0" /></mj-attributes>'
        "<mj-style>@media (max-width: 480px) { .a > b { color: red } }</mj-style>"
        "<mj-raw><meta name='a' content='b'></mj-raw>"
    )
    files = {"issue.mjml": ISSUE.replace("HEAD", head), "blocks/part.mjml": part, "issue.txt": "x"}

    compiled = compile_issue(an_edition(), frame=a_frame(), design=Design("test", files))

    assert "@media (max-width: 480px) { .a > b { color: red } }" in str(compiled.html)
    assert "Bemerkung" not in str(compiled.html)

import time
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.richtext import clean, links_in, with_words, words_of

FRAGMENTS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "</b>",
        "<em>",
        "</em>",
        "<ul>",
        "<ol>",
        "<li>",
        "</ul>",
        "<blockquote>",
        "</blockquote>",
        "<br>",
        "<br><br>",
        "<h1>",
        "</h1>",
        "<h5>",
        '<a href="/weg">',
        '<a href="https://example.org/ä?[[x]]&y=1">',
        "</a>",
        "<script>alert(1)</script>",
        "<table><tr><td>",
        "</table>",
        "<!-- nichts -->",
        "&nbsp;",
        "&#0;",
        "u&#776;",
        "\u0338",
        " ",
        "\n",
        "Wort",
        "&lt;p>",
        "<pre>",
        "&shy;",
    ]
)
HTML = st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=25).map("".join)


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.deepest = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(f"{tag}@{name}" for name, _ in attrs)}
        if tag != "br":
            self.open.append(tag)
        self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Guten Tag", "<p>Guten Tag</p>"),
        ("<b>fett</b> und <i>schräg</i>", "<p><strong>fett</strong> und <em>schräg</em></p>"),
        ("<div>eins</div><div>zwei</div>", "<p>eins</p><p>zwei</p>"),
        ("<p>eins<p>zwei", "<p>eins</p><p>zwei</p>"),
        ("eins<br>zwei<br><br>drei", "<p>eins<br>zwei</p><p>drei</p>"),
        ("<h1>Groß</h1><h6>Klein</h6>", "<h3>Groß</h3><h4>Klein</h4>"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("<ol><li><p>a</p><p>b</p></li></ol>", "<ol><li>a<br>b</li></ol>"),
        ("<table><tr><td>eins<td>zwei</table>", "<p>eins</p><p>zwei</p>"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>"),
        ("<p>&nbsp;</p><p> </p><p>\u200b</p>", ""),
        ("<p> a <b> b </b> c </p>", "<p>a <strong>b </strong>c</p>"),
        ("<strong><p>a</p><p>b</p></strong>", "<p><strong>a</strong></p><p><strong>b</strong></p>"),
        ("5 < 6 & 7 > 3", "<p>5 &lt; 6 &amp; 7 &gt; 3</p>"),
        ("<!-- a --><script>b</script><style>c</style><svg><text>d</text></svg>e", "<p>e</p>"),
        ('<p onclick="x" style="color:red" class="y">a<img src="x" onerror="y"></p>', "<p>a</p>"),
        ("<em>\u0338x</em>", "<p><em>&#824;x</em></p>"),
        ("{{ 7*7 }} {% if a < b %}", "<p>{{ 7*7 }} {% if a &lt; b %}</p>"),
    ],
)
def test_html_becomes_rich_text(given: str, expected: str) -> None:
    assert clean(given) == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://example.org/a?b=1&amp;c=2", "https://example.org/a?b=1&amp;c=2"),
        ("HTTPS://example.org", "https://example.org"),
        ("mailto:presse@example.org", "mailto:presse@example.org"),
        ("tel:+49 8382 1", "tel:+49%208382%201"),
        ("/weg#ziel", "https://example.org/weg#ziel"),
        ("?seite=2", "https://example.org/news/liste?seite=2"),
        ("//example.net/x", "https://example.net/x"),
        ("https://münchen.example/ä ö", "https://xn--mnchen-3ya.example/%C3%A4%20%C3%B6"),
        ("https://example.org/[[first_name]]", "https://example.org/%5B%5Bfirst_name%5D%5D"),
    ],
)
def test_link_targets_become_absolute_and_encoded(href: str, expected: str) -> None:
    cleaned = clean(f'<a href="{href}">x</a>', base_url="https://example.org/news/liste")

    assert cleaned == f'<p><a href="{expected}">x</a></p>'


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "ftp://example.org", "http://[", "#", ""],
)
def test_a_target_no_mail_can_carry_leaves_the_words(href: str) -> None:
    assert clean(f'<p>Zum <a href="{href}">Programm</a></p>') == "<p>Zum Programm</p>"


def test_a_relative_target_without_a_base_leaves_the_words() -> None:
    assert clean('<a href="/weg">Weg</a> <a href="//example.org/x">Ziel</a>') == "<p>Weg Ziel</p>"


def test_decomposed_accents_are_composed_even_where_entities_hid_them() -> None:
    assert clean("Gru\u0308ße u&#776;ber") == "<p>Grüße über</p>"


def test_characters_no_reader_sees_are_dropped() -> None:
    assert clean("a\x00b\x07c\ud800d\ufffee&#1;f") == "<p>abcdef</p>"


@pytest.mark.parametrize("tag", ["em", "div", "ul><li", "blockquote", "span", "a href=/x", "table><tr><td", "svg"])
def test_thirty_thousand_nested_tags_cost_neither_depth_nor_time(tag: str) -> None:
    begun = time.process_time()

    cleaned = clean(f"<{tag}>" * 30_000 + "Wort")

    assert time.process_time() - begun < 3
    assert Tags(cleaned).deepest <= 20


@settings(max_examples=150, deadline=None)
@given(HTML)
def test_cleaning_twice_changes_nothing(html: str) -> None:
    cleaned = clean(html, base_url="https://example.org/")

    assert clean(cleaned) == cleaned
    assert unicodedata.normalize("NFC", cleaned) == cleaned


@settings(max_examples=150, deadline=None)
@given(HTML)
def test_rich_text_is_well_formed_and_holds_allowed_tags_only(html: str) -> None:
    tags = Tags(clean(html))

    assert not tags.open
    assert tags.seen <= {"p", "br", "strong", "em", "a", "a@href", "ul", "ol", "li", "blockquote", "h3", "h4"}


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(categories=["L", "N", "P"], exclude_characters="<>&"), max_size=30))
def test_words_survive(text: str) -> None:
    assert words_of(f"<p>{text}</p>") == unicodedata.normalize("NFC", text).strip()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>eins</p><p>zwei<br>drei</p>", "eins\n\nzwei\ndrei"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c"),
        ("<ol><li>a<br>b</li><li>c</li></ol>", "1. a\n   b\n2. c"),
        ('<p><a href="https://example.org/x">Zum <b>Fest</b></a>!</p>', "Zum Fest (https://example.org/x)!"),
        ('<a href="https://example.org/x">https://example.org/x</a>', "https://example.org/x"),
        ('<a href="mailto:a@example.org">a@example.org</a>', "a@example.org"),
        ('<a href="mailto:a@example.org">Anna</a>', "Anna (a@example.org)"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "  a\n\n  b"),
        ("<h3>Titel</h3><p>a &amp; b</p>", "Titel\n\na & b"),
        ("Bundes\xadtag\u200b Wort\ufeff\u2060e", "Bundestag Worte"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
    ],
)
def test_rich_text_becomes_plain_words(html: str, expected: str) -> None:
    assert words_of(html) == expected


def test_with_words_changes_words_and_never_tags() -> None:
    changed = with_words('<p>a <a href="https://a.example/a">a</a> &lt;</p>', lambda text: text.replace("a", "b"))

    assert changed == '<p>b <a href="https://a.example/a">b</a> <</p>'


def test_links_are_listed_in_order_from_every_depth() -> None:
    html = (
        '<p><a href="https://a.example">a <b>b</b></a> <a href="/x">n</a></p><ul><li><a href="https://b.example">c</a>'
        '<ol><li><a href="mailto:c@d.example">d</a></li></ol></li></ul>'
        '<blockquote><p><a href="https://a.example">e</a></p></blockquote>'
    )

    assert links_in(html) == ("https://a.example", "https://b.example", "mailto:c@d.example", "https://a.example")

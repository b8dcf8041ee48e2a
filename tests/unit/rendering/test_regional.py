"""The default design: what can be told without a browser. The rest is in tests/e2e."""

import re
from html.parser import HTMLParser

import pytest

from newsletter.checks.rules.size import size_bytes
from newsletter.content.blocks import Button, IssueContent, LeadStory, Picture, Story, Text
from newsletter.rendering.compiled import CompiledIssue, Slot
from newsletter.rendering.compiling import compile_issue
from tests.support.editions import a_frame, an_edition, the_design


def compiled(content: IssueContent | None = None, *, language: str = "de") -> CompiledIssue:
    return compile_issue(content or an_edition(), frame=a_frame(language=language), design=the_design())


def joined(parts: tuple[str | Slot, ...]) -> str:
    return "".join(part if isinstance(part, str) else "SLOT" for part in parts)


class Outline(HTMLParser):
    """Headings, visible words, pictures and links, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.words: list[str] = []
        self.pictures: list[dict[str, str]] = []
        self.links: list[dict[str, str]] = []
        self.tables: list[dict[str, str]] = []
        self._silent = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        for name, found in (("img", self.pictures), ("a", self.links), ("table", self.tables)):
            if tag == name:
                found.append(given)
        if tag in {"style", "title"} or given.get("class") == "preheader":
            self._silent = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += re.findall(r"\w+", data)


def test_headings_step_down_one_by_one() -> None:
    assert Outline(joined(compiled().html)).headings == ["h1", "h2", "h2", "h2", "h2"]


def test_both_parts_carry_the_same_words() -> None:
    """SpamAssassin adds 2.2 points to a mail whose parts differ."""
    issue = compiled()
    text = re.sub(r"\(?https://\S+\)?", "", joined(issue.text))

    assert set(re.findall(r"\w+", text)) == set(Outline(joined(issue.html)).words)


def test_pictures_have_a_width_an_alt_and_an_address_at_the_site() -> None:
    pictures = Outline(joined(compiled().html)).pictures

    assert [(picture["src"], picture["width"]) for picture in pictures] == [
        ("https://news.seeblick.example/media/promenade.jpg", "640"),
        ("https://news.seeblick.example/media/bus.jpg", "200"),
    ]
    assert all(picture["alt"] for picture in pictures)


@pytest.mark.parametrize(
    ("size", "width"), [((1280, 720), "640"), ((500, 300), "500"), ((800, 1600), "300"), ((9, 0), "9")]
)
def test_a_lead_picture_is_neither_blown_up_nor_taller_than_a_screen(size: tuple[int, int], width: str) -> None:
    lead = LeadStory("l", "T", "<p>x</p>", picture=Picture("a b.jpg", "alt", *size))

    (picture,) = Outline(joined(compiled(IssueContent("S", "", (lead,))).html)).pictures

    assert picture["width"] == width
    assert picture["src"].endswith("/media/a%20b.jpg")


def test_every_link_makes_sense_alone() -> None:
    links = Outline(joined(compiled().html)).links

    more = [link["aria-label"] for link in links if "aria-label" in link]
    assert more == [
        "Weiterlesen: Die Uferpromenade wird neu: Ab Mai rollen die Bagger",
        "Weiterlesen: Sechs neue Buslinien verbinden die Dörfer",
        "Weiterlesen: 120 zusätzliche Kitaplätze bis zum Herbst",
    ]
    assert all(link["href"] for link in links)


def test_both_parts_link_to_leave_to_choose_and_to_view() -> None:
    issue = compiled()

    for parts in (issue.html, issue.text):
        slots = {part.expression for part in parts if isinstance(part, Slot)}
        assert {"links.unsubscribe", "links.preferences", "links.view"} <= slots


def test_layout_tables_are_marked_as_such() -> None:
    assert all(table.get("role") == "presentation" for table in Outline(joined(compiled().html)).tables)


def test_the_preheader_is_hidden_and_keeps_the_body_out_of_the_preview() -> None:
    html = joined(compiled().html)

    match = re.search(r'<div class="preheader" style="([^"]*)">([^<]*)</div>', html)
    assert match
    assert "display:none" in match[1].replace(" ", "")
    assert "mso-hide:all" in match[1].replace(" ", "")
    assert "color" not in match[1]  # white on white looks like spam
    assert match[2].startswith("Ab Mai wird gebaut.")
    assert match[2].count("\u034f\u200c\xa0") == 80


def test_without_a_preheader_there_is_no_empty_one() -> None:
    assert 'class="preheader"' not in joined(compiled(IssueContent("S", "", ())).html)


def test_labels_are_in_the_publications_language() -> None:
    german, english = compiled(), compiled(language="en")

    assert "Sie erhalten diese E-Mail, weil Sie „Seeblick aktuell“ abonniert haben." in joined(german.html)
    assert "Abmelden: SLOT" in joined(german.text)
    assert "You receive this e-mail because you subscribed to “Seeblick aktuell”." in joined(english.html)
    assert "Unsubscribe: SLOT" in joined(english.text)
    assert 'lang="en"' in joined(english.html)


def test_an_item_costs_less_than_five_kilobytes() -> None:
    text = "<p>" + "Ein Satz mit ungefähr sechzig Zeichen, wie er dort oft steht. " * 4 + "</p>"
    story = Story("s", "Eine Überschrift mittlerer Länge", text, link="https://a.example/x", date="4. April 2026")

    one = size_bytes(compiled(IssueContent("S", "", (story,) * 10)).html)
    two = size_bytes(compiled(IssueContent("S", "", (story,) * 11)).html)

    assert two - one < 5 * 1024


def test_the_text_part_reads_well() -> None:
    content = IssueContent(
        "S",
        "",
        (
            Text("t", "<p>Guten Tag,</p><p>das Wichtigste.</p>"),
            Story("s", "Titel", "<p>Text</p>", link="https://a.example/x", link_text="Zum Programm", date="4. April"),
            Button("b", "Anmelden", "https://a.example/y"),
        ),
    )

    assert joined(compiled(content).text) == (
        "Seeblick aktuell\n"
        "Ausgabe 12 · April 2026\n\n"
        "Im Browser ansehen: SLOT\n\n\n"
        "Guten Tag,\n\n"
        "das Wichtigste.\n\n\n"
        "Titel\n"
        "4. April\n\n"
        "Text\n\n"
        "Zum Programm: https://a.example/x\n\n\n"
        "Anmelden: https://a.example/y\n\n\n"
        "----------------------------------------\n\n"
        "Sie erhalten diese E-Mail, weil Sie „Seeblick aktuell“ abonniert haben.\n\n"
        "Abmelden: SLOT\n"
        "Einstellungen ändern: SLOT\n"
        "Im Browser ansehen: SLOT\n\n"
        "Landkreis Seeblick, Pressestelle\n"
        "Uferweg 3, 88131 Seeblick\n"
        "Telefon 08382 270-0\n"
    )

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.news.article import Article, NoArticle
from newsletter.news.decoding import decoded
from newsletter.news.textfiles import article_of_markdown, article_of_text

ASSETS = Path(__file__).parents[2] / "assets" / "news"


def text(*lines: str) -> Article:
    return article_of_text("\n".join(lines), origin="a.txt")


def markdown(*lines: str) -> Article:
    return article_of_markdown("\n".join(lines), origin="a.md")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_a_press_release_as_a_text_file(encoding: str, line_end: str) -> None:
    written = (ASSETS / "mitteilung.txt").read_text("utf-8").replace("\n", line_end).encode(encoding)

    assert article_of_text(decoded(written), origin="mitteilung.txt") == Article(
        title="Seenregionen beraten über Nahverkehr und gemeinsame Fahrpläne",
        date=dt.date(2019, 4, 4),
        lead="Heute und morgen treffen sich die Vertreterinnen und Vertreter der neun Seenregionen zu ihrer"
        " Frühjahrsrunde. Auf dem Tisch liegen u.a. ein Entwurf zum Thema „Ein Fahrschein für alle Ufer“ sowie die"
        " Frage,"
        " wer die Nachtlinien bezahlt.",
        body="<p>Gastgeberin der 21. Runde am 4. und 5. April 2019 in Moosach und Altweiler ist die Region Seenland."
        " Bereits"
        " gestern sahen sich die Gäste den neuen Anleger an, an dem Bus und Schiff denselben Takt haben.</p>"
        "<p>„Wer am Abend aus dem Konzert kommt, fragt nicht, in welchem Landkreis die Haltestelle steht. Er fragt,"
        " wann"
        " der nächste Bus fährt “, so Greta Sommer, Geschäftsführerin der Seenland Verbund GmbH.</p>"
        "<p>Zu diesem Thema laden die Regionen am 4. Juni 2019 nach Brunnfeld ein. Dort wird der gemeinsame Entwurf"
        " vorgestellt. Außerdem ist geplant, Beispiele aus allen neun Regionen zu zeigen.</p>"
        "<p>Auf der heutigen Tagesordnung steht zudem der Blick auf die nächsten zehn Jahre. Zuletzt hatten sich die"
        " Regionen 2012 auf Ziele verständigt. „Sieben Sommer später fahren mehr Räder auf den Schiffen als Autos"
        " auf den"
        " Fähren. Darauf wollen wir antworten“, betont Greta Sommer.</p>"
        "<p>Die Runde der Seenregionen vereint Altweiler, Auental, Brunnfeld, Moosach, Nordufer, Steinach, Südbucht,"
        " Talheim"
        " und Wexau. Sie trifft sich zweimal im Jahr jeweils an einem anderen Ufer.</p>",
        credit="Foto: Greta Sommer, Geschäftsführerin der Seenland Verbund GmbH",
        language="de",
    )


def test_wrapped_lines_are_one_paragraph() -> None:
    found = text("Titel", "", "Der erste Satz geht", "auf der zweiten Zeile weiter.", "", "Der zweite Absatz.")

    assert found.lead == "Der erste Satz geht auf der zweiten Zeile weiter."
    assert found.body == "<p>Der zweite Absatz.</p>"


def test_text_may_stand_right_under_headline_and_date() -> None:
    found = text("Neuer Steg eröffnet", "4. April 2019", "Der Steg ist offen." * 12, "", "Mehr folgt.")

    assert (found.title, found.date) == ("Neuer Steg eröffnet", dt.date(2019, 4, 4))
    assert found.lead == "Der Steg ist offen." * 12


def test_a_headline_may_be_underlined_and_wrapped() -> None:
    found = text("Neuer Steg in", "Lindau eröffnet", "===============", "", "Der Steg ist offen.")

    assert (found.title, found.lead) == ("Neuer Steg in Lindau eröffnet", "Der Steg ist offen.")


def test_a_date_before_the_headline_is_no_headline() -> None:
    found = text("Lindau, 4. April 2019", "", "Neuer Steg eröffnet", "", "Der Steg ist offen.")

    assert (found.title, found.date) == ("Neuer Steg eröffnet", dt.date(2019, 4, 4))


def test_lines_with_dashes_are_a_list() -> None:
    found = text("Titel", "", "Es gibt", "", "- Kaffee", "- Kuchen & Tee")

    assert found.body == "<ul><li>Kaffee</li><li>Kuchen &amp; Tee</li></ul>"


def test_markup_in_a_text_file_is_text() -> None:
    assert (
        text("Titel", "", "Eins.", "", "a < b <b>c</b> {{ d }}").body == "<p>a &lt; b &lt;b&gt;c&lt;/b&gt; {{ d }}</p>"
    )


@pytest.mark.parametrize(
    "content",
    ["", "\n\n", "Nur eine Überschrift", "4. April 2019", "Titel\n\nMehr News\n\nAnderes", "\x00\x01PK\x03\n\nbinär"],
)
def test_a_file_without_an_article_is_a_clear_error(content: str) -> None:
    with pytest.raises(NoArticle, match=r"^There is no article in a.txt"):
        text(content)


def test_a_markdown_file_with_front_matter() -> None:
    written = (ASSETS / "mitteilung.md").read_text("utf-8")

    assert article_of_markdown(written, origin="mitteilung.md") == Article(
        title="Bücherschrank zieht in den alten Kiosk",
        date=dt.date(2024, 9, 17),
        lead="Der Bücherschrank von Steinach zieht um: Ab Samstag steht er im alten Kiosk am Bahnhof.",
        body="<p>„Hier wird man nicht nass, wenn man blättert“, sagt Patin Pia Lang.<br>Sie hat den Schlüssel.</p>"
        "<ul><li>offen von acht bis acht</li><li>tauschen statt kaufen</li></ul>"
        '<p>Mehr dazu <a href="https://www.steinach.example/kiosk/regeln">im Netz</a>,'
        " &lt;script&gt;alert(1)&lt;/script&gt;"
        " und sonst nirgends.</p>",
        credit="Foto: Pia Lang",
        link="https://www.steinach.example/kiosk",
        language="de",
        image_url="kiosk.png",
        image_alt="Ein Kiosk mit blauem Dach",
    )


def test_a_markdown_file_without_front_matter_has_its_first_heading_as_title() -> None:
    found = markdown(
        "# Neuer *Steg* eröffnet", "", "4. April 2019", "", "Der Steg ist offen.", "", "## Näheres", "", "Bald."
    )

    assert found == Article(
        title="Neuer Steg eröffnet",
        date=dt.date(2019, 4, 4),
        lead="Der Steg ist offen.",
        body="<h3>Näheres</h3><p>Bald.</p>",
        language="de",
    )


def test_dangerous_links_in_markdown_lose_their_target() -> None:
    found = markdown(
        "# Titel", "", "Eins.", "", "[a](javascript:alert(1)) [b](data:text/html,x) [c](https://c.example/)"
    )

    assert "javascript" not in found.body.replace("(javascript:alert(1))", "")
    assert 'href="https://c.example/"' in found.body
    assert found.body.count("href") == 1


def test_a_link_in_front_matter_must_be_one_for_the_web() -> None:
    assert markdown("---", "title: T", "link: javascript:alert(1)", "---", "Ein Satz.").link == ""


@given(st.text(max_size=400))
@settings(max_examples=80)
def test_any_text_is_survived(content: str) -> None:
    for read in (article_of_text, article_of_markdown):
        try:
            found = read(content, origin="a")
        except NoArticle:
            continue
        assert found.title
        assert "\n" not in found.title + found.lead

"""Pages of our own, of different build: all of an article must be found, and nothing else."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.news.article import Article, NoArticle
from newsletter.news.decoding import decoded
from newsletter.news.extraction import extract

ASSETS = Path(__file__).parents[2] / "assets" / "news"
URL = "https://www.press.example/n/7"
SENTENCE = "Ein ganzer Satz, der lang genug ist, um als Absatz zu gelten."
STORY = f"<h1>Neuer Steg eröffnet</h1><p>{SENTENCE}</p>"


def article_of(name: str) -> Article:
    return extract(decoded((ASSETS / name).read_bytes()), url=URL, origin=name)


def article(html: str) -> Article:
    return extract(html, url=URL, origin=URL)


def test_a_semantic_page_with_json_ld() -> None:
    assert article_of("semantic.html") == Article(
        title="Seenland eröffnet Werkstatt für Hofnachfolge",
        date=dt.date(2026, 3, 12),
        lead="Wer einen Hof übernehmen will, findet in Altweiler jetzt Rat unter einem Dach: Die Region Seenland hat"
        " dort am Donnerstag ihre Werkstatt für Hofnachfolge eröffnet.",
        body="<p>„Auf vielen Höfen ist offen, wer einmal weitermacht“, sagte Landrätin Ida Brandl. „Hier soll darüber"
        " gesprochen werden, <em>bevor</em> der Stall leer steht.“</p>"
        "<h3>Drei Tage in der Woche geöffnet</h3>"
        "<p>In der Werkstatt beraten Fachleute zu Steuern, Baurecht und Förderung. Termine gibt es montags bis"
        " mittwochs;"
        ' eine <a href="https://www.press.example/werkstatt/anmeldung">Anmeldung im Netz</a> genügt.</p>'
        "<ul><li>Erstgespräch auf dem eigenen Hof</li><li>Planung der Übergabe mit allen Generationen</li>"
        "<li>Begleitung in den ersten zwei Jahren</li></ul>"
        "<p>Die Einrichtung kostet in drei Jahren 420.000 Euro, von denen das Land die Hälfte trägt.</p>",
        credit="Foto: Tom Ahlers, Region Seenland",
        caption="Landrätin Ida Brandl (links) und Beraterin Rosa Kern bei der Eröffnung.",
        link="https://www.seenland.example/presse/werkstatt-hofnachfolge",
        language="de",
        image_url="https://www.press.example/bilder/werkstatt-klein.jpg",
        image_alt="Zwei Frauen schneiden vor einer Scheune ein Band durch",
    )


def test_a_page_of_classes_with_a_cookie_banner() -> None:
    assert article_of("classes.html") == Article(
        title="Wärmenetz wächst in die Nordstadt",
        date=dt.date(2025, 11, 3),
        lead="Bis zum nächsten Winter schließen die Stadtwerke Brunnfeld 640 Wohnungen in der Nordstadt an das"
        " Wärmenetz"
        " an.",
        body="<p>Die Bauarbeiten beginnen im Februar an der Lindenallee. Danach folgen Abschnitt für Abschnitt die"
        " Seitenstraßen, damit der Verkehr nie ganz stillsteht.</p>"
        "<p>„Wer heute eine alte Heizung hat, soll wissen, worauf er sich verlassen kann“, erklärte Werkleiterin Nora"
        " Stein. Der Preis je Kilowattstunde bleibe bis 2028 fest.</p>"
        "<p>Gespeist wird das Netz aus der Abwärme des Klärwerks und aus einem Holzkessel, der nur an den kältesten"
        " Tagen"
        " läuft.</p>",
        credit="Bild: Stadtwerke/J. Roth",
        caption="Noch liegen die Rohre am Rand der Grube.",
        link=URL,
        language="de",
        image_url="https://www.press.example/media/rohre.jpg",
        image_alt="Rohre an einer Baugrube",
    )


def test_a_page_of_bare_divs() -> None:
    assert article_of("divs.html") == Article(
        title="Studierende bauen Messnetz für Stadtbäume",
        date=dt.date(2025, 6, 5),
        lead="Wie durstig ist eine Linde im Juli? Das wollen vierzig Studierende der Hochschule Talheim genau wissen"
        " und"
        " haben 120 Fühler in der Erde der Altstadt vergraben.",
        body="<p>Die Fühler melden jede Stunde, wie feucht der Boden ist. Das Bauamt gießt nun dort, wo es nötig"
        " ist, und"
        " spart nach eigener Rechnung ein Drittel des Wassers.</p>"
        "<p>„Am Anfang stand eine Wette im Seminar“, erzählt Professorin Helga Moor. „Jetzt fragen andere Städte bei"
        " uns"
        " an.“</p>"
        "<p>Im Herbst wird das Netz auf die Parks am Fluss erweitert. Die Daten stehen allen offen.</p>",
        credit="Foto: Hochschule Talheim/Lena Voss",
        link=URL,
        language="de",
    )


def test_a_page_with_its_date_in_the_lead() -> None:
    assert article_of("dateline.html") == Article(
        title="Rufbus fährt künftig auch am Sonntag",
        date=dt.date(2019, 4, 4),
        lead="Auental, 4.4.2019. Der Rufbus im Kreis Auental fährt ab Mai auch an Sonn- und Feiertagen. Das hat der"
        " Kreistag am Montagabend einstimmig beschlossen.",
        body="<p>Bestellt wird wie bisher bis eine Stunde vor der Fahrt, am Telefon oder im Netz. Eine Fahrt kostet"
        " so viel"
        " wie ein Busfahrschein; wer ein Abo hat, zahlt nichts dazu.</p>"
        "<p>„Der Sonntag war die Lücke, nach der wir am häufigsten gefragt wurden“, sagte Verkehrsplaner Emil Dorn."
        " Am 1. Juni 2019 beginnt eine Befragung der Fahrgäste.</p>",
        link=URL,
        language="de",
    )


def test_a_page_of_tables_and_line_breaks() -> None:
    assert article_of("tables.html") == Article(
        title="Nachtwächter führt durch die Gassen",
        date=dt.date(2022, 10, 14),
        lead="An vier Abenden im November geht der Nachtwächter von Steinach wieder mit Gästen durch die Altstadt.",
        body="<p>Los geht es jeweils um acht Uhr am Museum. Der Weg führt über den Färbergraben zum Turm, wo ein"
        " heißer Tee"
        " wartet.</p>"
        "<p>„Wer friert, hat die falschen Schuhe an“, sagt Nachtwächter Otto Heil, der die Geschichten seit zwanzig"
        " Jahren"
        " sammelt.</p>"
        "<p>Karten zu fünf Euro gibt es an der Kasse. Kinder bis zwölf Jahre gehen umsonst mit.</p>",
        credit="Foto: Museumsverein",
        link=URL,
        language="de",
        image_url="https://www.press.example/n/bilder/laterne.jpg",
        image_alt="Laterne im Nebel",
    )


def test_a_page_in_windows_1252_that_says_iso_8859_1() -> None:
    assert article_of("windows1252.html") == Article(
        title="Telefonfallen am Vormittag",
        date=dt.date(2021, 2, 9),
        lead="Der Verbraucherring warnt vor Anrufen, bei denen eine freundliche Stimme nach dem Stromzähler fragt –"
        " und am"
        " Ende ein neuer Vertrag im Briefkasten liegt.",
        body="<p>„Niemand muss am Telefon seine Zählernummer nennen“, sagt Rechtsberaterin Ute Grün. ‚Ja‘ zu sagen"
        " genüge"
        " manchmal schon …</p>"
        "<p>Wer hereingefallen ist, kann den Vertrag binnen vierzehn Tagen widerrufen. Ein Brief von Hand reicht"
        " aus; das"
        " Porto kostet weniger als 1 €.</p>"
        "<p>Beratung gibt es dienstags und donnerstags im Bürgerhaus.</p>",
        link=URL,
        language="de",
    )


def test_an_english_page_with_broken_json_ld() -> None:
    assert article_of("english.html") == Article(
        title="Harbour ferry returns in spring",
        date=dt.date(2019, 4, 4),
        lead="The little ferry between the old quay and the lighthouse will run again from May, after five winters"
        " on dry"
        " land.",
        body="<p>“We had more letters about this boat than about anything else,” said harbour master Joan Reeve."
        " “People"
        " missed the four minutes of doing nothing.”</p>"
        "<p>The crossing costs two pounds. Bicycles travel free, and dogs pay nothing as long as they behave.</p>"
        "<p>A public open day is planned for 1 June 2019.</p>",
        credit="Photo: Wexley Archive",
        caption="The ferry in its dock last week.",
        link=URL,
        language="en",
        image_url="https://www.press.example/img/ferry.jpg",
        image_alt="A small white ferry in a dock",
    )


def test_a_municipal_page_with_its_date_in_a_footer_and_events_beside() -> None:
    assert article_of("municipal.html") == Article(
        title="Dorfladen bekommt eine Poststelle",
        date=dt.date(2023, 8, 21),
        lead="Wer in Oberwies ein Paket aufgeben will, muss dafür bald nicht mehr in die Kreisstadt fahren.",
        body="<p>Der Gemeinderat hat in seiner Sitzung am 17. August 2023 einem Vertrag mit der Post zugestimmt. Der"
        " Schalter öffnet am 2. Oktober.</p>"
        "<p><strong>Drei Stellen mehr</strong></p>"
        "<p>Für den Laden, der den Bürgerinnen und Bürgern selbst gehört, ist das ein Glück: „Mit jedem Paket kommt"
        " jemand"
        " zur Tür herein, der auch Brot braucht“, sagt Vorständin Erna Huber.</p>"
        "<p>Briefe werden werktags um 17 Uhr abgeholt.<br>Am Samstag schon um zwölf.</p>"
        '<p>Wer mithelfen möchte, meldet sich im Laden oder unter <a href="mailto:laden@oberwies.example">'
        "laden@oberwies.example</a>.</p>",
        credit="Bild: Gemeinde Oberwies",
        caption="Zwischen Obst und Zeitungen ist Platz für einen Schalter",
        link=URL,
        language="de",
        image_url="https://www.press.example/fileadmin/_processed_/laden.jpg",
        image_alt="Regale im Dorfladen",
    )


def test_a_blog_that_says_it_is_english() -> None:
    assert article_of("blog.html") == Article(
        title="Ein Wald für Wexau",
        date=dt.date(2022, 5, 19),
        lead="Auf der alten Deponie im Norden von Wexau wachsen seit dieser Woche 6.000 junge Eichen, Buchen und"
        " Wildkirschen.",
        body="<p>Gepflanzt haben sie 300 Freiwillige an drei Tagen. Es regnete an allen dreien.</p>"
        "<blockquote><p>„Wer einen Baum setzt, denkt an Menschen, die er nie treffen wird.“</p>"
        "<p><em>Försterin Jule Arndt</em></p></blockquote>"
        "<h3>Wie es weitergeht</h3>"
        "<ol><li>Im Sommer wird gegossen.</li><li>Im Herbst werden Lücken geschlossen.</li></ol>"
        "<p>Die Stiftung lädt am 3. Oktober zum ersten Rundgang ein, Treffpunkt ist das Tor an der Uferstraße.</p>",
        link="https://gruene-ufer.example/2022/ein-wald-fuer-wexau/",
        language="de",
        image_url="https://gruene-ufer.example/w/wald-1200.jpg",
    )


def test_a_page_with_kicker_and_subtitle_and_a_logo_above() -> None:
    assert article_of("transport.html") == Article(
        title="Neue Züge fahren leiser",
        date=dt.date(2021, 9, 30),
        lead="Zwölf neue Triebwagen ersetzen ab Dezember die alten Dieselzüge auf der Uferstrecke. Sie fahren mit Strom"
        " aus der Region.",
        body="<h3>Ab Dezember rollen zwölf Triebwagen auf der Uferstrecke</h3>"
        "<p>Der erste Zug kam am Dienstag auf eigenen Rädern an. Bis zum Fahrplanwechsel wird er getestet.</p>"
        "<p>Geschäftsführer Max Ruf sagte: „Wer am Bahndamm wohnt, wird uns kaum noch hören – und das ist als Lob"
        " gemeint.“</p>"
        "<p>Technische Daten:</p><ul><li>Länge: 54 Meter</li><li>Sitze: 160</li></ul>"
        '<p>Weitere Informationen: <a href="https://vt.example/zuege">vt.example/zuege</a></p>',
        credit="© VT / Karl Sand",
        link=URL,
        language="de",
        image_url="https://www.press.example/n/zug.jpg",
        image_alt="Ein weißer Zug am See",
    )


@pytest.mark.parametrize(
    "where", ["{heading}{others}", "<div>{heading}{others}</div>", "<div><div>{heading}</div>{others}</div>"]
)
@pytest.mark.parametrize(
    "heading", ["<h3>Mehr News</h3>", "<div>Weitere Meldungen</div>", "<p><b>Lesen Sie auch</b></p>"]
)
def test_other_news_are_left_out_however_they_are_boxed(where: str, heading: str) -> None:
    others = "<p>Eine fremde Meldung, die ebenso lang ist wie die eigene, um die es geht.</p>"
    more = "<p>Noch ein Absatz der Meldung selbst, damit sie länger ist als nur ein Satz.</p>"

    found = article(STORY + more + where.format(heading=heading, others=others))

    assert found.body == more


def test_a_box_with_other_news_inside_the_text_does_not_end_it() -> None:
    box = "<div><h4>Lesen Sie auch</h4><p>Eine fremde Meldung, die ebenso lang ist wie die eigene.</p></div>"
    more = "<p>Noch ein Absatz der Meldung selbst, damit sie länger ist als nur ein Satz.</p>"

    assert article(STORY + box + more).body == more


def test_other_news_before_the_headline_do_not_take_the_article_with_them() -> None:
    found = article(f"<div><h2>Aktuelle Meldungen</h2><p>Kurz notiert.</p>{STORY}</div>")

    assert found.lead == SENTENCE


def test_a_share_bar_before_the_text_does_not_take_it_along() -> None:
    bar = "<span>Teilen</span> <a href='#'>Facebook</a>"

    assert article(f"<h1>Neuer Steg eröffnet</h1>{bar}<p>{SENTENCE}</p>").lead == SENTENCE


def test_a_page_that_is_one_form_keeps_its_article() -> None:
    found = article(f"<form><title>x</title><div class='content sidebar-right'>{STORY}</div></form>")

    assert (found.title, found.lead) == ("Neuer Steg eröffnet", SENTENCE)


@pytest.mark.parametrize(
    "foot", ["<p>© 2024 Stadt</p>", "<div>Copyright 4.4.2024 Stadt</div>", "<p>Der Umbau endet am 4. April 2024.</p>"]
)
def test_the_year_of_a_footer_and_a_date_in_the_text_are_no_date_of_the_article(foot: str) -> None:
    assert article(f"{STORY}<p>{SENTENCE} Und noch einer.</p><p>{SENTENCE} Dritter.</p>{foot}").date is None


def test_the_date_of_an_event_far_below_is_not_that_of_the_article() -> None:
    below = f"<p>{SENTENCE * 12}</p><h3>Termine</h3><time datetime='2031-01-01'>1.1.2031</time>"

    assert article(STORY + below).date is None


def test_scripts_and_handlers_never_reach_the_body() -> None:
    found = article(
        STORY + f'<p onclick="x()">{SENTENCE} <a href="javascript:alert(1)">hier</a><script>alert(2)</script></p>'
    )

    assert found.body == f"<p>{SENTENCE} hier</p>"


def test_template_syntax_stays_text() -> None:
    assert "{{ 7*7 }}" in article(f"<h1>Neuer Steg</h1><p>{SENTENCE} {{{{ 7*7 }}}}</p>").lead


@pytest.mark.parametrize(
    "html",
    [
        "",
        "\0\0",
        "<!-- nichts -->",
        "<p>Nur ein Wort</p>",
        f"<p>{SENTENCE}</p>",
        "<title>Anmelden</title><form><h1>Anmelden</h1><label>Name</label><input></form>",
        f"<title>Seite nicht gefunden</title><h1>Seite nicht gefunden</h1><p>{SENTENCE}</p>",
        f"<title>404 Not Found</title><h1>404 Not Found</h1><p>{SENTENCE}</p>",
        (
            "<title>Neuer Steg eröffnet</title><div id=root></div><noscript>Please turn on JavaScript to read"
            " this.</noscript>"
        ),
        "<h1>Presse</h1>" + f"<h2><a href=/1>Eine Meldung von vielen</a></h2><p>{SENTENCE}</p>" * 4,
    ],
    ids=["empty", "NUL", "comment", "one word", "no headline", "login", "404 de", "404 en", "app", "overview"],
)
def test_a_page_without_an_article_is_a_clear_error(html: str) -> None:
    with pytest.raises(NoArticle, match=r"^There is no article in https://www.press.example/n/7: it needs a headline"):
        article(html)


def test_a_lost_page_in_the_news_is_news() -> None:
    assert article(f"<h1>Vermisste Katze noch nicht gefunden</h1><p>{SENTENCE}</p>").lead == SENTENCE


HOSTILE = {
    "nested tags": "<div>" * 100_000 + STORY,
    "nested inline tags": STORY + "<b>" * 100_000 + "x",
    "no head": STORY,
    "NULs": STORY.replace("Satz", "S\0atz"),
    "5 MB on one line": f"<h1>Neuer Steg</h1><p>{'wort ' * 1_000_000}</p>",
    "one word of 5 MB": f"<h1>Neuer Steg</h1><p>{'w' * 5_000_000}</p>",
    "as long as allowed": f"<h1>Neuer Steg</h1><p>{'wort ' * 58_000}</p>",
    "many elements": "<h1>Neuer Steg</h1>" + "<i>a</i>" * 29_000,
    "many stop headings": STORY + "<div>Mehr News</div>" * 28_000,
    "many times": STORY + "<time datetime='2019-01-01'>x</time>" * 28_000,
    "many attributes": f"<h1 {' '.join(f'a{n}' for n in range(100_000))}>Neuer Steg</h1><p>{SENTENCE}</p>",
    "open brackets": f"<h1>Neuer Steg</h1><p>{'(Foto: ' * 40_000}</p><p>{SENTENCE}</p>",
    "dates": f"<h1>Neuer Steg</h1><p>{'1.1.' * 70_000}</p><p>{SENTENCE}</p>",
    "title of separators": f"<title>{' | a' * 500_000}</title>{STORY}",
    "deep JSON": f"<script type='application/ld+json'>{'[' * 500_000}</script>{STORY}",
    "only opening": "<" * 1_000_000,
    "half a pair": STORY + "<p>\ud800 und noch ein Satz, der lang genug ist, um zu gelten.</p>",
}


@pytest.mark.slow
@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_pages_neither_crash_nor_hang(html: str) -> None:
    try:
        article(html)
    except NoArticle:
        return


def test_a_page_full_of_inlined_pictures_still_has_its_article() -> None:
    inlined = f"<img src='data:image/png;base64,{'A' * 1_000_000}'><script>{'x();' * 200_000}</script>"

    assert article(inlined + STORY).lead == SENTENCE


PIECES = st.sampled_from([*"<>/ab123 \n\"'=&;„“ß©|", "<p>", "</p>", "<h1>", "</h1>", "<div>", "Mehr News", SENTENCE])


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=100)
def test_any_markup_is_survived(html: str) -> None:
    try:
        found = article(html)
    except NoArticle:
        return
    assert found.title
    assert found.lead or found.body

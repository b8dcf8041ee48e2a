"""A realistic edition for tests, in the manner of a regional press office; words of our own."""

from functools import cache
from pathlib import Path

from newsletter.content.blocks import Button, Divider, IssueContent, LeadStory, Picture, Story, Text
from newsletter.rendering.compiled import Mailbox
from newsletter.rendering.design import Design, load
from newsletter.rendering.frame import Frame
from newsletter.settings import templates_folder

REGIONAL = templates_folder() / "email" / "regional"


@cache
def the_design(folder: Path = REGIONAL) -> Design:
    return load(folder)


def a_frame(
    *,
    language: str = "de",
    imprint: str = "Landkreis Seeblick, Pressestelle\nUferweg 3, 88131 Seeblick\nTelefon 08382 270-0",
    reply_to: Mailbox | None = Mailbox("", "presse@seeblick.example"),  # noqa: B008  # frozen
    brand: dict[str, str] | None = None,
    public_url: str = "https://news.seeblick.example",
) -> Frame:
    return Frame(
        publication="Seeblick aktuell",
        edition="Ausgabe 12 · April 2026" if language == "de" else "Issue 12 · April 2026",
        language=language,
        sender=Mailbox("Landkreis Seeblick", "presse@seeblick.example"),
        reply_to=reply_to,
        imprint=imprint,
        brand={"colour": "#1f5673"} if brand is None else brand,
        list_id="seeblick-aktuell.seeblick.example",
        list_name="Seeblick aktuell",
        public_url=public_url,
    )


def an_edition() -> IssueContent:
    return IssueContent(
        subject="Die Uferpromenade wird neu – was Sie jetzt wissen sollten",
        preheader="Ab Mai wird gebaut. Außerdem: neue Busse, mehr Kitaplätze und der Frühlingsmarkt.",
        blocks=(
            Text(
                "gruss",
                "<p>Guten Tag [[first_name|liebe Leserin, lieber Leser]],</p><p>der Frühling ist da, und mit ihm viel "
                "Neues am See. Das Wichtigste der Woche haben wir für Sie zusammengestellt.</p>",
            ),
            LeadStory(
                "lead",
                "Die Uferpromenade wird neu: Ab Mai rollen die Bagger",
                "<p>Breitere Wege, mehr Schatten und ein Zugang zum Wasser für alle: Der Kreistag hat den Umbau der "
                "Uferpromenade beschlossen. „Wir geben den Menschen ihr Ufer zurück“, sagt Landrätin Eva Brandner.</p>",
                link="https://www.seeblick.example/news/promenade",
                date="4. April 2026",
                picture=Picture(
                    "promenade.jpg",
                    "Blick über die Uferpromenade auf den See, im Hintergrund die Berge im Abendlicht",
                    1280,
                    720,
                    credit="Foto: Landkreis Seeblick / M. Huber",
                    caption="So soll der neue Platz am Hafen aussehen.",
                ),
            ),
            Story(
                "busse",
                "Sechs neue Buslinien verbinden die Dörfer",
                "<p>Vom 1. Mai an fahren die Busse im Landkreis jede halbe Stunde, auch am Wochenende. Das "
                '<a href="https://www.seeblick.example/fahrplan">neue Fahrplanbuch</a> liegt in allen Rathäusern '
                "aus.</p>",
                link="https://www.seeblick.example/news/busse",
                date="3. April 2026",
                picture=Picture("bus.jpg", "Ein roter Linienbus an einer Haltestelle", 800, 600, credit="Foto: SBV"),
            ),
            Story(
                "kita",
                "120 zusätzliche Kitaplätze bis zum Herbst",
                "<p>Drei Häuser werden erweitert, eines wird neu gebaut. Die Anmeldung läuft:</p><ul><li>online bis "
                "zum 15. Mai</li><li>im Rathaus bis zum 30. Mai, <strong>auch samstags</strong></li></ul>",
                link="https://www.seeblick.example/news/kita",
                date="2. April 2026",
            ),
            Divider("strich"),
            Text(
                "termin",
                "<h3>Frühlingsmarkt am Sonntag</h3><p>Am 12. April öffnet der Frühlingsmarkt auf dem Rathausplatz. "
                "Über 60 Stände zeigen, was die Region zu bieten hat.</p>",
            ),
            Button("knopf", "Programm ansehen", "https://www.seeblick.example/fruehlingsmarkt"),
        ),
    )

"""Assembly of one recipient's message against Python's usual way: Jinja2 for each person, then `EmailMessage`.

Both make the same mail: 39 KB of multipart, twelve stories with their links, a greeting, the recipient's own links.
"""

import datetime as dt
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from jinja2 import Environment, Template

from newsletter.delivery.assembly import Assembly
from newsletter.delivery.recipients import Links, Recipient
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Part, Slot
from tests.benchmarks.measuring import measure

MESSAGES = 200
NOW = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
GREETING = 'recipient.salutation or "Guten Tag"'
PARAGRAPH = "Die Brücke über die Weid ist saniert; ab Montag fährt die Buslinie 7 wieder durch die Altstadt. " * 12
STORY_HTML = (
    '<tr><td style="padding:24px 32px;font:16px/1.5 sans-serif;color:#1d2733">'
    f'<h2 style="margin:0 0 8px;font-size:20px">Neues aus der Region</h2><p>{PARAGRAPH}</p>'
    '<a href="https://weidental.example/news/2026/11/bruecke" style="color:#0a5c7a">Weiterlesen</a></td></tr>\n'
)
STORY_TEXT = f"NEUES AUS DER REGION\n{PARAGRAPH}\nhttps://weidental.example/news/2026/11/bruecke\n\n"


def main() -> None:
    """Print the figure."""
    assembly = Assembly(compiled())
    usual = templates()

    def ours() -> None:
        for number in range(MESSAGES):
            assembly.message(_recipient(number), _links(number), message_id=f"<{number}@weidental.example>", date=NOW)

    def peer() -> None:
        for number in range(MESSAGES):
            usual_message(usual, number)

    kilobytes = len(assembly.message(_recipient(1), _links(1), message_id="<1@weidental.example>", date=NOW)) // 1000
    name = f"assembly of one message of {kilobytes} KB"
    measure(name, ours=ours, peer=peer, peer_name="Jinja2 and EmailMessage", per=MESSAGES)


def templates() -> tuple[Template, Template]:
    """Text and HTML as Jinja2 templates, each for a whole part."""
    environment = Environment(autoescape=True)
    return environment.from_string(_template(_text())), environment.from_string(_template(_html()))


def usual_message(templates: tuple[Template, Template], number: int) -> bytes:
    """One person's message, made the usual way."""
    words = {"recipient": _recipient(number), "links": _links(number)}
    text, html = (template.render(words) for template in templates)
    message = EmailMessage(SMTP)
    message["Date"] = NOW
    message["Message-ID"] = f"<{number}@weidental.example>"
    message["From"] = Address("Region Weidental", "presse", "weidental.example")
    message["To"] = _recipient(number).address
    message["Subject"] = "Weidental aktuell: Brücke saniert"
    message["List-Unsubscribe"] = f"<{_links(number).unsubscribe}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def compiled() -> CompiledIssue:
    """The same mail for `Assembly`."""
    return CompiledIssue(
        language="de",
        sender=Mailbox("Region Weidental", "presse@weidental.example"),
        subject=("Weidental aktuell: Brücke saniert",),
        html=_html(),
        text=_text(),
        list_id="aktuell.weidental.example",
        list_name="Weidental aktuell",
    )


def _html() -> tuple[Part, ...]:
    return (
        '<!doctype html>\n<html lang="de"><body><table>\n<a href="',
        Slot("links.view"),
        '">Im Browser ansehen</a>\n<p>',
        Slot(GREETING),
        ",</p>\n",
        STORY_HTML * 12,
        '<a href="',
        Slot("links.unsubscribe"),
        '">Abmelden</a>\n</table></body></html>\n',
    )


def _text() -> tuple[Part, ...]:
    return (Slot(GREETING), ",\n\n", STORY_TEXT * 12, "Abmelden: ", Slot("links.unsubscribe"), "\n")


def _template(parts: tuple[Part, ...]) -> str:
    return "".join(part if isinstance(part, str) else f"{{{{ {part.expression} }}}}" for part in parts)


def _recipient(number: int) -> Recipient:
    return Recipient(
        address=f"leserin.{number}@leser.example",
        name=f"Änne Müller {number}",
        salutation=f"Guten Tag Frau Müller {number}",
    )


def _links(number: int) -> Links:
    token = f"eyJzIjo{number:08}fQ.Zm9vYmFyYmF6cXV4cXV1eGNvcmdl"
    return Links(
        unsubscribe=f"https://news.weidental.example/leave/{token}",
        view=f"https://news.weidental.example/view/{token}",
    )


if __name__ == "__main__":
    main()

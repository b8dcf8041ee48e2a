import email
import email.policy
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.assembly import Assembly
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.recipients import Links, Recipient
from newsletter.mails import confirmation
from subscribers.address import EmailAddress
from subscribers.subscribing import ConfirmationDue
from tests.support.makers import BY, NOW, a_list, a_publication

LINK = "https://news.example.org/confirm/1.abc"


def a_message(session: Session, language: str, **publication: str) -> EmailMessage:
    mailing_list = a_list(session)
    made = a_publication(session, mailing_list)
    for name, value in publication.items():
        setattr(made, name, value)
    assembly = Assembly(confirmation.compiled(session, made, mailing_list, language=language))
    octets = assembly.message(
        Recipient(address="anna@posteo.de"), Links(confirm=LINK), message_id="<1@example.org>", date=NOW
    )
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_german_mail_says_who_asks_what_for_and_how_long(session: Session) -> None:
    message = a_message(session, "de")

    assert message["Subject"] == "Bitte bestätigen Sie: Region aktuell"
    assert text_of(message) == (
        "Diese E-Mail-Adresse wurde eingetragen, um „Region aktuell“ per E-Mail zu erhalten.\n"
        "Absender: Presse\n"
        "\n"
        "Wenn Sie das waren, bestätigen Sie bitte hier:\n"
        "\n"
        "https://news.example.org/confirm/1.abc\n"
        "\n"
        "Der Link ist 14 Tage gültig.\n"
        "\n"
        "Wenn Sie es nicht waren, brauchen Sie nichts zu tun: Ohne Bestätigung erhalten Sie nichts.\n"
        "\n"
        "Region GmbH\n"
        "Hafenstraße 4, 04999 Weidenfurt\n"
    )


def test_the_english_mail_says_the_same(session: Session) -> None:
    message = a_message(session, "en")

    assert message["Subject"] == "Please confirm: Region aktuell"
    assert "If that was you, please confirm here:\n\nhttps://news.example.org/confirm/1.abc\n" in text_of(message)
    assert "The link is valid for 14 days.\n" in text_of(message)


@pytest.mark.parametrize("language", ["de", "en"])
def test_html_and_text_hold_the_same_sentences(session: Session, language: str) -> None:
    message = a_message(session, language)
    html = text_of(message, "html")

    assert all(line in html for line in text_of(message).splitlines() if line)
    assert html.count(f'href="{LINK}"') == 2


def test_the_mail_comes_from_the_publication_and_is_marked_automatic(session: Session) -> None:
    message = a_message(session, "de")

    assert message["From"] == "Presse <presse@example.org>"
    assert message["Reply-To"] == "presse@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.lower().startswith("list-")]


def test_the_mail_is_plain_without_picture_or_praise(session: Session) -> None:
    html = text_of(a_message(session, "de"), "html")

    assert "<img" not in html
    assert "background-image" not in html
    assert "Willkommen" not in html


def test_without_an_imprint_nothing_stands_in_its_place(session: Session) -> None:
    message = a_message(session, "de", imprint="", reply_to="", sender_name="")

    assert text_of(message).endswith("Ohne Bestätigung erhalten Sie nichts.\n")
    assert "border-top" not in text_of(message, "html").split("</style>")[1]
    assert "Absender: Region aktuell" in text_of(message)
    assert message["Reply-To"] is None


def test_markup_in_an_imprint_is_text(session: Session) -> None:
    message = a_message(session, "de", imprint="<script>alert(1)</script>\nA & B")

    assert "<script" not in text_of(message, "html")
    assert "A & B" in text_of(message)


def test_everybody_on_a_list_gets_one_stored_mail_with_a_link_of_their_own(session: Session) -> None:
    mailing_list = a_list(session)
    publication = a_publication(session, mailing_list)

    for number in (1, 2):
        due = ConfirmationDue(None, None, EmailAddress.parse(f"p{number}@posteo.de"), "de")  # type: ignore[arg-type]  # nobody in the tables is needed
        confirmation.send(
            session,
            due,
            publication=publication,
            mailing_list=mailing_list,
            token=f"token-{number}",
            by=BY,
            now=NOW,
        )
    session.flush()

    assert len(set(session.scalars(select(Mailing.compiled)))) == 1
    rows = session.scalars(select(Delivery).order_by(Delivery.mailing_id))
    assert [(row.address, row.fields["confirm_token"]) for row in rows] == [
        ("p1@posteo.de", "token-1"),
        ("p2@posteo.de", "token-2"),
    ]

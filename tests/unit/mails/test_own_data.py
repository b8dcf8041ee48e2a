import email
import email.policy
import json
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.assembly import Assembly
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.recipients import Links, Recipient
from newsletter.mails import own_data
from newsletter.mails.own_data import Origin
from newsletter.rendering.compiled import Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder
from subscribers.address import EmailAddress
from subscribers.models import Errand
from tests.support.ledgers import a_reader
from tests.support.makers import BY, NOW, a_list, a_publication

LINK = "https://news.example.org/my-data/erase/1.abc"


def an_origin(session: Session, language: str = "de", **publication: str) -> Origin:
    mailing_list = a_list(session)
    made = a_publication(session, mailing_list)
    for name, value in publication.items():
        setattr(made, name, value)
    return Origin(made, mailing_list, language)


def a_message(origin: Origin, errand: Errand | None) -> EmailMessage:
    octets = Assembly(own_data.compiled(origin, errand)).message(
        Recipient(address="anna@posteo.de"), Links(errand=LINK), message_id="<1@example.org>", date=NOW
    )
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_german_mail_says_who_asked_for_what_and_how_long_it_counts(session: Session) -> None:
    message = a_message(an_origin(session), Errand.ERASE)

    assert message["Subject"] == "Ihre Daten löschen"
    assert text_of(message) == (
        "In den Einstellungen von „Region aktuell“ wurde darum gebeten, alle Daten zu löschen, die Presse über Sie "
        "gespeichert hat.\n"
        "\n"
        "Wenn Sie das waren, geht es hier weiter. Bevor Sie dort die Schaltfläche gedrückt haben, wird nichts "
        "gelöscht:\n"
        "\n"
        "https://news.example.org/my-data/erase/1.abc\n"
        "\n"
        "Der Link ist eine Stunde gültig.\n"
        "Wenn Sie es nicht waren, brauchen Sie nichts zu tun: Es wird nichts gelöscht.\n"
        "\n"
        "Region GmbH\n"
        "Hafenstraße 4, 04999 Weidenfurt\n"
    )


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("errand", [*Errand, None])
def test_html_and_text_hold_the_same_sentences(session: Session, language: str, errand: Errand | None) -> None:
    message = a_message(an_origin(session, language), errand)
    html = text_of(message, "html")

    assert all(line in html for line in text_of(message).splitlines() if line)
    assert html.count(f'href="{LINK}"') == (0 if errand is None else 2)
    assert "%(" not in html + str(message["Subject"])


@pytest.mark.parametrize("errand", [*Errand, None])
def test_the_mail_is_plain_automatic_and_says_nothing_of_the_person(session: Session, errand: Errand | None) -> None:
    message = a_message(an_origin(session), errand)

    assert message["From"] == "Presse <presse@example.org>"
    assert message["Reply-To"] == "presse@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.lower().startswith("list-")]
    assert "<img" not in text_of(message, "html")
    assert "anna" not in text_of(message) + text_of(message, "html")


def test_markup_in_the_names_of_list_and_sender_is_text(session: Session) -> None:
    message = a_message(an_origin(session, sender_name="<script>alert(1)</script>"), Errand.DOWNLOAD)

    assert "<script" not in text_of(message, "html")
    assert "<script>alert(1)</script>" in text_of(message)


def test_the_sample_is_what_the_templates_ask_for() -> None:
    folder = templates_folder() / "mail" / own_data.FOLDER
    facts = json.loads((folder / "sample.json").read_text("utf-8"))

    compiled = compile_system_mail(folder, language="de", sender=Mailbox("", "a@example.org"), facts=facts)

    assert compiled.subject == ("Eine Kopie Ihrer Daten",)


def test_a_mail_to_the_own_address_belongs_to_the_person_and_to_another_one_does_not(session: Session) -> None:
    origin = an_origin(session)
    anna = a_reader(session, origin.mailing_list, "anna@posteo.de")
    new = EmailAddress.parse("anna.neu@posteo.de")

    own_data.send_link(session, Errand.ERASE, anna, origin=origin, token="7.abc", by=BY, now=NOW)
    own_data.send_to_new_address(session, new, anna, origin=origin, token="7.def", by=BY, now=NOW)
    own_data.send_note(session, EmailAddress.parse("anna.alt@posteo.de"), anna, origin=origin, by=BY, now=NOW)

    rows = session.execute(
        select(Delivery, Mailing.name).join(Mailing, Mailing.id == Delivery.mailing_id).order_by(Mailing.id)
    ).all()
    assert [(row.address, row.subscriber_id is None, row.fields, name) for row, name in rows] == [
        ("anna@posteo.de", False, {"errand_path": "erase/7.abc"}, "erase"),
        ("anna.neu@posteo.de", True, {"errand_path": "new-address/7.def"}, "new-address"),
        ("anna.alt@posteo.de", True, {}, "address-changed"),
    ]
    assert {row.subscription_id for row, _ in rows} == {anna.id}

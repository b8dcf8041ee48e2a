import email
import email.policy
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import samples
from newsletter.delivery.assembly import Assembly
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.recipients import Links, Recipient
from newsletter.mails import own_data
from newsletter.mails.own_data import Origin
from newsletter.texts import writing
from newsletter.texts.letters import DOWNLOAD
from subscribers.address import EmailAddress
from subscribers.models import Errand
from tests.support.ledgers import a_reader
from tests.support.makers import BY, NOW, a_list, a_publication

LINK = "https://news.example.org/my-data/erase/1.abc"


def a_sample(session: Session, errand: Errand | None, *, language: str = "de", body: str = "") -> samples.Sample:
    mailing_list = a_list(session)
    if body:
        passage = DOWNLOAD.passage("body")
        writing.write(session, mailing_list, passage=passage, language=language, text=body, by=BY, now=NOW)
    origin = Origin(a_publication(session, mailing_list), mailing_list, language)
    compiled = own_data.compiled(session, origin, errand)
    return samples.letter(compiled, link="errand", public_url="https://news.example.org", now=NOW)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("errand", list(Errand))
def test_every_errand_has_a_mail_with_its_link_that_tells_how_long_it_is_valid(
    session: Session, errand: Errand, language: str
) -> None:
    sample = a_sample(session, errand, language=language)

    assert sample.text.count("https://news.example.org/errand/") == 1
    assert {"de": "Der Link ist eine Stunde gültig.", "en": "The link is valid for one hour."}[language] in sample.text
    assert "Region aktuell" in sample.text
    assert all(line in sample.html for line in sample.text.splitlines() if line and "&" not in line)


def test_the_note_to_an_address_left_behind_has_no_link(session: Session) -> None:
    sample = a_sample(session, None)

    assert "https://" not in sample.text
    assert "<a " not in sample.html
    assert sample.text.startswith(
        "Was Sie von Presse erhalten, etwa „Region aktuell“, geht künftig an eine andere Adresse.\n"
    )


def test_a_list_says_it_in_its_own_words(session: Session) -> None:
    sample = a_sample(session, Errand.DOWNLOAD, body="Ihre Daten bei {publisher}:\n\n{link}")

    assert sample.text.startswith("Ihre Daten bei Presse:\n\nhttps://news.example.org/errand/")


def a_message(session: Session, errand: Errand | None, *, sender_name: str = "Presse") -> EmailMessage:
    mailing_list = a_list(session)
    publication = a_publication(session, mailing_list)
    publication.sender_name = sender_name
    compiled = own_data.compiled(session, Origin(publication, mailing_list, "de"), errand)
    octets = Assembly(compiled).message(
        Recipient(address="anna@posteo.de"), Links(errand=LINK), message_id="<1@example.org>", date=NOW
    )
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("errand", [*Errand, None])
def test_the_mail_is_plain_automatic_and_says_nothing_of_the_person(session: Session, errand: Errand | None) -> None:
    message = a_message(session, errand)

    assert message["From"] == "Presse <presse@example.org>"
    assert message["Reply-To"] == "presse@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.lower().startswith("list-")]
    assert "<img" not in text_of(message, "html")
    assert "anna" not in text_of(message) + text_of(message, "html")


def test_markup_in_the_names_of_list_and_sender_is_text(session: Session) -> None:
    message = a_message(session, Errand.DOWNLOAD, sender_name="<script>alert(1)</script>")

    assert "<script" not in text_of(message, "html")
    assert "<script>alert(1)</script>" in text_of(message)


def test_a_mail_to_the_own_address_belongs_to_the_person_and_to_another_one_does_not(session: Session) -> None:
    mailing_list = a_list(session)
    origin = Origin(a_publication(session, mailing_list), mailing_list, "de")
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

import email
import email.policy
from email.message import EmailMessage

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.assembly import Assembly
from newsletter.delivery.recipients import Links, Recipient
from newsletter.mails import left
from tests.support.makers import NOW, a_list, a_publication

LINK = "https://news.example.org/undo/1.abc"


def a_message(session: Session, language: str, *list_names: str, imprint: str | None = None) -> EmailMessage:
    publication = a_publication(session, a_list(session))
    if imprint is not None:
        publication.imprint = imprint
    compiled = left.compiled(session, publication, list_names or ("Region aktuell",), language=language)
    octets = Assembly(compiled).message(
        Recipient(address="anna@posteo.de"), Links(undo=LINK), message_id="<1@example.org>", date=NOW
    )
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_german_mail_says_what_ended_who_may_have_done_it_and_what_to_do(session: Session) -> None:
    message = a_message(session, "de")

    assert message["Subject"] == "Abgemeldet: Region aktuell"
    assert text_of(message) == (
        "An diese Adresse senden wir „Region aktuell“ nicht mehr: Sie haben sich abgemeldet, oder es hat jemand "
        "getan, der eine Ihrer Ausgaben bekommen hat.\n"
        "Absender: Presse\n"
        "\n"
        "Wenn Sie das waren, brauchen Sie nichts zu tun.\n"
        "\n"
        "Wenn Sie es nicht waren, machen Sie es hier rückgängig:\n"
        "\n"
        "https://news.example.org/undo/1.abc\n"
        "\n"
        "Der Link ist 30 Tage gültig.\n"
        "\n"
        "Region GmbH\n"
        "Hafenstraße 4, 04999 Weidenfurt\n"
    )


def test_the_english_mail_says_the_same_of_several_lists(session: Session) -> None:
    message = a_message(session, "en", "Region aktuell", "Termine")

    assert message["Subject"] == "Unsubscribed: Region aktuell"
    assert (
        "We no longer send “Region aktuell” and “Termine” to this address: you unsubscribed, or somebody who has one "
        "of your issues did.\n"
    ) in text_of(message)
    assert "If it was not you, take it back here:\n\nhttps://news.example.org/undo/1.abc\n" in text_of(message)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("names", [("Region aktuell",), ("Region aktuell", "Termine")])
def test_html_and_text_hold_the_same_sentences(session: Session, language: str, names: tuple[str, ...]) -> None:
    message = a_message(session, language, *names)
    html = text_of(message, "html")

    assert all(line in html for line in text_of(message).splitlines() if line)
    assert html.count(f'href="{LINK}"') == 2


def test_the_mail_is_plain_marked_automatic_and_of_no_list(session: Session) -> None:
    message = a_message(session, "de")

    assert message["From"] == "Presse <presse@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.lower().startswith("list-")]
    assert "<img" not in text_of(message, "html")


def test_markup_in_names_and_imprint_is_text(session: Session) -> None:
    message = a_message(session, "de", "<script>1</script>", imprint="A & B")

    assert "<script" not in text_of(message, "html")
    assert "<script>1</script>" in text_of(message)
    assert "A & B" in text_of(message)


def test_without_an_imprint_nothing_stands_in_its_place(session: Session) -> None:
    assert text_of(a_message(session, "de", imprint="")).endswith("gültig.\n")

import email
import email.policy
from email.message import EmailMessage

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.assembly import Assembly
from newsletter.delivery.recipients import Links, Recipient
from newsletter.mails import settings_changed
from newsletter.texts import writing
from newsletter.texts.letters import SETTINGS_CHANGED
from tests.support.makers import BY, NOW, a_list, a_publication

LINK = "https://news.example.org/preferences/1.abc"
PAUSED = "„Region aktuell“ pausiert bis zum 1. März 2027. Danach erhalten Sie wieder Ausgaben."


def a_message(session: Session, language: str = "de", changes: str = PAUSED, *, body: str = "") -> EmailMessage:
    mailing_list = a_list(session)
    publication = a_publication(session, mailing_list)
    if body:
        passage = SETTINGS_CHANGED.passage("body")
        writing.write(session, mailing_list, passage=passage, language=language, text=body, by=BY, now=NOW)
    compiled = settings_changed.compiled(session, publication, changes, language=language)
    octets = Assembly(compiled).message(
        Recipient(address="anna@posteo.de"), Links(preferences=LINK), message_id="<1@example.org>", date=NOW
    )
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_german_mail_says_what_was_changed_who_may_have_done_it_and_where_it_is_taken_back(
    session: Session,
) -> None:
    message = a_message(session)

    assert message["Subject"] == "Ihre Einstellungen wurden geändert"
    assert text_of(message) == (
        "Für das, was Sie an diese Adresse erhalten, wurden Einstellungen geändert: von Ihnen oder von jemandem, der "
        "eine Ihrer Ausgaben bekommen hat.\n"
        "Absender: Presse\n"
        "\n"
        "„Region aktuell“ pausiert bis zum 1. März 2027. Danach erhalten Sie wieder Ausgaben.\n"
        "\n"
        "Wenn Sie das waren, brauchen Sie nichts zu tun.\n"
        "\n"
        "Wenn Sie es nicht waren, machen Sie es in Ihren Einstellungen rückgängig:\n"
        "\n"
        "https://news.example.org/preferences/1.abc\n"
        "\n"
        "Region GmbH\n"
        "Hafenstraße 4, 04999 Weidenfurt\n"
    )


def test_the_english_mail_says_the_same(session: Session) -> None:
    message = a_message(session, "en", "“Region aktuell” pauses until 1 March 2027.")

    assert message["Subject"] == "Your settings were changed"
    assert (
        "Sender: Presse\n"
        "\n"
        "“Region aktuell” pauses until 1 March 2027.\n"
        "\n"
        "If that was you, you need not do anything.\n"
        "\n"
        "If it was not you, take it back in your settings:\n"
        "\n"
        "https://news.example.org/preferences/1.abc\n"
    ) in text_of(message)


@pytest.mark.parametrize("language", ["de", "en"])
def test_html_and_text_hold_the_same_sentences(session: Session, language: str) -> None:
    message = a_message(session, language)
    html = text_of(message, "html")

    assert all(line in html for line in text_of(message).splitlines() if line)
    assert html.count(f'href="{LINK}"') == 2


def test_the_mail_is_plain_marked_automatic_and_of_no_list(session: Session) -> None:
    message = a_message(session)

    assert message["From"] == "Presse <presse@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.lower().startswith("list-")]
    assert "<img" not in text_of(message, "html")
    assert "anna" not in text_of(message) + text_of(message, "html")


def test_markup_and_placeholders_in_names_are_text(session: Session) -> None:
    message = a_message(session, changes="„<script>1</script> {link}“ pausiert")

    assert "<script" not in text_of(message, "html")
    assert "„<script>1</script> {link}“ pausiert" in text_of(message)


def test_a_list_says_it_in_its_own_words(session: Session) -> None:
    message = a_message(session, body="Geändert bei {publisher}: {changes}\n\n{link}")

    assert text_of(message).startswith(f"Geändert bei Presse: {PAUSED}\n\n{LINK}\n")

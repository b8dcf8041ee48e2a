import email
import email.policy
from email.message import EmailMessage

import pytest

from newsletter.delivery.alerts.models import AlertKind, Medium
from newsletter.delivery.alerts.notices import Notice
from newsletter.delivery.assembly import Assembly
from newsletter.delivery.recipients import Links, Recipient
from newsletter.mails import alert
from newsletter.rendering.compiled import Mailbox
from tests.support.makers import NOW

REASON = "20 recipients in a row were refused alike: 550 5.7.1 <b>by</b> policy"


def a_notice(*, count: int = 1, reason: str = REASON) -> Notice:
    facts = {"mailing": 7, "name": "Region aktuell", "reason": reason}
    return Notice(Medium.MAIL, 3, "mailing:7:paused", AlertKind.MAILING_PAUSED, facts, 7, NOW, NOW, count, NOW)


def a_message(notice: Notice, language: str) -> EmailMessage:
    compiled = alert.compiled(
        notice,
        sender=Mailbox("Newsletter", "presse@example.org"),
        public_url="https://news.example.org",
        language=language,
    )
    octets = Assembly(compiled).message(
        Recipient(address="ana@example.org"), Links(), message_id="<1@example.org>", date=NOW
    )
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_german_mail_says_what_has_happened_and_what_to_do() -> None:
    message = a_message(a_notice(count=2), "de")

    assert message["Subject"] == "Newsletter: „Region aktuell“ ist angehalten"
    assert message["Auto-Submitted"] == "auto-generated"
    assert text_of(message) == (
        "Das System hat die Sendung 7, „Region aktuell“, angehalten: 20 Empfänger nacheinander wurden gleichlautend "
        "abgewiesen: 550 5.7.1 <b>by</b> policy.\n"
        "\n"
        "Beheben Sie, was nicht stimmt, und setzen Sie die Sendung dann fort oder brechen Sie sie ab. "
        "Bis dahin erhält sie niemand mehr.\n"
        "\n"
        "Seit: 23. November 2026, 09:00 UTC\n"
        "Es ist 2 Mal geschehen, zuletzt am 23. November 2026, 09:00 UTC.\n"
        "\n"
        "Die Installation: https://news.example.org/\n"
        "Wer sich darum kümmert, bestätigt das, und niemand wird mehr benachrichtigt: "
        "newsletter alert acknowledge 3 --by …\n"
    )


def test_the_english_mail_says_the_same() -> None:
    message = a_message(a_notice(), "en")

    assert message["Subject"] == "Newsletter: “Region aktuell” is paused"
    assert "Since: 23 November 2026, 09:00 UTC\n\nThe installation: https://news.example.org/\n" in text_of(message)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("count", [1, 2])
def test_html_and_text_hold_the_same_sentences(language: str, count: int) -> None:
    message = a_message(a_notice(count=count, reason="550 5.7.1 refused"), language)
    html = text_of(message, "html").replace("</a>", "").replace("</span>", "")

    for line in filter(None, text_of(message).splitlines()):
        assert all(part in html for part in line.split(": "))
    assert html.count('href="https://news.example.org/"') == 2


def test_what_a_relay_says_is_text_and_never_markup() -> None:
    html = text_of(a_message(a_notice(), "en"), "html")

    assert "&lt;b&gt;by&lt;/b&gt; policy" in html
    assert "<b>" not in html
    assert "<img" not in html


def test_a_reply_that_looks_like_a_template_stays_as_it_is() -> None:
    assert "{{ 7*7 }} %(x)s" in text_of(a_message(a_notice(reason="{{ 7*7 }} %(x)s"), "de"))

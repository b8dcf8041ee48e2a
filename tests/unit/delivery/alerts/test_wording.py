import pytest

from newsletter.delivery.alerts.models import AlertKind
from newsletter.delivery.alerts.wording import moment, words
from tests.support.makers import NOW

MAILING: dict[str, str | int] = {"mailing": 7, "name": "Region aktuell"}
FACTS: dict[AlertKind, dict[str, str | int]] = {
    AlertKind.MAILING_PAUSED: {**MAILING, "reason": "550 5.7.1 refused by policy"},
    AlertKind.SYSTEM_MAIL_PAUSED: {"mailing": 7, "name": "confirmation", "reason": "550 5.7.1 refused"},
    AlertKind.SCHEDULE_MISSED: {**MAILING, "due_at": "2026-11-23T09:00:00+00:00"},
    AlertKind.DELIVERIES_UNKNOWN: {**MAILING, "number": 3},
    AlertKind.RELAY_FAILING: {
        "relay": "mail.example.org:587",
        "since": "2026-11-23T09:00:00+00:00",
        "reply": "timed out",
    },
    AlertKind.JOURNAL_UNUSABLE: {"host": "mail-2", "reason": "no space left on device."},
    AlertKind.LEDGER_BROKEN: {**MAILING, "planned": 9, "found": 8},
}


@pytest.mark.parametrize(
    ("kind", "title", "message"),
    [
        (
            AlertKind.MAILING_PAUSED,
            "„Region aktuell“ ist angehalten",
            "Das System hat die Sendung 7, „Region aktuell“, angehalten: 550 5.7.1 refused by policy.",
        ),
        (
            AlertKind.SYSTEM_MAIL_PAUSED,
            "Mails des Systems sind angehalten",
            "Die Sendung 7, die Systemmail „confirmation“, wurde angehalten: 550 5.7.1 refused.",
        ),
        (
            AlertKind.SCHEDULE_MISSED,
            "„Region aktuell“ ging nicht rechtzeitig hinaus",
            "Die Sendung 7, „Region aktuell“, war am 23. November 2026, 09:00 UTC fällig, und kein Sendeprozess lief.",
        ),
        (
            AlertKind.DELIVERIES_UNKNOWN,
            "„Region aktuell“: nicht bekannt, ob es ankam",
            (
                "Bei der Sendung 7, „Region aktuell“, kann niemand wissen, ob 3 Empfänger sie erhalten haben: "
                "Die Verbindung brach kurz vor der Antwort des Mailservers ab."
            ),
        ),
        (
            AlertKind.RELAY_FAILING,
            "Der Mailserver mail.example.org:587 nimmt nichts an",
            "Der Mailserver mail.example.org:587 nimmt seit 23. November 2026, 09:00 UTC nichts an: timed out.",
        ),
        (
            AlertKind.JOURNAL_UNUSABLE,
            "mail-2 kann nicht senden",
            (
                "Auf mail-2 können die Journale nicht geschrieben werden, darum wird von dort nichts gesendet: "
                "no space left on device."
            ),
        ),
        (
            AlertKind.LEDGER_BROKEN,
            "„Region aktuell“: Die Zahlen gehen nicht auf",
            "Die Sendung 7, „Region aktuell“, war für 9 Empfänger geplant, verzeichnet sind 8.",
        ),
    ],
)
def test_an_alert_says_in_german_what_has_happened(kind: AlertKind, title: str, message: str) -> None:
    said = words(kind, FACTS[kind], language="de")

    assert (said.title, said.message) == (title, message)


@pytest.mark.parametrize("kind", list(AlertKind))
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_alert_is_three_texts_without_gaps_and_says_what_to_do(kind: AlertKind, language: str) -> None:
    said = words(kind, FACTS[kind], language=language)

    assert "%(" not in said.title + said.line
    assert said.message.endswith(".")
    assert not said.message.endswith("..")
    assert said.remedy.endswith(".")
    assert said.line == f"{said.message} {said.remedy}"
    assert ("“" in said.line) == ("”" in said.line) or language == "de"


def test_one_recipient_is_singular() -> None:
    facts = {**MAILING, "number": 1}

    assert "whether 1 recipient has got it" in words(AlertKind.DELIVERIES_UNKNOWN, facts, language="en").message
    assert "ob 1 Empfänger sie erhalten hat:" in words(AlertKind.DELIVERIES_UNKNOWN, facts, language="de").message


def test_a_percent_sign_in_a_reply_is_text() -> None:
    facts = {**FACTS[AlertKind.RELAY_FAILING], "reply": "452 disk 100% full %(x)s"}

    assert "452 disk 100% full %(x)s" in words(AlertKind.RELAY_FAILING, facts, language="de").message


def test_moments_are_told_in_utc() -> None:
    assert moment(NOW, language="de") == "23. November 2026, 09:00 UTC"
    assert moment("2026-11-23T10:00:00+01:00", language="en") == "23 November 2026, 09:00 UTC"

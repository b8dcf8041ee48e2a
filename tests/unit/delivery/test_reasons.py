import pytest

from newsletter.delivery import reasons
from newsletter.delivery.generations import Match
from newsletter.delivery.pairing import JournalFolder, RestoreInDoubt
from newsletter.delivery.refusals import IN_A_ROW, RefusalWatch
from newsletter.delivery.verdicts import Reply, Step
from tests.support.makers import NOW

REFUSED = Reply(Step.RCPT, 550, "5.7.1", "100 % of it: refused")


def test_what_a_relay_said_stands_in_it_as_it_came() -> None:
    reason = reasons.REFUSED_AS_SUCH % {"relay": "mail.example.org:587", "reply": "554 5.7.1 No.\nNot today."}

    told = "Der Mailserver mail.example.org:587 lehnt die E-Mail als solche ab: 554 5.7.1 No.\nNot today."
    assert reasons.told(reason, language="de") == told
    assert reasons.told(reason, language="en") == reason


def test_refusals_in_a_row_are_told() -> None:
    watch = RefusalWatch()
    reason = [watch.note(REFUSED) for _ in range(IN_A_ROW)][-1]

    told = f"{IN_A_ROW} Empfänger nacheinander wurden gleichlautend abgewiesen: {REFUSED.line}"
    assert reasons.told(reason, language="de") == told


@pytest.mark.parametrize(
    ("doubt", "begins"), [(Match.DATABASE_OLDER, "Die Datenbank ist älter als"), (Match.HOME_OLDER, "Die Journale von")]
)
def test_a_restore_is_told_with_what_to_do(doubt: Match, begins: str) -> None:
    folder = JournalFolder(id="f", host="mail-2", generation=1, mark="", seen_at=NOW, doubt=doubt.value)

    told = reasons.told(str(RestoreInDoubt(folder)), language="de")

    assert told.startswith(f"{begins} {'' if doubt is Match.HOME_OLDER else 'die Journale von '}mail-2")
    assert told.endswith("Führen Sie zuerst `newsletter mailing recover` auf diesem Rechner aus.")


def test_what_is_none_of_ours_stays() -> None:
    assert reasons.told("550 5.7.1 refused by policy", language="de") == "550 5.7.1 refused by policy"

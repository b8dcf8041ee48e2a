import pytest

from newsletter.delivery import failures
from newsletter.delivery.progress import Failure


@pytest.mark.parametrize(
    ("state", "reason", "enhanced", "said"),
    [
        ("rejected", "", "5.1.1", "Die Adresse gibt es nicht (mehr)"),
        ("deferred", "", "4.2.2", "Das Postfach ist voll"),
        ("rejected", "", "5.2.0", "Das Postfach nimmt nichts an"),
        ("expired", "", "4.4.1", "Der andere Mailserver ist nicht erreichbar"),
        ("rejected", "", "5.7.26", "Von einer Regel abgelehnt, etwa einem Spamfilter"),
        ("rejected", "", "", "Ohne bekannten Grund abgelehnt"),
        ("deferred", "", "4.0.0", "Jetzt nicht"),
        ("excluded", "left", "", "Inzwischen abgemeldet"),
        ("excluded", "of a version to come", "", "of a version to come"),
        ("unknown", "", "", "Die Verbindung riss kurz vor der Antwort ab"),
    ],
)
def test_a_failure_is_told_in_words(state: str, reason: str, enhanced: str, said: str) -> None:
    failure = Failure(1, state, reason, code=None, enhanced=enhanced, reply="")

    assert failures.reason(failure, language="de") == said

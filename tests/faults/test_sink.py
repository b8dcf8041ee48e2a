"""A sink that breaks off, refuses or talks nonsense at each step: every row is compared with what it took."""

import pytest

from newsletter.database import Database
from newsletter.delivery import mailings
from newsletter.delivery.models import Mailing
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.urls import SmtpUrl, parse
from tests.faults.conftest import compare
from tests.support.ledgers import Clock, a_mailing, a_worker, numbers, rows, the_statement
from tests.support.makers import BY
from tests.support.relay import DROP, HALF, HANG, IMPATIENT, NONSENSE, Relay

pytestmark = pytest.mark.slow

READERS = 12
CONNECTIONS = 3
BREAKS = (DROP, HALF, HANG, NONSENSE)
REFUSALS = (
    "421 4.3.2 going down",
    "451 4.3.0 local error",
    "452 4.2.2 full",
    "450 4.2.0 later",
    "550 5.1.1 nobody",
    "552 5.2.2 over quota",
    "554 5.0.0 no",
    "550 5.7.1 not you",
)


@pytest.fixture
def mailing(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("newsletter.delivery.planning.WINDOW", 4)
    with database.writing() as session:
        return a_mailing(session, [f"r{number}@example.org" for number in range(READERS)]).id


def _sent_through(relay: Relay, database: Database, mailing: int) -> None:
    """Run, resume what a refusal paused, and run again until nothing is left to do."""
    url = parse(f"{relay.url}?connections={CONNECTIONS}")
    assert isinstance(url, SmtpUrl)
    clock = Clock()
    for _ in range(12):
        report = a_worker(database, SmtpTransport(url, IMPATIENT), clock=clock).run_until_idle()
        for waiting in report.waiting:
            with database.writing() as session:
                mailings.resume(session, session.get_one(Mailing, waiting.mailing_id), by=BY, now=clock())
        if numbers(database, mailing)["state"] == "sent":
            return
        clock.forward(minutes=5)


@pytest.mark.parametrize("answer", [*BREAKS, *REFUSALS])
@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
def test_whatever_it_answers_once_or_twice_everybody_is_accounted_for(
    database: Database, mailing: int, step: str, answer: str
) -> None:
    with Relay() as relay:
        relay.answer(step, answer, times=2)
        _sent_through(relay, database, mailing)

    compare(rows(database, mailing), relay)
    made = the_statement(database, mailing)
    assert made.state == "sent"
    assert made.accepted + made.unknown + made.rejected == READERS
    assert made.unknown <= (2 if step == "DATA" and answer in BREAKS else 0)
    assert made.rejected <= (2 if step in {"RCPT", "DATA"} and answer.startswith("5") else 0)

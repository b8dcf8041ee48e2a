"""Whole mailings over a real SMTP server: what goes wrong on the way, and what the ledger says of it."""

import datetime as dt
import email
import email.policy
import hashlib
from dataclasses import replace

import pytest

from newsletter.database import Database
from newsletter.delivery import mailings, planning
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.smtp.conversation import Timeouts
from newsletter.delivery.transports.urls import SmtpUrl, parse
from newsletter.issues.models import Issue
from subscribers.models import Subscription
from tests.support.ledgers import COMPILED, Clock, a_mailing, a_system_mail, a_worker, numbers, rows
from tests.support.makers import BY, NOW
from tests.support.relay import DROP, HANG, IMPATIENT, Client, Relay

pytestmark = pytest.mark.slow

ANNA, BEN, CARLA, DORA = "anna@example.org", "ben@example.org", "carla@example.org", "dora@example.org"
FOUR = (ANNA, BEN, CARLA, DORA)


@pytest.fixture
def mailing(database: Database) -> int:
    with database.writing() as session:
        return a_mailing(session, FOUR).id


def _url(relay: Relay, login: str = "") -> SmtpUrl:
    url = parse(f"smtp://{login}127.0.0.1:{relay.port}")
    assert isinstance(url, SmtpUrl)
    return url


def _state(database: Database, mailing_id: int) -> tuple[str, str]:
    with database.reading() as session:
        mailing = session.get_one(Mailing, mailing_id)
        issue = session.get_one(Issue, mailing.issue_id)
        return mailing.state, issue.state


def test_everybody_gets_one_mail(database: Database, relay: Relay, transport: SmtpTransport, mailing: int) -> None:
    report = a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}
    assert {address: len(mails) for address, mails in relay.received.items()} == dict.fromkeys(FOUR, 1)
    assert _state(database, mailing) == ("sent", "sent")
    assert (report.due_at, report.trouble, report.waiting) == (None, "", ())
    assert relay.connections == 1
    row = rows(database, mailing)[ANNA]
    assert row.content_digest == hashlib.sha256(relay.received[ANNA][0]).hexdigest()
    assert (row.attempt, row.code, row.enhanced, row.reply) == (1, 250, "2.0.0", "Ok: queued as 4BX7")
    assert row.relay == f"127.0.0.1:{relay.port}"
    message = email.message_from_bytes(relay.received[ANNA][0], policy=email.policy.default)
    assert message["To"] == ANNA
    assert message["From"] == "Presse <presse@example.org>"


def test_one_refused_recipient_harms_nobody_else(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    relay.answer("RCPT", "550 5.1.1 no such user", to=BEN)

    a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 3, "rejected": 1}
    assert sorted(relay.received) == [ANNA, CARLA, DORA]
    row = rows(database, mailing)[BEN]
    assert (row.state, row.code, row.enhanced, row.reply) == ("rejected", 550, "5.1.1", "no such user")


def test_a_refused_login_harms_no_row_and_the_relay_rests(database: Database, mailing: int) -> None:
    with Relay(password="right") as relay:
        transport = SmtpTransport(_url(relay, "us:wrong@"), IMPATIENT)

        report = a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "sending", "queued": 4}
    assert report.trouble.startswith(f"The relay 127.0.0.1:{relay.port} takes no mail: 535 5.7.8")
    assert "wrong" not in report.trouble
    assert report.due_at is not None
    assert (report.due_at - NOW).total_seconds() == 15


def test_a_relay_that_is_not_there_harms_no_row(database: Database, mailing: int) -> None:
    with Relay() as gone:
        transport = SmtpTransport(_url(gone), IMPATIENT)

    report = a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "sending", "queued": 4}
    assert "Connection refused" in report.trouble


def test_a_run_after_the_relay_was_mended_sends_at_once(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    relay.answer("GREETING", "554 5.3.2 closed for today", times=1)
    a_worker(database, transport).run_until_idle()
    assert numbers(database, mailing) == {"state": "sending", "queued": 4}

    report = a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}
    assert report.trouble == ""


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("MAIL", "553 5.1.8 sender's domain does not exist"),
        ("RCPT", "554 5.7.1 relay access denied"),
        ("DATA", "552 5.3.4 message too big"),
        ("DATA", "554 5.6.0 malformed"),
    ],
)
def test_a_refused_sender_or_message_pauses_the_mailing_with_the_reply(  # noqa: PLR0917  # fixtures and cases
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int, step: str, answer: str
) -> None:
    relay.answer(step, answer)

    report = a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "paused", "queued": 4}
    assert [answer in waiting.reason for waiting in report.waiting] == [True]
    assert _state(database, mailing) == ("paused", "sending")


def test_a_paused_mailing_goes_on_when_resumed(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    relay.answer("MAIL", "550 5.7.1 not you")
    a_worker(database, transport).run_until_idle()
    relay.obey()

    with database.writing() as session:
        mailings.resume(session, session.get_one(Mailing, mailing), by=BY, now=NOW)
    a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}
    assert all(len(mails) == 1 for mails in relay.received.values())


def test_when_all_are_refused_alike_the_mailing_pauses_after_twenty(
    database: Database, relay: Relay, transport: SmtpTransport
) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, [f"reader{number}@example.org" for number in range(30)]).id
    relay.answer("RCPT", "550 5.1.1 no such user")

    report = a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "paused", "rejected": 20, "queued": 10}
    assert report.waiting[0].reason == "20 recipients in a row were refused alike: 550 5.1.1 no such user"


def test_a_deferred_recipient_is_tried_again_after_five_minutes(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    clock = Clock()
    relay.answer("RCPT", "450 4.2.0 greylisted", to=BEN, times=1)
    worker = a_worker(database, transport, clock=clock)

    report = worker.run_until_idle()
    assert numbers(database, mailing) == {"state": "sending", "accepted": 3, "deferred": 1}
    assert report.due_at is not None
    assert (report.due_at - NOW).total_seconds() == 300

    clock.forward(minutes=4)
    worker.run_until_idle()
    assert numbers(database, mailing) == {"state": "sending", "accepted": 3, "deferred": 1}

    clock.forward(minutes=1)
    worker.run_until_idle()
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}
    assert rows(database, mailing)[BEN].attempt == 2


def test_after_48_hours_of_4xx_a_recipient_is_given_up(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    clock = Clock()
    relay.answer("RCPT", "450 4.2.0 try later", to=BEN)
    worker = a_worker(database, transport, clock=clock)

    while (report := worker.run_until_idle()).due_at is not None:
        clock.now = report.due_at

    assert numbers(database, mailing) == {"state": "sent", "accepted": 3, "expired": 1}
    assert clock.now - NOW == dt.timedelta(hours=48)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "RSET"])
@pytest.mark.parametrize("breakdown", [DROP, HANG, "421 4.3.2 going down"])
def test_a_break_before_the_final_dot_leaves_no_doubt(  # noqa: PLR0917  # fixtures and cases
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int, step: str, breakdown: str
) -> None:
    if step == "RSET":
        relay.answer("RCPT", "450 4.2.0 later", to=BEN, times=1)
    relay.answer(step, breakdown, times=1)
    clock = Clock()
    worker = a_worker(database, transport, clock=clock)

    worker.run_until_idle()
    clock.forward(minutes=10)
    worker.run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}
    assert {address: len(mails) for address, mails in relay.received.items()} == dict.fromkeys(FOUR, 1)


def test_a_break_within_a_large_message_leaves_no_doubt(database: Database, relay: Relay) -> None:
    large = replace(COMPILED, text=("Wort für Wort. " * 600_000,))  # more than the system takes off our hands
    with database.writing() as session:
        mailing = a_mailing(session, FOUR[:2], compiled=large).id
    relay.answer("BODY", DROP, times=1)
    clock = Clock()
    patient = Timeouts(connect_s=2, command_s=5, data_s=5, block_s=30, final_dot_s=30)
    worker = a_worker(database, SmtpTransport(_url(relay), patient), clock=clock)

    worker.run_until_idle()
    assert numbers(database, mailing) == {"state": "sending", "queued": 2}
    clock.forward(minutes=1)
    worker.run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 2}


@pytest.mark.parametrize("breakdown", [DROP, HANG])
def test_a_break_after_the_final_dot_leaves_one_in_doubt_who_is_named(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int, breakdown: str
) -> None:
    relay.answer("DATA", breakdown, to=BEN, times=1)
    worker = a_worker(database, transport)

    worker.run_until_idle()
    worker.run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 3, "unknown": 1}
    assert rows(database, mailing)[BEN].state == "unknown"
    assert all(len(mails) <= 1 for mails in relay.received.values())


def test_a_recipient_over_whom_the_relay_stumbles_holds_up_nobody(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    relay.answer("RCPT", "451 4.3.0 temporary lookup failure", to=ANNA)
    clock = Clock()
    worker = a_worker(database, transport, clock=clock)

    standing = []
    for _ in range(4):
        worker.run_until_idle()
        standing.append(numbers(database, mailing))
        clock.forward(minutes=1)

    assert standing == [
        {"state": "sending", "queued": 4},
        {"state": "sending", "queued": 4},
        {"state": "sending", "queued": 3, "deferred": 1},
        {"state": "sending", "accepted": 3, "deferred": 1},
    ]
    assert rows(database, mailing)[ANNA].state == "deferred"


def test_a_421_after_the_final_dot_is_a_reply_and_leaves_no_doubt(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    relay.answer("DATA", "421 4.3.2 going down", to=BEN, times=1)
    worker = a_worker(database, transport)

    worker.run_until_idle()
    worker.run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}


def test_a_system_mail_in_doubt_is_sent_once_more(database: Database, relay: Relay, transport: SmtpTransport) -> None:
    with database.writing() as session:
        mailing = a_system_mail(session).id
    relay.answer("DATA", DROP, times=2)
    worker = a_worker(database, transport)

    worker.run_until_idle()
    assert numbers(database, mailing) == {"state": "sending", "queued": 1}
    worker.run_until_idle()
    assert numbers(database, mailing) == {"state": "sent", "unknown": 1}
    worker.run_until_idle()

    assert len(relay.received[ANNA]) == 2


def test_an_idle_connection_that_the_relay_closed_costs_nothing(relay: Relay, transport: SmtpTransport) -> None:
    with Client(transport) as client:
        assert client.send("presse@example.org", ANNA, b"Subject: x\r\n\r\nx\r\n").code == 250
        relay.answer("MAIL", "421 4.4.2 idle for too long", times=1)

        reply = client.send("presse@example.org", BEN, b"Subject: x\r\n\r\nx\r\n")

    assert reply.code == 250
    assert relay.connections == 2


def test_system_mail_goes_before_issues(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    with database.writing() as session:
        a_system_mail(session, "zoe@example.org")

    a_worker(database, transport).run_until_idle()

    assert relay.order == ["zoe@example.org", *FOUR]
    assert numbers(database, mailing)["accepted"] == 4


def test_who_leaves_after_the_audience_was_frozen_gets_nothing(
    database: Database, relay: Relay, transport: SmtpTransport, mailing: int
) -> None:
    with database.writing() as session:
        while planning.plan_chunk(session, mailing, now=NOW):
            pass
    with database.writing() as session:
        row = session.get_one(Delivery, (mailing, 2))
        session.get_one(Subscription, row.subscription_id).state = "left"

    a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 3, "excluded": 1}
    assert rows(database, mailing)[BEN].reason == "left"
    assert sorted(relay.received) == [ANNA, CARLA, DORA]

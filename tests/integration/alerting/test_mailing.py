"""Alerts by mail, to a real SMTP server."""

import email
import email.policy
import socket
import time
from collections.abc import Sequence

import pytest

from newsletter.accounts.roles import Grant, Role
from newsletter.alerting.channels import NotTold
from newsletter.alerting.delivering import deliver
from newsletter.alerting.letters import Letter, hand_over
from newsletter.alerting.mailing import MailChannel
from newsletter.database import Database
from newsletter.delivery.alerts import notices, raising
from newsletter.delivery.alerts.models import Medium
from newsletter.delivery.transports.smtp.conversation import Timeouts
from newsletter.delivery.verdicts import Reply
from tests.support.alerts import FULL, alerts, raise_again
from tests.support.ledgers import Clock
from tests.support.makers import NOW, SECRET
from tests.support.relay import DROP, HANG, Relay
from tests.support.staff import a_staff_user

SHORT = Timeouts(connect_s=2, command_s=1.5, data_s=1.5, block_s=1.5, final_dot_s=1.5)


def quickly(url: str, letters: Sequence[Letter]) -> tuple[Reply, ...]:
    return hand_over(url, letters, SHORT)


def a_channel(database: Database, clock: Clock, *urls: str, mail_to: tuple[str, ...] = ()) -> MailChannel:
    return MailChannel(
        database,
        relay_urls=urls,
        mail_to=mail_to,
        mail_from="",
        public_url="https://news.example.org",
        secret=SECRET,
        clock=clock,
        hand_over=quickly,
    )


def nobody_listens() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"smtp://127.0.0.1:{free.getsockname()[1]}"


def test_the_staff_is_told_once(alerted: Database, clock: Clock) -> None:
    with Relay() as relay:
        channels = [a_channel(alerted, clock, relay.url)]

        assert deliver(alerted, channels, clock=clock) == 1
        clock.forward(hours=9)
        assert deliver(alerted, channels, clock=clock) == 0

        [octets] = relay.received["ana@example.org"]

    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert message["Subject"] == "Newsletter: mail-2 kann nicht senden"
    assert message["To"] == "ana@example.org"
    assert message["From"] == "Newsletter <newsletter@news.example.org>"
    body = message.get_body(("plain",))
    assert body
    assert "no space left for <…@…>" in body.get_content()
    assert "https://news.example.org/" in body.get_content()
    assert b"anna@posteo.de" not in octets


def test_everybody_is_written_to_in_their_language_and_without_the_others(alerted: Database, clock: Clock) -> None:
    with alerted.writing() as session:
        a_staff_user(session, "ben@example.org", Grant(Role.APPROVER), language="en")
    with Relay() as relay:
        deliver(alerted, [a_channel(alerted, clock, relay.url)], clock=clock)

        [to_ana], [to_ben] = relay.received["ana@example.org"], relay.received["ben@example.org"]
        assert relay.connections == 1

    assert b"Content-Language: de" in to_ana
    assert b"Content-Language: en" in to_ben
    assert b"ben@example.org" not in to_ana
    assert b"ana@example.org" not in to_ben


def test_where_the_relay_is_what_failed_the_next_one_takes_it(alerted: Database, clock: Clock) -> None:
    with Relay() as broken, Relay() as well:
        broken.answer("EHLO", "421 4.3.0 not today")
        urls = (nobody_listens(), "smtp://", broken.url, well.url)

        assert deliver(alerted, [a_channel(alerted, clock, *urls)], clock=clock) == 1

        assert broken.connections == 1
        assert len(well.received["ana@example.org"]) == 1


@pytest.mark.parametrize(
    ("step", "answer"),
    [("GREETING", HANG), ("GREETING", DROP), ("MAIL", "550 5.7.1 no"), ("RCPT", "550 5.1.1 who?"), ("DATA", HANG)],
)
def test_what_no_relay_takes_is_tried_again(alerted: Database, clock: Clock, step: str, answer: str) -> None:
    with Relay() as relay:
        relay.answer(step, answer, times=1)
        channels = [a_channel(alerted, clock, relay.url)]

        assert deliver(alerted, channels, clock=clock) == 0
        clock.forward(seconds=59)
        assert deliver(alerted, channels, clock=clock) == 0
        clock.forward(seconds=1)
        assert deliver(alerted, channels, clock=clock) == 1

        assert len(relay.received["ana@example.org"]) == 1


def test_a_try_is_given_up_after_some_seconds(alerted: Database, clock: Clock) -> None:
    with Relay() as relay:
        relay.answer("EHLO", HANG)
        began = time.monotonic()

        deliver(
            alerted, [a_channel(alerted, clock, relay.url, relay.url.replace("127.0.0.1", "localhost"))], clock=clock
        )

        assert time.monotonic() - began < 8


def test_one_who_is_reached_is_enough(alerted: Database, clock: Clock) -> None:
    with Relay() as relay:
        relay.answer("RCPT", "550 5.1.1 who?", to="gone@example.org")
        channel = a_channel(alerted, clock, relay.url, mail_to=("gone@example.org", "ana@example.org"))

        assert deliver(alerted, [channel], clock=clock) == 1

        assert len(relay.received["ana@example.org"]) == 1


def test_a_message_keeps_its_name_at_each_try(alerted: Database, clock: Clock) -> None:
    with Relay() as relay:
        relay.answer("DATA", DROP, times=1)  # the relay has it, and nobody knows
        channels = [a_channel(alerted, clock, relay.url)]

        deliver(alerted, channels, clock=clock)
        clock.forward(minutes=1)
        deliver(alerted, channels, clock=clock)

        names = [email.message_from_bytes(octets)["Message-ID"] for octets in relay.received["ana@example.org"]]

    assert len(names) == 2
    assert len(set(names)) == 1


def test_however_often_it_flaps_there_is_one_mail_an_hour(alerted: Database, clock: Clock) -> None:
    with Relay() as relay:
        channels = [a_channel(alerted, clock, relay.url)]
        for _ in range(180):  # three hours, and a flap each minute
            deliver(alerted, channels, clock=clock)
            clock.forward(minutes=1)
            raise_again(alerted, clock())

        assert len(relay.received["ana@example.org"]) == 3

    with alerted.reading() as session:
        assert len(alerts(session)) == 181


def test_without_anybody_to_tell_it_says_so(database: Database, clock: Clock) -> None:
    with database.writing() as session:
        raising.raise_alert(session, FULL, now=NOW)
        [notice] = notices.due(session, Medium.MAIL, now=NOW)

    with pytest.raises(NotTold, match="no active staff user may send issues"):
        a_channel(database, clock, "maildir:nowhere").tell(notice)


def test_what_no_relay_takes_is_told_without_an_address(alerted: Database, clock: Clock) -> None:
    with alerted.reading() as session:
        [notice] = notices.due(session, Medium.MAIL, now=NOW)
    with Relay() as relay:
        relay.answer("RCPT", "550 5.1.1 <ana@example.org> unknown")

        with pytest.raises(NotTold, match=r"No relay took the mail about alert \d+: 550 5\.1\.1 <…@…> unknown"):
            a_channel(alerted, clock, relay.url).tell(notice)

import asyncio
import datetime as dt
import errno
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import mailings, pacing, planning, recovering
from newsletter.delivery.alerts import listing
from newsletter.delivery.models import Delivery, Mailing, Window
from newsletter.delivery.pace import GLOBAL, Pace
from newsletter.delivery.sender import POLL_S
from newsletter.delivery.verdicts import Reply, Step
from newsletter.delivery.worker import Stop
from newsletter.rendering.compiled import CompiledIssue, Slot
from subscribers.address import EmailAddress
from subscribers.models import Subscription
from tests.support.ledgers import COMPILED, Clock, a_mailing, a_system_mail, a_worker, numbers, rows
from tests.support.makers import BY, NOW
from tests.support.memory import MemoryTransport

FOUR = ("anna@example.org", "ben@example.org", "carla@example.org", "dora@example.org")


@pytest.fixture
def mailing(database: Database) -> int:
    with database.writing() as session:
        return a_mailing(session, FOUR).id


def _to(transport: MemoryTransport) -> list[str]:
    return [address for address, _ in transport.sent]


def test_a_pause_counts_within_a_second(database: Database, mailing: int) -> None:
    clock = Clock()

    def pause(address: str) -> None:
        if address == FOUR[1]:
            with database.writing() as session:
                mailings.pause(session, session.get_one(Mailing, mailing), by=BY, now=NOW)
            clock.forward(seconds=1)

    transport = MemoryTransport(pause)
    a_worker(database, transport, clock=clock).run_until_idle()

    assert _to(transport) == list(FOUR[:2])
    assert numbers(database, mailing) == {"state": "paused", "accepted": 2, "queued": 2}


def test_a_cancel_in_the_middle_cancels_what_was_not_sent(database: Database, mailing: int) -> None:
    clock = Clock()

    def cancel(address: str) -> None:
        if address == FOUR[1]:
            with database.writing() as session:
                mailings.cancel(session, session.get_one(Mailing, mailing), by=BY, now=NOW)
            clock.forward(seconds=1)

    transport = MemoryTransport(cancel)
    a_worker(database, transport, clock=clock).run_until_idle()

    assert _to(transport) == list(FOUR[:2])
    assert numbers(database, mailing) == {"state": "cancelled", "accepted": 2, "cancelled": 2}


def test_who_leaves_counts_within_a_second(database: Database, mailing: int) -> None:
    clock = Clock()

    def leave(address: str) -> None:
        if address == FOUR[0]:
            with database.writing() as session:
                row = session.get_one(Delivery, (mailing, 4))
                session.get_one(Subscription, row.subscription_id).state = "left"
        clock.forward(seconds=0.5)

    transport = MemoryTransport(leave)
    a_worker(database, transport, clock=clock).run_until_idle()

    assert _to(transport) == list(FOUR[:3])
    assert numbers(database, mailing) == {"state": "sent", "accepted": 3, "excluded": 1}


def test_asked_to_stop_it_settles_the_message_it_is_at_and_lets_go(database: Database, mailing: int) -> None:
    stop = Stop()
    transport = MemoryTransport(lambda _: stop.ask())

    a_worker(database, transport, stop=stop).run_until_idle()

    assert numbers(database, mailing) == {"state": "sending", "accepted": 1, "queued": 3}
    with database.reading() as session:
        [window] = session.scalars(select(Window))
    assert (window.state, window.seen_at, window.owner) == ("open", None, "")
    assert transport.closed == 1


def test_what_waits_for_later_is_reported(database: Database) -> None:
    later = NOW + dt.timedelta(hours=3)
    with database.writing() as session:
        mailing = a_mailing(session, FOUR, due_at=later).id
    transport = MemoryTransport()

    report = a_worker(database, transport).run_until_idle()

    assert (report.due_at, report.trouble, transport.sent) == (later, "", [])
    assert numbers(database, mailing) == {"state": "planning"}


def test_a_missed_time_waits_for_a_person_who_sends_it_anyway(database: Database) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, FOUR, due_at=NOW - dt.timedelta(hours=3)).id
    transport = MemoryTransport()
    worker = a_worker(database, transport)

    report = worker.run_until_idle()
    assert [(waiting.mailing_id, waiting.reason[:10]) for waiting in report.waiting] == [(mailing, "It was due")]
    assert transport.sent == []
    with database.writing() as session:
        mailings.resume(session, session.get_one(Mailing, mailing), by=BY, now=NOW)
    worker.run_until_idle()

    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}


@pytest.mark.parametrize(
    "broken",
    [replace(COMPILED, text=(Slot("recipient.nothing"),)), replace(COMPILED, subject=("a\nb",))],
    ids=["slot", "subject"],
)
def test_a_mail_that_cannot_be_built_pauses_its_mailing_and_nobody_is_in_doubt(
    database: Database, broken: CompiledIssue
) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, FOUR, compiled=broken).id
        system = a_system_mail(session).id
    transport = MemoryTransport()

    report = a_worker(database, transport).run_until_idle()

    assert numbers(database, mailing) == {"state": "paused", "queued": 4}
    assert "cannot be" in report.waiting[0].reason
    assert numbers(database, system) == {"state": "sent", "accepted": 1}


def test_a_database_that_refuses_for_a_while_loses_no_fact(database: Database, mailing: int) -> None:
    refusals = iter([False] * 5 + [True] * 3)

    def refuse(connection: Connection) -> None:
        if connection.get_execution_options().get("writing") and next(refusals, False):
            raise OperationalError("COMMIT", {}, Exception("disk is full"))

    event.listen(database.engine, "commit", refuse)
    transport = MemoryTransport()
    a_worker(database, transport).run_until_idle()

    assert list(refusals) == []
    assert _to(transport) == list(FOUR)
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}
    assert {row.attempt for row in rows(database, mailing).values()} == {1}


def test_the_same_row_is_the_same_message_at_each_attempt_but_for_its_date(database: Database, mailing: int) -> None:
    clock = Clock()
    later = Reply(Step.FINAL_DOT, 451, "4.7.1", "greylisted")
    transport = MemoryTransport(lambda _: later if clock.now == NOW else None)
    worker = a_worker(database, transport, clock=clock)

    worker.run_until_idle()
    clock.forward(minutes=5)
    worker.run_until_idle()

    first, second = (message for address, message in transport.sent if address == FOUR[0])
    assert first.replace(b"09:00:00", b"09:05:00") == second
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}


def test_a_rate_set_while_mail_goes_out_counts(database: Database, mailing: int) -> None:
    clock = Clock()
    moments: list[float] = []

    def note(address: str) -> None:
        moments.append(time.monotonic())
        if address == FOUR[0]:
            with database.writing() as session:
                pacing.set_rate(session, GLOBAL, 10.0, by=BY, now=clock.now)
            clock.forward(seconds=1)  # the slice is old

    a_worker(database, MemoryTransport(note), clock=clock).run_until_idle()

    assert len(moments) == 4
    assert moments[3] - moments[1] >= 2 / 10 - pacing.CREDIT_S - 0.01
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}


def test_a_provider_that_says_too_much_is_sent_to_more_slowly(database: Database) -> None:
    with database.writing() as session:
        a_mailing(session, [f"r{number}@{domain}" for domain in ("gmail.com", "example.org") for number in range(5)])
    busy = Reply(Step.RCPT, 450, "4.7.28", "rate limited")

    a_worker(database, MemoryTransport(lambda _: busy)).run_until_idle()

    with database.reading() as session:
        slowed = {pace.key: pace.slowed_to for pace in session.scalars(select(Pace))}
    assert slowed == {"provider:gmail": 2.5}, "greylisting at one small provider says nothing of the others"


def test_while_one_relay_rests_another_sends(database: Database, mailing: int) -> None:
    down = MemoryTransport(lambda _: Reply(Step.MAIL, 421, "4.3.2", "closing"))
    down.name = "down"
    up = MemoryTransport()

    report = a_worker(database, down, up).run_until_idle()

    assert _to(up) == list(FOUR)
    assert len(down.sent) == 1
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}
    assert report.trouble == ""
    assert {row.relay for row in rows(database, mailing).values()} == {"memory"}


def test_journals_that_cannot_be_written_raise_an_alert_which_ends_by_itself(
    database: Database, mailing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        a_worker(database, MemoryTransport()).run_until_idle()
    assert _alerts(database) == ["journal_unusable"]

    a_worker(database, MemoryTransport()).run_until_idle()

    assert _alerts(database) == []
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}


def _alerts(database: Database) -> list[str]:
    with database.reading() as session:
        return [alert.kind for alert in listing.standing(session)]


def test_a_sender_ends_even_if_whoever_hands_over_died_with_its_beats_unheard(database: Database) -> None:
    ours, theirs = socket.socketpair()
    sending = threading.Thread(target=a_worker(database, MemoryTransport()).run_assigned, args=(theirs,), daemon=True)
    sending.start()
    assert ours.recv(1, socket.MSG_PEEK)  # a beat came, and nobody reads it
    ours.close()

    sending.join(10)
    assert not sending.is_alive()


def test_who_was_given_up_and_lives_sends_what_it_certainly_had_not_sent(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "WINDOW", 2)
    with database.writing() as session:
        mailing = a_mailing(session, FOUR).id
    clock = Clock()

    def give_up(address: str) -> None:
        if address == FOUR[0]:
            with database.writing() as session:
                token = session.scalars(select(Window.owner).where(Window.state == "leased")).one()
                recovering.abandon(session, token, now=NOW)
            clock.forward(seconds=1)

    transport = MemoryTransport(give_up)
    a_worker(database, transport, clock=clock).run_until_idle()

    assert sorted(_to(transport)) == sorted(FOUR)
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}


def test_an_issue_gives_way_at_its_next_message_to_a_test_mail_that_came_meanwhile(
    database: Database, mailing: int
) -> None:
    """There is one connection, and the clock of the relay's slowness lets the keeper look in between."""

    async def slowly(address: str) -> None:
        if address == FOUR[1]:
            with database.writing() as session:
                _send_test(session)
            await asyncio.sleep(POLL_S + 0.2)  # the keeper looks every second

    transport = SlowTransport(slowly)
    a_worker(database, transport).run_until_idle()

    assert _to(transport) == [*FOUR[:2], "editor@example.org", *FOUR[2:]]
    assert numbers(database, mailing) == {"state": "sent", "accepted": 4}


class SlowTransport(MemoryTransport):
    """Does something before it answers."""

    def __init__(self, before: Callable[[str], Awaitable[None]]) -> None:
        super().__init__()
        self._before = before

    async def send(
        self, sender: str, recipient: str, message: bytes, *, begin: Callable[[], Awaitable[bool]]
    ) -> Reply | None:
        reply = await super().send(sender, recipient, message, begin=begin)
        await self._before(recipient)
        return reply


def _send_test(session: Session) -> None:
    mailings.send_test(
        session,
        session.scalars(select(Mailing.compiled)).one(),
        name="Test",
        issue_id=None,
        address=EmailAddress.parse("editor@example.org"),
        language="de",
        by=BY,
        now=NOW,
    )

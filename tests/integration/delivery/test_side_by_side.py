"""Senders, staff and readers act at the same moment: on each kind of database the second sees what the first did."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import migrations
from newsletter.database import Database
from newsletter.delivery import ledger, mailings, missed, planning, relays, resending, settling, statement
from newsletter.delivery.models import Delivery, Mailing, Relay
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, Verdict
from newsletter.errors import WrongState
from newsletter.readers import confirming, leaving
from subscribers import tokens
from subscribers.errors import TokenExpired
from subscribers.models import ConsentRecord, MailingList, Subscription
from tests.support import people
from tests.support.ledgers import Clock, a_mailing, a_worker, numbers, the_statement
from tests.support.makers import BY, NOW
from tests.support.memory import TAKEN, MemoryTransport
from tests.support.postgres import Server


def second_waits_for_first(
    database: Database, first: Callable[[Session], object], second: Callable[[Session], object]
) -> "Exception | None":
    """Do the second act while the transaction of the first is open; give what the second raised."""
    began = threading.Event()

    def act() -> None:
        began.set()
        with database.writing() as session:
            second(session)

    with ThreadPoolExecutor(1) as other:
        with database.writing() as session:
            first(session)
            session.flush()
            waiting = other.submit(act)
            began.wait()
            threading.Event().wait(0.2)  # long enough to come to the first one's row
            assert not waiting.done()
        error = waiting.exception(timeout=20)
    assert error is None or isinstance(error, Exception)
    return error


@pytest.mark.slow
def test_four_workers_send_everything_once_and_end_the_mailing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "WINDOW", 5)
    addresses = [f"r{number}@example.org" for number in range(100)]
    with database.writing() as session:
        mailing = a_mailing(session, addresses).id
    transport = MemoryTransport()

    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(a_worker(database, transport).run_until_idle) for _ in range(4)]
        for run in runs:
            run.result(timeout=60)

    assert numbers(database, mailing) == {"state": "sent", "accepted": 100}
    assert Counter(address for address, _ in transport.sent) == Counter(addresses)


def test_of_the_last_two_windows_ended_at_once_one_ends_the_mailing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "WINDOW", 1)
    with database.writing() as session:
        mailing = a_mailing(session, ["a@example.org", "b@example.org"]).id
        while planning.plan_chunk(session, mailing, now=NOW):
            pass
        leases = [ledger.claim(session, "me", token=token, now=NOW) for token in ("one", "two")]
        for lease in leases:
            assert lease is not None
            [row] = ledger.read(session, lease, after=0, limit=2, now=NOW)
            outcome = Outcome(Verdict.ACCEPTED, TAKEN, "relay", NOW)
            settling.settle(session, Settlement(lease.kind, mailing, row.position, row.attempt, outcome))
    one, two = leases
    assert one is not None
    assert two is not None

    error = second_waits_for_first(
        database,
        lambda session: ledger.end(session, one.owner, now=NOW),
        lambda session: ledger.end(session, two.owner, now=NOW),
    )

    assert error is None
    assert the_statement(database, mailing).state == "sent"


def test_of_two_who_cancel_at_once_the_second_is_told(database: Database) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, ["a@example.org"]).id

    def cancel(session: Session) -> None:
        mailings.cancel(session, mailings.mailing(session, mailing), by=BY, now=NOW)

    error = second_waits_for_first(database, cancel, cancel)

    assert isinstance(error, WrongState)
    with database.reading() as session:
        assert session.get_one(Mailing, mailing).epoch == 2


def test_who_leaves_while_confirming_has_left(database: Database) -> None:
    with database.writing() as session:
        news = people.a_list(session)
        subscription = people.a_subscription(session, news, confirmed=False).id
    secret = people.SECRET
    leave_token = tokens.leave(secret, subscription)
    confirm_token = tokens.confirmation(secret, subscription, address_key="anna@example.org", now=people.NOW)

    error = second_waits_for_first(
        database,
        lambda session: leaving.leave(session, leave_token, secret=secret, by=people.VISITOR, now=people.NOW),
        lambda session: confirming.confirm(session, confirm_token, secret=secret, by=people.VISITOR, now=people.NOW),
    )

    assert isinstance(error, TokenExpired)
    with database.reading() as session:
        assert session.get_one(Subscription, subscription).state == "left"


def test_leaving_twice_at_once_is_one_record(database: Database) -> None:
    with database.writing() as session:
        subscription = people.a_subscription(session, people.a_list(session)).id
    token = tokens.leave(people.SECRET, subscription)

    def leave(session: Session) -> None:
        leaving.leave(session, token, secret=people.SECRET, by=people.VISITOR, now=people.NOW)

    assert second_waits_for_first(database, leave, leave) is None

    with database.reading() as session:
        kinds = session.scalars(select(ConsentRecord.kind).order_by(ConsentRecord.sequence)).all()
    assert kinds == ["requested", "confirmed", "left"]


def test_two_who_ask_for_one_address_at_once_are_one_person(database: Database) -> None:
    with database.writing() as session:
        people.a_list(session)

    def ask(session: Session) -> None:
        news = session.scalars(select(MailingList)).one()
        people.asked(session, news)

    assert second_waits_for_first(database, ask, ask) is None

    with database.reading() as session:
        kinds = session.scalars(select(ConsentRecord.kind)).all()
    assert kinds == ["requested"], "the second came within the pause after the first"


def test_two_who_meet_the_same_trouble_of_a_relay_at_once_count_one(database: Database) -> None:
    trouble = Reply(Step.CONNECT, None, "", "refused")

    def note(session: Session) -> None:
        relays.failed(session, "relay", trouble, now=NOW)

    assert second_waits_for_first(database, note, note) is None

    with database.reading() as session:
        assert session.get_one(Relay, "relay").failures == 1


@pytest.mark.slow
def test_a_server_stopped_at_once_in_the_middle_costs_nothing() -> None:
    # One thread switches, for the sender has one for its sockets and one for the database. And the server would
    # end with the thread that started it.
    with Server() as server, ThreadPoolExecutor(1) as switch:
        database = Database(server.create("sending"))
        migrations.upgrade(database.engine)
        with database.writing() as session:
            mailing = a_mailing(session, [f"r{number}@example.org" for number in range(30)]).id

        def crash(address: str) -> None:
            if address in ("r7@example.org", "r8@example.org", "r20@example.org"):
                switch.submit(server.stop).result()

        def restart(seconds: float) -> None:
            del seconds
            switch.submit(start).result()

        def start() -> None:
            if not server.is_running:
                server.start()

        transport = MemoryTransport(crash)
        worker = a_worker(database, transport, clock=Clock(), sleep=restart)
        worker.run_until_idle()

        assert numbers(database, mailing) == {"state": "sent", "accepted": 30}
        assert Counter(address for address, _ in transport.sent) == Counter(
            f"r{number}@example.org" for number in range(30)
        )
        database.close()


def _plan(database: Database, mailing_id: int) -> None:
    more = True
    while more:
        with database.writing() as session:
            more = planning.plan_chunk(session, mailing_id, now=NOW)


def _two_children(database: Database, people: int) -> tuple[int, int]:
    """Two mailings to the missed of an issue that everybody refused."""
    with database.writing() as session:
        full = a_mailing(session, [f"r{number}@example.org" for number in range(people)]).id
    _plan(database, full)
    with database.writing() as session:
        for row in session.scalars(select(Delivery)):
            row.state = "rejected"
        mailing = mailings.mailing(session, full)
        first, second = (missed.send(session, mailing, by=BY, now=NOW) for _ in range(2))
    return first.id, second.id


def _planned_for(database: Database, mailing_id: int) -> list[str]:
    with database.reading() as session:
        found = [row.address for row in statement.deliveries(session, mailing_id)]
        assert statement.statement(session, mailing_id).recipients == len(found)
    return found


def test_a_chunk_for_the_missed_waits_for_that_of_another_and_leaves_out_whom_it_took(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 2)
    first, second = _two_children(database, 3)

    error = second_waits_for_first(
        database,
        lambda session: planning.plan_chunk(session, first, now=NOW),
        lambda session: planning.plan_chunk(session, second, now=NOW),
    )
    _plan(database, second)
    _plan(database, first)

    assert error is None
    assert _planned_for(database, first) == ["r0@example.org", "r1@example.org"]
    assert _planned_for(database, second) == ["r2@example.org"]


def test_children_planned_at_once_give_nobody_two_rows(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "CHUNK", 7)
    children = _two_children(database, 100)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda child: _plan(database, child), children))

    planned = Counter(address for child in children for address in _planned_for(database, child))
    assert planned == Counter(f"r{number}@example.org" for number in range(100))


def test_a_lease_that_ends_beside_a_resend_leaves_its_window_open(database: Database) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, ["anna@example.org", "ben@example.org"]).id
    _plan(database, mailing)
    with database.writing() as session:
        lease = ledger.claim(session, "me", token="t", now=NOW)
        for row, state in zip(session.scalars(select(Delivery)), ("unknown", "accepted"), strict=True):
            row.state, row.attempt = state, 1
    assert lease is not None

    error = second_waits_for_first(
        database,
        lambda session: resending.resend_all(session, mailings.mailing(session, mailing), by=BY, now=NOW),
        lambda session: ledger.end(session, lease.owner, now=NOW),
    )

    assert error is None
    assert numbers(database, mailing) == {"state": "sending", "accepted": 1, "queued": 1}
    with database.writing() as session:
        assert ledger.claim(session, "me", token="u", now=NOW) is not None

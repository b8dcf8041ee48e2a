"""Whose process is there, and who gets the work of one that is not."""

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun
from newsletter.engine import housekeeping, seating, tables
from newsletter.engine.models import EngineSeat
from newsletter.engine.presence import Presence
from newsletter.engine.running import Running
from tests.support.engines import NOW, begin, enqueue, jobs, put, put_all, states, until

if TYPE_CHECKING:
    from dbos import DBOSClient

FIRST, SECOND, THIRD = BatchRun(7, 1, 1), BatchRun(7, 2, 1), BatchRun(7, 3, 1)


@pytest.fixture
def client(engine_database: Database) -> "Iterator[DBOSClient]":
    connections = tables.connecting(engine_database)
    yield tables.client(connections, patient=False)
    connections.dispose()


def seen(database: Database, seat: str, *, ago: dt.timedelta) -> None:
    """Have a seat been seen so long ago."""
    with database.writing() as session:
        seating.beat(session, seat)
        session.execute(update(EngineSeat).where(EngineSeat.id == seat).values(seen_at=seating.moment(session) - ago))


def test_a_seat_is_present_for_a_minute_after_it_was_seen(database: Database) -> None:
    seen(database, "a-1", ago=dt.timedelta(seconds=50))
    seen(database, "b-1", ago=dt.timedelta(seconds=70))

    with database.reading() as session:
        assert seating.present(session) == {"a-1"}
        assert seating.present(session, silent_after=dt.timedelta(seconds=30)) == frozenset()


def test_a_seat_that_was_away_is_present_again(database: Database) -> None:
    seen(database, "a-1", ago=dt.timedelta(days=3))
    with database.writing() as session:
        seating.beat(session, "a-1")

    with database.reading() as session:
        assert seating.present(session) == {"a-1"}


def test_work_of_the_silent_goes_back_to_its_queue_once(engine_database: Database, client: "DBOSClient") -> None:
    enqueue(engine_database, FIRST, SECOND)
    begin(engine_database, FIRST, seat="dead-1")
    begin(engine_database, SECOND, seat="living-1")

    reaped = [seating.reap(client, {"living-1"}) for _ in range(2)]

    assert reaped == [["m7:b1:1"], []]
    assert states(engine_database) == {"m7:b1:1": "ENQUEUED", "m7:b2:1": "PENDING"}


def test_urgent_work_goes_back_among_the_urgent(engine_database: Database, client: "DBOSClient") -> None:
    with engine_database.writing() as session:
        jobs(engine_database).enqueue(session, FIRST, at=NOW, urgent=True)
    begin(engine_database, FIRST, seat="dead-1")

    seating.reap(client, ())

    assert [work.queue_name for work in client.list_workflows()] == ["urgent"]


def test_what_waits_or_has_ended_is_not_reaped(engine_database: Database, client: "DBOSClient") -> None:
    enqueue(engine_database, FIRST)
    enqueue(engine_database, SECOND)
    put(engine_database, SECOND, status="SUCCESS", executor_id="dead-1")

    assert seating.reap(client, ()) == []


def test_what_a_living_process_was_given_but_does_not_run_is_given_back_after_two_looks(
    engine_database: Database, client: "DBOSClient"
) -> None:
    enqueue(engine_database, FIRST, SECOND, THIRD)
    for batch in (FIRST, SECOND):
        begin(engine_database, batch, seat="here-1")
    begin(engine_database, THIRD, seat="there-1")
    running = Running()
    presence = Presence(engine_database, client, seat="here-1", running=running)
    found = []

    def look_twice() -> None:
        for _ in range(2):
            presence._look()
            found.append(states(engine_database))

    with capture_logs():
        running.do("m7:b2:1", look_twice)

    assert found == [
        {"m7:b1:1": "PENDING", "m7:b2:1": "PENDING", "m7:b3:1": "PENDING"},
        {"m7:b1:1": "ENQUEUED", "m7:b2:1": "PENDING", "m7:b3:1": "PENDING"},
    ]


def test_a_process_shows_itself_until_it_ends_and_gives_back_what_it_had(
    engine_database: Database, client: "DBOSClient"
) -> None:
    enqueue(engine_database, FIRST)
    presence = Presence(engine_database, client, seat="here-1", running=Running(), beat_s=0.02)

    presence.begin()
    seen(engine_database, "here-1", ago=dt.timedelta(hours=1))
    until(lambda: "here-1" in present(engine_database))
    begin(engine_database, FIRST, seat="here-1")
    presence.end()
    seen(engine_database, "here-1", ago=dt.timedelta(hours=1))

    assert states(engine_database) == {"m7:b1:1": "ENQUEUED"}
    assert present(engine_database) == frozenset()


def test_what_ended_long_ago_is_forgotten(engine_database: Database, client: "DBOSClient") -> None:
    many = [BatchRun(7, number, 1) for number in range(1, 1204)]
    enqueue(engine_database, *many, BatchRun(8, 1, 1), BatchRun(8, 2, 1))
    long_ago, lately = NOW - dt.timedelta(days=8), NOW - dt.timedelta(days=6)
    put_all(engine_database, "m7:%", status="SUCCESS", completed_at=long_ago.timestamp() * 1000)
    put(engine_database, BatchRun(8, 1, 1), status="ERROR", completed_at=lately.timestamp() * 1000)

    swept = housekeeping.sweep(client, before=NOW - housekeeping.KEPT)

    assert swept == 1203
    assert states(engine_database) == {"m8:b1:1": "ERROR", "m8:b2:1": "ENQUEUED"}


def test_seats_that_were_left_long_ago_are_forgotten(database: Database) -> None:
    seen(database, "a-1", ago=dt.timedelta(days=8))
    seen(database, "b-1", ago=dt.timedelta(days=6))

    with database.writing() as session:
        seating.forget(session, before=seating.moment(session) - dt.timedelta(days=7))

    with database.reading() as session:
        assert session.scalars(select(EngineSeat.id)).all() == ["b-1"]


def present(database: Database) -> frozenset[str]:
    with database.reading() as session:
        return seating.present(session)

"""Enqueueing belongs to the transaction that does it; the dead are told from the living."""

import datetime as dt
import subprocess
import sys

import pytest

from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun
from newsletter.engine import tables
from newsletter.engine.tables import EngineTablesMissing
from tests.support.engines import NOW, begin, enqueue, jobs, put, states

FIRST, SECOND = BatchRun(7, 1, 1), BatchRun(7, 2, 1)


def test_what_commits_is_enqueued(engine_database: Database) -> None:
    enqueue(engine_database, FIRST, SECOND)

    assert states(engine_database) == {"m7:b1:1": "ENQUEUED", "m7:b2:1": "ENQUEUED"}


def test_what_is_rolled_back_was_never_enqueued(engine_database: Database) -> None:
    def fail() -> None:
        with engine_database.writing() as session:
            jobs(engine_database).enqueue(session, FIRST, at=NOW, urgent=False)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert states(engine_database) == {}


def test_what_is_due_later_waits_and_what_is_overdue_does_not(engine_database: Database) -> None:
    with engine_database.writing() as session:
        jobs(engine_database).enqueue(session, FIRST, at=NOW + dt.timedelta(hours=4), urgent=False)
        jobs(engine_database).enqueue(session, SECOND, at=NOW - dt.timedelta(hours=4), urgent=False)

    assert states(engine_database) == {"m7:b1:1": "DELAYED", "m7:b2:1": "ENQUEUED"}


def test_enqueueing_again_changes_nothing(engine_database: Database) -> None:
    enqueue(engine_database, FIRST)
    begin(engine_database, FIRST, seat="here-1")

    with engine_database.writing() as session:
        jobs(engine_database).enqueue(session, FIRST, at=NOW + dt.timedelta(hours=4), urgent=False)

    assert states(engine_database) == {"m7:b1:1": "PENDING"}


@pytest.mark.parametrize(
    ("state", "is_alive"),
    [
        ("ENQUEUED", True),
        ("DELAYED", True),
        ("PENDING", True),
        ("SUCCESS", False),
        ("ERROR", False),
        ("CANCELLED", False),
        ("MAX_RECOVERY_ATTEMPTS_EXCEEDED", False),
    ],
)
def test_a_run_lives_while_something_waits_for_it_or_works_on_it(
    engine_database: Database, state: str, *, is_alive: bool
) -> None:
    enqueue(engine_database, FIRST)
    put(engine_database, FIRST, status=state)
    with engine_database.reading() as session:
        lifeless = jobs(engine_database).without_life(session, [FIRST])

    assert lifeless == (frozenset() if is_alive else {FIRST})


def test_what_was_never_enqueued_has_no_life_and_what_this_transaction_enqueued_has(engine_database: Database) -> None:
    with engine_database.writing() as session:
        jobs(engine_database).enqueue(session, FIRST, at=NOW, urgent=False)
        lifeless = jobs(engine_database).without_life(session, [FIRST, SECOND])

    assert lifeless == {SECOND}


def test_more_runs_than_one_statement_can_name(engine_database: Database) -> None:
    many = [BatchRun(7, number, 1) for number in range(1, 1204)]
    enqueue(engine_database, many[0], many[-1])

    with engine_database.reading() as session:
        lifeless = jobs(engine_database).without_life(session, many)

    assert lifeless == frozenset(many[1:-1])


def test_the_revival_of_a_run_is_another_run(engine_database: Database) -> None:
    enqueue(engine_database, FIRST)

    with engine_database.reading() as session:
        lifeless = jobs(engine_database).without_life(session, [BatchRun(7, 1, 2)])

    assert lifeless == {BatchRun(7, 1, 2)}


def test_missing_tables_are_told(empty_url: str) -> None:
    database = Database(empty_url)

    assert not tables.are_there(database)
    with pytest.raises(EngineTablesMissing, match="`newsletter init` brings them up to date"):
        enqueue(database, FIRST)
    with pytest.raises(EngineTablesMissing), database.reading() as session:
        jobs(database).without_life(session, [FIRST])
    database.close()


def test_making_the_tables_twice_changes_nothing(engine_database: Database) -> None:
    enqueue(engine_database, FIRST)

    tables.migrate(engine_database)

    assert tables.are_there(engine_database)
    assert states(engine_database) == {"m7:b1:1": "ENQUEUED"}


def test_dbos_is_imported_with_the_first_batch_and_not_before() -> None:
    asked = "import sys, newsletter.cli, newsletter.app; print([name for name in sys.modules if name == 'dbos'])"

    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"

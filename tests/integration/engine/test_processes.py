"""Several processes with an engine each, killed, stopped and started: nothing is lost, nothing runs twice at a time."""

import signal
import time
from collections import Counter
from contextlib import ExitStack
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from sqlalchemy import column, func, select, text

from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun
from tests.support.engine_process import events, of, process
from tests.support.engines import enqueue, states, status_table, until

pytestmark = pytest.mark.slow


def on(kind: str) -> pytest.MarkDecorator:
    """One kind of database is enough for what has been seen on both within one process."""
    return pytest.mark.parametrize("database_url", [kind], indirect=True)


def batches(count: int, *, mailing: int = 7) -> list[BatchRun]:
    return [BatchRun(mailing, number, 1) for number in range(1, count + 1)]


def is_done(database: Database) -> bool:
    return set(states(database).values()) == {"SUCCESS"}


def at_the_same_time(folder: Path) -> list[str]:
    """The work that began again before it had ended."""
    twice = []
    seen = sorted((event for event in events(folder) if event.what in {"begin", "end"}), key=lambda event: event.work)
    for work, of_work in groupby(seen, key=lambda event: event.work):
        whats = [event.what for event in sorted(of_work, key=lambda event: event.when)]
        twice += [work for pair in pairwise(whats) if pair == ("begin", "begin")]
    return twice


def test_two_processes_share_the_work_and_nothing_runs_twice(
    engine_database: Database, database_url: str, tmp_path: Path
) -> None:
    enqueue(engine_database, *batches(40))

    with process(database_url, tmp_path, lasting=0.1), process(database_url, tmp_path, lasting=0.1):
        until(lambda: is_done(engine_database))

    assert Counter(of(tmp_path, "begin")) == dict.fromkeys([f"7:{number}" for number in range(1, 41)], 1)
    assert {event.seat for event in events(tmp_path) if event.what == "begin"} == {"here-1", "here-2"}


def test_what_a_killed_process_had_begun_is_run_by_the_next_one(
    engine_database: Database, database_url: str, tmp_path: Path
) -> None:
    enqueue(engine_database, *batches(6))
    with process(database_url, tmp_path, lasting=60):
        until(lambda: len(of(tmp_path, "begin")) == 4)  # the others wait, as four run at a time

    with process(database_url, tmp_path):
        until(lambda: is_done(engine_database))

    assert {event.seat for event in events(tmp_path)} == {"here-1"}
    assert sorted(of(tmp_path, "end")) == [f"7:{number}" for number in range(1, 7)]


def test_what_a_machine_that_never_comes_back_had_begun_is_run_by_another_one(
    engine_database: Database, database_url: str, tmp_path: Path
) -> None:
    enqueue(engine_database, *batches(4))
    with process(database_url, tmp_path, machine="lost", lasting=60):
        until(lambda: len(of(tmp_path, "begin")) == 4)

    with process(database_url, tmp_path, machine="here", reaping=True):
        until(lambda: is_done(engine_database))

    assert {event.seat for event in events(tmp_path) if event.what == "end"} == {"here-1"}


@on("postgresql")
def test_a_process_that_was_only_frozen_does_no_harm(
    engine_database: Database, database_url: str, tmp_path: Path
) -> None:
    enqueue(engine_database, *batches(4))
    with process(database_url, tmp_path, machine="frozen", lasting=1) as frozen:
        until(lambda: len(of(tmp_path, "begin")) == 4)
        frozen.send_signal(signal.SIGSTOP)
        with process(database_url, tmp_path, machine="here", reaping=True):
            until(lambda: is_done(engine_database))
            frozen.send_signal(signal.SIGCONT)
            until(lambda: len(of(tmp_path, "end")) == 8)
            enqueue(engine_database, *batches(20, mailing=8))
            until(lambda: is_done(engine_database))
        frozen.send_signal(signal.SIGTERM)
        ended = frozen.wait(10)

    assert ended == 0
    assert {event.seat for event in events(tmp_path) if event.work.startswith("8:")} == {"frozen-1", "here-1"}


@on("postgresql")
def test_asked_to_end_a_process_gives_its_work_to_the_others(
    engine_database: Database, database_url: str, tmp_path: Path
) -> None:
    enqueue(engine_database, *batches(8))
    with process(database_url, tmp_path, machine="old", lasting=60) as old:
        until(lambda: len(of(tmp_path, "begin")) == 4)
        asked = time.monotonic()
        old.send_signal(signal.SIGTERM)
        ended, lasted = old.wait(10), time.monotonic() - asked
        with process(database_url, tmp_path, machine="new"):
            until(lambda: is_done(engine_database))

    assert (ended, lasted < 5) == (0, True)
    assert {event.seat for event in events(tmp_path) if event.what == "end"} >= {"new-1"}
    assert at_the_same_time(tmp_path) == []


@on("postgresql")
def test_a_cron_is_called_once_at_each_of_its_times_whoever_calls_it(
    engine_database: Database, database_url: str, tmp_path: Path
) -> None:
    with (
        process(database_url, tmp_path, machine="a", cron="* * * * * *"),
        process(database_url, tmp_path, machine="b", cron="* * * * * *"),
    ):
        until(lambda: len(of(tmp_path, "start")) == 2)
        until(lambda: len(of(tmp_path, "tick")) >= 3)
    table = text(status_table(engine_database))
    with engine_database.reading() as session:
        fired = select(func.count()).select_from(table).where(column("schedule_name") == "tick")
        ticks = session.scalars(fired).one()

    assert ticks - len(of(tmp_path, "tick")) in {0, 1}  # the last one may have been killed before it was called
    assert ticks <= 5


@on("sqlite")
def test_four_processes_on_one_sqlite_file_never_find_it_locked(
    engine_database: Database, database_url: str, tmp_path: Path
) -> None:
    enqueue(engine_database, *batches(40))

    with ExitStack() as stack:
        started = [stack.enter_context(process(database_url, tmp_path, chained=True, lasting=0.02)) for _ in range(4)]
        until(lambda: len(states(engine_database)) == 80 and is_done(engine_database), 40)
        for one in started:
            one.send_signal(signal.SIGTERM)
        ended = [one.wait(10) for one in started]

    assert ended == [0, 0, 0, 0]
    assert sorted(Counter(of(tmp_path, "end")).values()) == [1] * 80
    assert "locked" not in (tmp_path / "errors").read_text()

"""The engine in this process: what is enqueued is run, at its time, again where needed, and the end is quick."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from newsletter import migrations
from newsletter.app import now
from newsletter.database import Database, DatabaseUnusable
from newsletter.delivery.jobs import BatchRun
from newsletter.engine import tables
from newsletter.engine.engine import Cron, Engine
from newsletter.engine.jobs import EngineJobs
from newsletter.engine.seats import Seat
from newsletter.engine.tables import EngineTablesMissing
from tests.support.engines import begin, enqueue, states, until
from tests.support.postgres import Server

pytestmark = pytest.mark.slow

FIRST, SECOND = BatchRun(7, 1, 1), BatchRun(7, 2, 1)


class Seen:
    """Takes down what is run, and how much of it at a time."""

    def __init__(self, *, lasting: float = 0.0) -> None:
        self.runs: list[tuple[int, int]] = []
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._lasting = lasting

    def __call__(self, run: BatchRun) -> None:
        with self._lock:
            self.runs.append((run.mailing, run.batch))
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self._lasting)  # noqa: TID251  # as long as sending would take
        with self._lock:
            self._now -= 1


@contextmanager
def running(
    database: Database,
    folder: Path,
    run: Callable[[BatchRun], None],
    *,
    crons: tuple[Cron, ...] = (),
    at_once: int = 4,
    patience_s: float = 5.0,
) -> Iterator[Engine]:
    with (
        Seat.take(folder, machine="here") as seat,
        Engine(
            database,
            seat=seat,
            run=run,
            crons=crons,
            at_once=at_once,
            urgent_at_once=2,
            polling_s=0.05,
            patience_s=patience_s,
            beat_s=0.2,
        ) as engine,
    ):
        yield engine


def test_what_is_enqueued_is_run_once(engine_database: Database, tmp_path: Path) -> None:
    seen = Seen()
    enqueue(engine_database, FIRST)

    with running(engine_database, tmp_path, seen):
        enqueue(engine_database, SECOND)
        until(lambda: set(states(engine_database).values()) == {"SUCCESS"})
        enqueue(engine_database, FIRST)
        time.sleep(0.3)  # noqa: TID251  # nothing more is expected

    assert sorted(seen.runs) == [(7, 1), (7, 2)]


def test_what_was_run_is_run_again_under_a_new_number(engine_database: Database, tmp_path: Path) -> None:
    seen = Seen()

    with running(engine_database, tmp_path, seen):
        enqueue(engine_database, FIRST)
        until(lambda: len(seen.runs) == 1)
        enqueue(engine_database, BatchRun(7, 1, 2))
        until(lambda: set(states(engine_database).values()) == {"SUCCESS"})

    assert seen.runs == [(7, 1), (7, 1)]


def test_what_is_due_later_is_run_later(engine_database: Database, tmp_path: Path) -> None:
    seen, at = Seen(), now() + dt.timedelta(seconds=1)
    with engine_database.writing() as session:
        EngineJobs(engine_database, clock=now).enqueue(session, FIRST, at=at, urgent=False)

    with running(engine_database, tmp_path, seen):
        until(lambda: seen.runs != [])
        begun = now()

    assert dt.timedelta(0) <= begun - at < dt.timedelta(seconds=60)


def test_so_many_run_at_a_time_and_the_urgent_beside_them(engine_database: Database, tmp_path: Path) -> None:
    seen = Seen(lasting=0.3)
    enqueue(engine_database, *(BatchRun(7, number, 1) for number in range(1, 9)))

    with running(engine_database, tmp_path, seen, at_once=2):
        until(lambda: len(seen.runs) >= 2)
        with engine_database.writing() as session:
            EngineJobs(engine_database, clock=now).enqueue(session, BatchRun(8, 1, 1), at=now(), urgent=True)
        until(lambda: (8, 1) in seen.runs)
        ahead_of = len(seen.runs)
        until(lambda: set(states(engine_database).values()) == {"SUCCESS"})

    assert ahead_of < 9
    assert seen.most <= 3


def test_a_run_that_fails_has_no_life_and_does_no_harm(engine_database: Database, tmp_path: Path) -> None:
    def run(found: BatchRun) -> None:
        if found.batch == 1:
            raise ValueError(f"anna@example.org in {found.mailing}")

    with capture_logs() as lines, running(engine_database, tmp_path, run):
        enqueue(engine_database, FIRST, SECOND)
        until(lambda: states(engine_database) == {"m7:b1:1": "ERROR", "m7:b2:1": "SUCCESS"})
    with engine_database.reading() as session:
        lifeless = EngineJobs(engine_database, clock=now).without_life(session, [FIRST])

    assert lifeless == {FIRST}
    assert [(line["run"], line["error"]) for line in lines if line["event"] == "a run failed"] == [
        ("m7:b1:1", "ValueError")
    ]
    assert "anna" not in str(lines)


def test_the_end_gives_back_what_is_not_done(engine_database: Database, tmp_path: Path) -> None:
    asked, began = threading.Event(), threading.Event()

    def run(found: BatchRun) -> None:
        del found
        began.set()
        asked.wait()

    enqueue(engine_database, FIRST)
    with running(engine_database, tmp_path, run) as engine:
        assert began.wait(5)
        engine.stop()
        enqueue(engine_database, SECOND)
        asked.set()

    assert states(engine_database) == {"m7:b1:1": "ENQUEUED", "m7:b2:1": "ENQUEUED"}


def test_what_does_not_end_is_left_behind_and_run_by_the_next(engine_database: Database, tmp_path: Path) -> None:
    began, for_ever = threading.Event(), threading.Event()

    def run(found: BatchRun) -> None:
        del found
        began.set()
        for_ever.wait()

    enqueue(engine_database, FIRST)
    with running(engine_database, tmp_path, run, patience_s=0.2):
        assert began.wait(5)
        asked = time.monotonic()
    lasted = time.monotonic() - asked
    left = states(engine_database)
    seen = Seen()
    with running(engine_database, tmp_path, seen):
        until(lambda: seen.runs != [])
    for_ever.set()

    assert lasted < 3
    assert left == {"m7:b1:1": "PENDING"}
    assert seen.runs == [(7, 1)]


def test_what_a_crash_left_behind_is_run_at_the_next_start(engine_database: Database, tmp_path: Path) -> None:
    seen = Seen()
    enqueue(engine_database, FIRST)
    begin(engine_database, FIRST, seat="here-1")

    with running(engine_database, tmp_path, seen):
        until(lambda: states(engine_database) == {"m7:b1:1": "SUCCESS"})

    assert seen.runs == [(7, 1)]


def test_the_work_of_a_dead_machine_is_taken_over(engine_database: Database, tmp_path: Path) -> None:
    seen = Seen()
    enqueue(engine_database, FIRST)
    begin(engine_database, FIRST, seat="lost-1")

    with capture_logs(), running(engine_database, tmp_path, seen) as engine:
        engine.reap()
        until(lambda: states(engine_database) == {"m7:b1:1": "SUCCESS"})

    assert seen.runs == [(7, 1)]


def test_a_cron_is_called_at_its_times_and_a_failure_does_not_end_it(engine_database: Database, tmp_path: Path) -> None:
    calls = []

    def fail() -> None:
        calls.append(now())
        raise ValueError

    with capture_logs(), running(engine_database, tmp_path, Seen(), crons=(Cron("tick", "* * * * * *", fail),)):
        until(lambda: len(calls) >= 2)


def test_a_cron_that_is_no_more_is_forgotten(engine_database: Database, tmp_path: Path) -> None:
    with running(engine_database, tmp_path, Seen(), crons=(Cron("old", "0 0 1 1 *", lambda: None),)) as engine:
        before = {schedule["schedule_name"] for schedule in engine._client.list_schedules()}
    with running(engine_database, tmp_path, Seen(), crons=(Cron("new", "0 0 1 1 *", lambda: None),)) as engine:
        after = {schedule["schedule_name"] for schedule in engine._client.list_schedules()}

    assert before - after == {"old"}
    assert after - before == {"new"}


def test_the_nightly_sweep_keeps_what_is_new(engine_database: Database, tmp_path: Path) -> None:
    seen = Seen()
    enqueue(engine_database, FIRST)

    with running(engine_database, tmp_path, seen) as engine:
        until(lambda: states(engine_database) == {"m7:b1:1": "SUCCESS"})
        engine.sweep()

    assert states(engine_database) == {"m7:b1:1": "SUCCESS"}


def test_an_engine_does_not_start_without_its_tables(empty_url: str, tmp_path: Path) -> None:
    database = Database(empty_url)
    migrations.upgrade(database.engine)

    with (
        pytest.raises(EngineTablesMissing, match="`newsletter init`"),
        capture_logs(),
        running(database, tmp_path, Seen()),
    ):
        pass
    tables.migrate(database)
    with running(database, tmp_path, Seen()):
        pass
    database.close()


def test_an_engine_does_not_start_without_its_server(tmp_path: Path) -> None:
    database = Database("postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing")

    with (
        pytest.raises(DatabaseUnusable, match=r"^The engine cannot start: ") as caught,
        running(database, tmp_path, Seen()),
    ):
        pass

    assert "secret" not in str(caught.value)


def test_a_server_that_goes_and_comes_again_loses_nothing(tmp_path: Path) -> None:
    seen = Seen(lasting=0.05)
    with Server() as server, capture_logs() as lines:
        database = prepared(server.create("outage"))
        enqueue(database, *(BatchRun(7, number, 1) for number in range(1, 41)))
        with running(database, tmp_path, seen):
            until(lambda: len(seen.runs) > 4)
            server.stop()
            time.sleep(1.5)  # noqa: TID251  # an outage of that length
            server.start()
            enqueue(database, *(BatchRun(8, number, 1) for number in range(1, 5)))
            until(lambda: set(states(database).values()) == {"SUCCESS"}, 30)
        database.close()

    assert set(seen.runs) == {(7, number) for number in range(1, 41)} | {(8, number) for number in range(1, 5)}
    assert {line["log_level"] for line in lines} <= {"info", "warning", "error"}


def prepared(url: str) -> Database:
    database = Database(url)
    migrations.upgrade(database.engine)
    tables.migrate(database)
    return database

"""A process with an engine, for tests to start, stop and kill.

    python -m tests.support.engine_process '{"url": …, "folder": …, "machine": …, "lasting": 0.2}'

Writes a line into `<folder>/log` for whatever happens, as `event work when seat`, at once and whole.
"""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.app import configure_log, now
from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun, jobs_of
from newsletter.engine.engine import Cron, Engine
from newsletter.engine.jobs import EngineJobs
from newsletter.engine.seats import Seat

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in one of the processes; `when` counts alike in all of them."""

    what: str
    work: str
    when: float
    seat: str


def events(folder: Path) -> list[Event]:
    """What happened so far."""
    path = folder / "log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [Event(what, work, float(when), seat) for what, work, when, seat in map(str.split, lines)]


def of(folder: Path, what: str) -> list[str]:
    """The work of all events of a kind."""
    return [event.work for event in events(folder) if event.what == what]


@contextmanager
def process(url: str, folder: Path, *, machine: str = "here", **options: object) -> "Iterator[subprocess.Popen[str]]":
    """Start one; whatever it still does at the end is killed."""
    told = json.dumps({"url": url, "folder": str(folder), "machine": machine, **options})
    with (folder / "errors").open("a") as errors:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.support.engine_process", told],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stderr=errors,
            text=True,
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def main(options: Mapping[str, object]) -> None:
    """Run an engine until SIGTERM."""
    configure_log()
    folder, lasting = Path(str(options["folder"])), float(str(options.get("lasting", 0.0)))
    database, stopped = Database(str(options["url"])), threading.Event()
    database.bind(EngineJobs(database, clock=now))
    seat = Seat.take(folder / str(options["machine"]), machine=str(options["machine"]))
    log = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(what: str, work: str) -> None:
        os.write(log, f"{what} {work} {time.monotonic()} {seat.name}\n".encode())

    def run(found: BatchRun) -> None:
        mailing, batch = found.mailing, found.batch
        note("begin", f"{mailing}:{batch}")
        stopped.wait(lasting)
        if options.get("chained") and batch < 1000 and not stopped.is_set():  # each run enqueues another
            with database.writing() as session:
                jobs_of(session).enqueue(session, BatchRun(mailing, batch + 1000, 1), at=now(), urgent=False)
        note("end", f"{mailing}:{batch}")

    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with Engine(
        database,
        seat=seat,
        run=run,
        crons=[Cron("tick", str(options["cron"]), lambda: note("tick", "tick"))] if "cron" in options else [],
        at_once=4,
        urgent_at_once=2,
        polling_s=0.1,
        beat_s=0.5,
        silent_after=dt.timedelta(seconds=2),
    ) as engine:
        note("start", "-")
        while not stopped.wait(0.2):
            if options.get("reaping"):
                engine.reap()
        engine.stop()
    note("stop", "-")
    database.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

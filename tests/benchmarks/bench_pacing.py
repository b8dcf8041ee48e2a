"""Four processes share a rate of 100 messages a second, on both databases; and what a slice without a rate costs.

The rate is counted over three seconds from the first message on, beside what was set: the ratio is to be 1. A second
figure of each kind has eight connections a process and two rates, so that most are sent away again and again.
`most_in_a_second` tells how late the processes were, too: what is granted to one key never exceeds 106 in a second.
"""

import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from sqlalchemy import select, text

from newsletter import migrations
from newsletter.app import now
from newsletter.database import Database
from newsletter.delivery import pacing
from newsletter.delivery.pace import GLOBAL, Key, Pace, provider_key, relay_key
from subscribers.actor import Actor
from subscribers.address import Provider
from tests.benchmarks.bench_planning import IN_EARNEST
from tests.benchmarks.measuring import machine, measure
from tests.support.postgres import Server

PROCESSES = 4
PER_SECOND = 100
SECONDS = 3.0
ROUNDS = 3
SLICES = 200
GMAIL = provider_key(Provider.GMAIL)
BARE = text("SELECT key FROM pace WHERE key IN ('global', 'relay:mail.example.org:25', 'provider:gmail')")
KEYS = (GLOBAL, relay_key("mail.example.org:25"), GMAIL)


def main() -> None:
    """Print the figures of each kind of database."""
    with tempfile.TemporaryDirectory() as folder, Server(IN_EARNEST) as server:
        for kind, url in (
            ("SQLite", f"sqlite:///{Path(folder) / 'newsletter.db'}"),
            ("PostgreSQL", server.create("b")),
        ):
            database = Database(url)
            migrations.upgrade(database.engine)
            _cost(kind, database)
            _set(database, GLOBAL, PER_SECOND)
            _rate(kind, url, askers=1)
            _set(database, GMAIL, PER_SECOND)
            _set(database, GLOBAL, 2 * PER_SECOND)
            _rate(kind, url, askers=8)
            database.close()


def _set(database: Database, key: Key, per_second: float) -> None:
    with database.writing() as session:
        pacing.set_rate(session, key, per_second, by=Actor.command_line(), now=now())


def _cost(kind: str, database: Database) -> None:
    def slices(act: Callable[..., object]) -> Callable[[], None]:
        def run() -> None:
            with database.writing() as session:
                for _ in range(SLICES):
                    act(session)  # in one transaction: a slice has one anyway

        return run

    measure(
        f"a slice that no rate limits, {kind}",
        ours=slices(lambda session: pacing.grant(session, KEYS, wanted=200, now=now())),
        peer=slices(lambda session: session.execute(BARE).all()),
        peer_name="bare SELECT of three keys",
        per=SLICES,
    )


def _rate(kind: str, url: str, *, askers: int) -> None:
    runs = [_moments(url, askers) for _ in range(ROUNDS)]
    value = statistics.median(_begun(run, run[0], SECONDS) / SECONDS for run in runs)
    line = {
        "figure": f"messages a second begun by {PROCESSES} processes of {askers} connections, {kind}",
        "value": round(value, 1),
        "peer": "the rate that was set",
        "peer_value": PER_SECOND,
        "ratio": round(value / PER_SECOND, 3),
        "most_in_a_second": max(_begun(run, moment, 1.0) for run in runs for moment in run),
        "sink": "none",
        "machine": machine(),
    }
    print(json.dumps(line, ensure_ascii=False))


def _begun(moments: list[float], since: float, seconds: float) -> int:
    return sum(since <= moment < since + seconds for moment in moments)


def _moments(url: str, askers: int) -> list[float]:
    """When each message began, on the clock that all processes of a machine share."""
    context = multiprocessing.get_context("spawn")
    told: Queue[list[float]] = context.Queue()
    ready = context.Barrier(PROCESSES * askers)
    processes = [context.Process(target=_ask, args=(url, askers, ready, told)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    moments = sorted(moment for _ in processes for moment in told.get(timeout=60))
    for process in processes:
        process.join()
    return moments


def _ask(url: str, askers: int, ready: "Barrier", told: "Queue[list[float]]") -> None:
    database = Database(url)
    moments: list[float] = []
    threads = [threading.Thread(target=_begin, args=(database, ready, moments)) for _ in range(askers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    told.put(moments)


def _begin(database: Database, ready: "Barrier", moments: list[float]) -> None:
    """Ask and begin for a little longer than is counted."""
    with database.reading() as session:
        session.execute(select(Pace.key)).all()  # connected
    ready.wait()
    end = time.monotonic() + SECONDS + 0.5
    while time.monotonic() < end:
        with database.writing() as session:
            granted = pacing.grant(session, KEYS, wanted=200, now=now())
        begins = time.monotonic() + granted.waits_s
        _sleep_until(begins)
        for _ in range(granted.rows):
            _sleep_until(begins)
            moments.append(time.monotonic())
            begins = moments[-1] + granted.gap_s


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))  # noqa: TID251  # time itself is measured


if __name__ == "__main__":
    main()

"""Whole mailings over SMTP with the ledger on, against Python's usual way: Jinja2, EmailMessage, smtplib, no ledger.

Both send the same mail of 39 KB to the same sink, a bare one in a process of its own, so that it is not what is
measured. Ours writes a journal and settles every recipient; the usual way forgets.
"""

import json
import shutil
import smtplib
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from newsletter import migrations
from newsletter.database import Database
from newsletter.delivery.transports import open_transport
from tests.benchmarks import bench_assembly
from tests.benchmarks.measuring import machine
from tests.benchmarks.sink import Sink
from tests.support.ledgers import Clock, a_mailing, a_worker, numbers

READERS = 3000
USUAL = 300  # the usual way is slow; its rate does not depend on the number
CONNECTIONS = 10
ROUNDS = 3


def main() -> None:
    """Print the figure."""
    with tempfile.TemporaryDirectory() as folder, Sink() as sink:
        prepared = Path(folder) / "prepared.db"
        _prepare(prepared)
        ours, usual = [], []
        for number in range(ROUNDS):
            home = Path(folder) / str(number)
            ours.append(_rate(READERS, partial(_ours, prepared, home, sink.port)))
            usual.append(_rate(USUAL, partial(_usual, sink.port)))
    value, peer = statistics.median(ours), statistics.median(usual)
    line = {
        "figure": f"messages of 39 KB a second, one process, {CONNECTIONS} connections, SQLite ledger and journal",
        "value": round(value),
        "peer": "Jinja2, EmailMessage and smtplib, one connection, no ledger",
        "peer_value": round(peer),
        "ratio": round(value / peer, 1),
        "sink": "own, one thread, in a process of its own",
        "machine": machine(),
    }
    print(json.dumps(line, ensure_ascii=False))


def _rate(number: int, run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return number / (time.perf_counter() - began)


def _prepare(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database.engine)
    with database.writing() as session:
        addresses = [f"leserin.{number}@leser.example" for number in range(READERS)]
        a_mailing(session, addresses, compiled=bench_assembly.compiled())
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _ours(prepared: Path, folder: Path, port: int) -> None:
    folder.mkdir()
    shutil.copyfile(prepared, folder / "newsletter.db")
    database = Database(f"sqlite:///{folder / 'newsletter.db'}")
    clock = Clock()
    clock.monotonic = time.monotonic  # type: ignore[method-assign]  # slices grow old here, too
    a_worker(
        database, open_transport(f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}"), clock=clock
    ).run_until_idle()
    assert numbers(database, 1) == {"state": "sent", "accepted": READERS}
    database.close()


def _usual(port: int) -> None:
    templates = bench_assembly.templates()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
        for number in range(USUAL):
            message = bench_assembly.usual_message(templates, number)
            client.sendmail("presse@weidental.example", f"leserin.{number}@leser.example", message)


if __name__ == "__main__":
    main()

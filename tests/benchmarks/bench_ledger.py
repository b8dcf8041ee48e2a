"""What the ledger and the journal cost a recipient: processor time from a window's claim to its end, on both databases.

Everything but SMTP and the message: claim, read in slices, begin and answer lines, settle forty at a time (what comes
together within 20 ms at two thousand a second), end. The peer is the usual row at a time: one UPDATE and one commit for
each recipient.
"""

import datetime as dt
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from newsletter import migrations
from newsletter.database import Database
from newsletter.delivery import ledger, planning
from newsletter.delivery.journal import Answer, Begin, Journal, Leased
from newsletter.delivery.ledger import Lease, Row
from newsletter.delivery.models import Delivery
from newsletter.delivery.settling import Outcome, Settlement, settle_all
from newsletter.delivery.verdicts import Reply, Step, Verdict
from tests.benchmarks.installations import IN_EARNEST, cpu_s, family
from tests.benchmarks.measuring import ROUNDS, machine
from tests.support.ledgers import a_mailing
from tests.support.postgres import Server

WINDOWS = 10  # of a round
TOGETHER = 40
PEOPLE = WINDOWS * planning.WINDOW * (ROUNDS + 1)
ROWS_OF_PEER = 200
EXECUTOR = "folder host boot 1 1"
NOW = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok: queued as 4XyZ1234567")
DIGEST = "a" * 64


def main() -> None:
    """Print a figure for each kind of database."""
    with tempfile.TemporaryDirectory() as folder:
        _figure("SQLite", Database(f"sqlite:///{folder}/ledger.db"), Path(folder), cpu=time.process_time)
        with Server(IN_EARNEST) as server:

            def cpu() -> float:
                return time.process_time() + sum(map(cpu_s, family(server.pid)))

            _figure("PostgreSQL with its server", Database(server.create("ledger")), Path(folder), cpu=cpu)


def _figure(kind: str, database: Database, folder: Path, *, cpu: Callable[[], float]) -> None:
    migrations.upgrade(database.engine)
    with database.writing() as session:
        mailing = a_mailing(session, [f"r{number}@leser.example" for number in range(PEOPLE)], due_at=NOW).id
    while _planned(database, mailing):
        pass
    ours, usual = [], []
    for number in range(ROUNDS + 1):
        with _timed(ours, cpu, planning.WINDOW * WINDOWS):
            for _ in range(WINDOWS):
                _window(database, folder)
        with _timed(usual, cpu, ROWS_OF_PEER):
            _usual(database, mailing, first=1 + number * ROWS_OF_PEER)
    database.close()
    value, peer = statistics.median(ours[1:]), statistics.median(usual[1:])
    line = {
        "figure": f"ledger and journal of a recipient, {kind}, CPU µs",
        "value": round(value, 1),
        "peer": "one UPDATE and commit a recipient, no journal",
        "peer_value": round(peer, 1),
        "ratio": round(peer / value, 1),
        "sink": "none",
        "machine": machine(),
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


@contextmanager
def _timed(taken: list[float], cpu: Callable[[], float], number: int) -> Iterator[None]:
    began = cpu()
    yield
    taken.append((cpu() - began) / number * 1e6)


def _planned(database: Database, mailing: int) -> bool:
    with database.writing() as session:
        return planning.plan_chunk(session, mailing, now=NOW)


def _window(database: Database, folder: Path) -> None:
    journal = Journal.create(folder, EXECUTOR)
    with database.writing() as session:
        lease = ledger.claim(session, EXECUTOR, token=journal.token, now=NOW)
    assert lease is not None
    journal.write(Leased(lease.mailing_id, lease.first_position, lease.last_position))
    with database.writing() as session:
        rows = _read(session, lease)
    for first in range(0, len(rows), TOGETHER):
        made = [_sent(journal, lease, row) for row in rows[first : first + TOGETHER]]
        with database.writing() as session:
            settle_all(session, made)
    with database.writing() as session:
        ledger.end(session, lease.owner, now=NOW)
    journal.close()


def _read(session: Session, lease: Lease) -> tuple[Row, ...]:
    assert ledger.running(session, {lease.owner})
    return ledger.read(session, lease, after=0, limit=planning.WINDOW, now=NOW)


def _sent(journal: Journal, lease: Lease, row: Row) -> Settlement:
    key = lease.mailing_id, row.position, row.attempt
    journal.write(Begin(*key, date=NOW, digest=DIGEST))
    journal.write(Answer(*key, reply=TAKEN, relay="mail.example.org:25", at=NOW))
    outcome = Outcome(Verdict.ACCEPTED, TAKEN, "mail.example.org:25", NOW, NOW, DIGEST)
    return Settlement(lease.kind, *key, outcome)


def _usual(database: Database, mailing: int, *, first: int) -> None:
    statement = (
        update(Delivery)
        .where(Delivery.mailing_id == mailing, Delivery.position == bindparam("at_position"))
        .values(relay="mail.example.org:25", reply=TAKEN.text, at=NOW)
    )
    for position in range(first, first + ROWS_OF_PEER):
        with database.writing() as session:
            session.connection().execute(statement, {"at_position": position})


if __name__ == "__main__":
    main()

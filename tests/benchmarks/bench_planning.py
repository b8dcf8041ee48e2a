"""Freezing an audience: 100,000 people become ledger rows and windows, beside a bare INSERT … SELECT of addresses.

On SQLite and on PostgreSQL. Each round plans into a fresh copy of the same database. What is measured
is the time on the clock, for most of the work is done by the server.
"""

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert, text

from newsletter import migrations
from newsletter.database import Database
from newsletter.delivery import planning
from subscribers.models import MailingList, Subscriber, Subscription
from tests.benchmarks.measuring import ROUNDS, measure
from tests.support.ledgers import a_mailing
from tests.support.postgres import Server

PEOPLE = 100_000
NOW = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
PROVIDERS = ("gmail", "gmx-webde", "microsoft", "other", "t-online", "yahoo")
BARE = """
    INSERT INTO bare
    SELECT row_number() OVER (ORDER BY subscriber.id), subscriber.id, subscription.id, address, address_key
    FROM subscription JOIN subscriber ON subscriber.id = subscriber_id WHERE state = 'confirmed'
"""
# As a server in earnest runs: fsync is on, and statistics are kept.
IN_EARNEST = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "128MB"}


def main() -> None:
    """Print a figure for each kind of database."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.db"

        def copy(number: int) -> Database:
            copied = prepared.with_name(f"copy{number}.db")
            shutil.copyfile(prepared, copied)
            return Database(f"sqlite:///{copied}")

        _figure("SQLite", Database(f"sqlite:///{prepared}"), copy)
    with Server(IN_EARNEST) as server:
        _figure(
            "PostgreSQL",
            Database(server.create("prepared")),
            lambda number: Database(server.create(f"copy{number}", template="prepared")),
        )


def _figure(kind: str, prepared: Database, copy: Callable[[int], Database]) -> None:
    migrations.upgrade(prepared.engine)
    mailing_id = _populated(prepared)
    prepared.close()
    copies = [copy(number) for number in range(2 * (ROUNDS + 1))]

    def ours() -> None:
        database = copies.pop()
        while _planned(database, mailing_id):
            pass
        database.close()

    def peer() -> None:
        database = copies.pop()
        with database.writing() as session:
            session.execute(text(BARE))
        database.close()

    measure(
        f"planning of one of {PEOPLE:,} recipients, {kind}",
        ours=ours,
        peer=peer,
        peer_name="bare INSERT … SELECT",
        per=PEOPLE,
        clock=time.perf_counter,
    )


def _planned(database: Database, mailing_id: int) -> bool:
    with database.writing() as session:
        return planning.plan_chunk(session, mailing_id, now=NOW)


def _populated(database: Database) -> int:
    people = [
        {
            "id": number,
            "address": _address(number),
            "address_key": _address(number),
            "suppression_key": f"{number:064x}",
            "provider": PROVIDERS[number % 6],
            "salutation": "Frau",
            "first_name": "Änne",
            "last_name": "Müller",
            "created_at": NOW,
        }
        for number in range(1, PEOPLE + 1)
    ]
    with database.writing() as session:
        mailing = a_mailing(session, [], due_at=NOW)
        [mailing_list] = session.query(MailingList)
        session.connection().execute(insert(Subscriber), people)
        session.connection().execute(
            insert(Subscription),
            [
                {
                    "subscriber_id": number,
                    "list_id": mailing_list.id,
                    "state": "confirmed",
                    "source": "bench",
                    "created_at": NOW,
                    "changed_at": NOW,
                }
                for number in range(1, PEOPLE + 1)
            ],
        )
        session.execute(
            text(
                "CREATE TABLE bare (position INTEGER PRIMARY KEY, subscriber_id INTEGER, subscription_id INTEGER,"
                " address TEXT, address_key TEXT UNIQUE)"
            )
        )
        mailing_id: int = mailing.id
    with database.writing() as session:
        session.execute(text("ANALYZE"))
    return mailing_id


def _address(number: int) -> str:
    """An address for each person, in no order, as in life: so they come to an index."""
    return f"{number * 2_654_435_761 % 2**32:08x}.{number}@leser.example"


if __name__ == "__main__":
    main()

"""Freezing an audience: 100,000 people become ledger rows and windows, beside a bare INSERT … SELECT of addresses.

Each round plans into a fresh copy of the same database.
"""

import datetime as dt
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import insert, text

from newsletter import migrations
from newsletter.database import Database
from newsletter.delivery import planning
from subscribers.models import MailingList, Subscriber, Subscription
from tests.benchmarks.measuring import ROUNDS, measure
from tests.support.ledgers import a_mailing

PEOPLE = 100_000
NOW = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
PROVIDERS = ("gmail", "gmx-webde", "microsoft", "other", "t-online", "yahoo")
BARE = """
    INSERT INTO bare
    SELECT row_number() OVER (ORDER BY subscriber.id), subscriber.id, subscription.id, address, address_key
    FROM subscription JOIN subscriber ON subscriber.id = subscriber_id WHERE state = 'confirmed'
"""


def main() -> None:
    """Print the figure."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.db"
        database = Database(f"sqlite:///{prepared}")
        migrations.upgrade(database.engine)
        mailing_id = _populated(database)
        database.close()
        copies = [_copy(prepared, number) for number in range(2 * (ROUNDS + 1))]

        def ours() -> None:
            copy = copies.pop()
            while _planned(copy, mailing_id):
                pass
            copy.close()

        def peer() -> None:
            copy = copies.pop()
            with copy.writing() as session:
                session.execute(text(BARE))
            copy.close()

        figure = f"planning of one of {PEOPLE:,} recipients"
        measure(figure, ours=ours, peer=peer, peer_name="bare INSERT … SELECT", per=PEOPLE)


def _copy(prepared: Path, number: int) -> Database:
    copy = prepared.with_name(f"copy{number}.db")
    shutil.copyfile(prepared, copy)
    return Database(f"sqlite:///{copy}")


def _planned(database: Database, mailing_id: int) -> bool:
    with database.writing() as session:
        return planning.plan_chunk(session, mailing_id, now=NOW)


def _populated(database: Database) -> int:
    people = [
        {
            "id": number,
            "address": f"leserin.{number}@leser.example",
            "address_key": f"leserin.{number}@leser.example",
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
        session.execute(insert(Subscriber), people)
        session.execute(
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
        return mailing.id


if __name__ == "__main__":
    main()

"""An installation with a mailing to many, workers as processes of their own, and a sink that remembers everybody."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.app import now
from newsletter.database import Database
from newsletter.delivery import planning
from newsletter.delivery.models import Delivery
from newsletter.delivery.statement import Statement
from tests.support.ledgers import a_mailing, rows, the_statement
from tests.support.relay import Relay

FOLDER = Path(__file__).parents[2]
# A worker that is killed on purpose is replaced at once.
COMMAND = """
import sys
from newsletter.cli import main, supervising
supervising.FIRST_PAUSE_S = supervising.LONGEST_PAUSE_S = 0.05
main()
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A home with a database and one mailing, and the relay that it sends through."""

    home: Path
    database: Database
    mailing: int
    relay: Relay
    connections: int

    def worker(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start `newsletter worker`."""
        environment = os.environ | {
            "NEWSLETTER_HOME": str(self.home),
            "NEWSLETTER_SMTP_URL": f"{self.relay.url}?connections={self.connections}",
            "NEWSLETTER_DEMO": "1",
            "PYTHONPATH": str(FOLDER),
        }
        log = (self.home / "log").open("ab")
        command = [sys.executable, "-c", COMMAND, "worker", *arguments]
        with log:
            return subprocess.Popen(command, cwd=self.home, env=environment, stderr=log, stdout=log)

    def compared(self) -> Statement:
        """The statement, after every row was compared with what the sink took."""
        compare(rows(self.database, self.mailing), self.relay)
        return the_statement(self.database, self.mailing)


def compare(found: dict[str, Delivery], relay: Relay) -> None:
    """Nobody twice, nobody lost: who has it is accepted or named unknown, who is accepted has it."""
    twice = {address: len(mails) for address, mails in relay.received.items() if len(mails) > 1}
    assert twice == {}, "somebody got it twice"
    for address, row in found.items():
        if row.state == "accepted":
            assert address in relay.received, f"{address} is accepted and never got it"
        elif address in relay.received:
            assert row.state == "unknown", f"{address} got it, and the row says {row.state}"


@pytest.fixture
def chance() -> random.Random:
    return random.Random(os.environ.get("FAULTS_SEED", "newsletter"))  # noqa: S311  # moments to kill at


@pytest.fixture
def installation(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setattr(planning, "WINDOW", 25)  # so that every connection has one
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(migrated, home / "newsletter.db")
    (home / "secret").write_text("5e" * 32)
    database = Database(f"sqlite:///{home / 'newsletter.db'}")
    readers = int(os.environ.get("FAULTS_KILLS", "12")) * 50
    with database.writing() as session:
        addresses = [f"r{number}@example.org" for number in range(readers)]
        mailing = a_mailing(session, addresses, due_at=now()).id
        while planning.plan_chunk(session, mailing, now=now()):
            pass
    with Relay(delay_s=0.02) as relay:
        yield Installation(home, database, mailing, relay, connections=6)
    database.close()

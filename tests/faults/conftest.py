"""A mailing to many in each kind of database, machines that send it, and sinks that remember everybody."""

import json
import os
import random
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from newsletter.app import now
from newsletter.database import Database
from newsletter.delivery.models import Delivery
from newsletter.delivery.statement import Statement
from newsletter.engine import tables
from newsletter.engine.jobs import EngineJobs
from subscribers import suppression
from subscribers.address import EmailAddress
from subscribers.models import Subscriber, Subscription, SubscriptionState
from subscribers.secret import Secret
from tests.faults.machine import Machine, Patience, Process
from tests.support import engines
from tests.support.hostile_relay import HostileRelay
from tests.support.ledgers import a_mailing_to, rows, the_statement
from tests.support.makers import NOW, a_list
from tests.support.relay import wait_until

KILLS = int(os.environ.get("FAULTS_KILLS", "3"))
PATIENCE_S = 300  # of which a busy machine may need much
ALIVE = {"PENDING", "ENQUEUED", "DELAYED"}


@dataclass(slots=True)
class Sending:
    """One mailing in one database, the sinks that it goes to, and the machines that send it."""

    database: Database
    folder: Path
    mailing: int
    sinks: "list[Sink]"
    machines: list[Machine] = field(default_factory=list)

    def machine(self, patience: Patience | None = None, *, connections: int = 6) -> Machine:
        """Another machine over the same database."""
        url = self.database.engine.url.render_as_string(hide_password=False)
        home = self.folder / f"home{len(self.machines) + 1}"
        relays = [sink.url for sink in self.sinks]
        made = Machine(home, url, relays=relays, patience=patience, connections=connections)
        self.machines.append(made)
        return made

    @property
    def taken(self) -> int:
        """How many messages the sinks took."""
        return sum(sink.count for sink in self.sinks)

    @property
    def received(self) -> dict[str, list[str]]:
        """The Message-IDs that the sinks took for each address."""
        found: dict[str, list[str]] = {}
        for sink in self.sinks:
            for address, ids in sink.received.items():
                found.setdefault(address, []).extend(ids)
        return found

    @property
    def statement(self) -> Statement:
        """The statement now; its sum is checked as it is made."""
        return the_statement(self.database, self.mailing)

    def wait_for(self, number: int, *, leaving: int = 0) -> None:
        """Wait until so many more are taken, or only so many are left."""
        most = self.statement.recipients or 1_000_000
        wanted = min(self.taken + number, most - leaving)
        self.wait_until(lambda: self.taken >= wanted)

    def wait_until(self, is_so: Callable[[], object], *, seconds: float = PATIENCE_S) -> None:
        """Wait for something; if it never comes, tell what was said meanwhile."""
        try:
            wait_until(is_so, seconds=seconds)
        except AssertionError:
            said = "\n".join(machine.said for machine in self.machines)
            raise AssertionError(f"it never happened: {self.statement.as_json()}\n{said}") from None

    def wait_for_the_end(self, seconds: float = PATIENCE_S) -> None:
        """Wait until the mailing was sent and the engine has nothing more to do."""
        self.wait_until(lambda: self.statement.state == "sent", seconds=seconds)
        self.wait_until(lambda: not ALIVE & set(engines.states(self.database).values()), seconds=30)

    def stop(self, *workers: Process) -> None:
        """End workers gently; nothing is left behind."""
        for worker in workers:
            worker.terminate()
        for worker in workers:
            assert worker.wait(60) == 0, self.machines[0].said
        for machine in self.machines:
            assert machine.journals == []
            self.wait_until(lambda machine=machine: machine.pids == [], seconds=40)  # type: ignore[misc]  # bound now

    def compared(self, *, bound: int, fault: str = "", count: int = 0) -> Statement:
        """The statement, after every row was compared with what the sinks took, and written as a line of JSON."""
        made = self.statement
        if fault:
            line = {
                "fault": fault,
                "database": self.database.engine.dialect.name,
                "count": count,
                "recipients": made.recipients,
                "accepted": made.accepted,
                "unknown": made.unknown,
                "bound": bound,
            }
            print(f"\n{json.dumps(line)}")
        compare(rows(self.database, self.mailing), self.received)
        assert made.unknown <= bound, "\n".join(machine.said for machine in self.machines)
        return made


class Sink(HostileRelay):
    """A hostile relay that counts quickly."""

    def __init__(self, folder: Path, *them: Any, **more: Any) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, *them, **more)
        self._path, self._read, self._counted = folder / "taken.jsonl", 0, 0

    @property
    def count(self) -> int:
        """How many messages it took."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                more = file.read()
            self._read += len(more)
            self._counted += more.count(b"\n")
        return self._counted


def compare(found: Mapping[str, Delivery], received: Mapping[str, Collection[object]]) -> None:
    """Nobody twice, nobody lost: who has it is accepted or named unknown, who is accepted has it."""
    twice = {address: len(mails) for address, mails in received.items() if len(mails) > 1}
    assert twice == {}, "somebody got it twice"
    for address, row in found.items():
        if row.state == "accepted":
            assert address in received, f"{address} is accepted and never got it"
        elif address in received:
            assert row.state == "unknown", f"{address} got it, and the row says {row.state}"
    assert set(received) <= set(found), "somebody got it who should not"


@pytest.fixture
def chance() -> random.Random:
    return random.Random(os.environ.get("FAULTS_SEED", "newsletter"))  # noqa: S311  # moments to kill at


@pytest.fixture(scope="session")
def with_engine(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database that has the tables of the engine, too, as a file to copy."""
    path = tmp_path_factory.mktemp("engine") / "empty.db"
    shutil.copyfile(migrated, path)
    database = Database(f"sqlite:///{path}")
    tables.migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def sent_by_engine(database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database in which the engine finds its tables, and whose sessions hand over to it."""
    if database_url.startswith("sqlite"):
        shutil.copyfile(request.getfixturevalue("with_engine"), database_url.removeprefix("sqlite:///"))
    database = Database(database_url)
    if not database_url.startswith("sqlite"):
        tables.migrate(database)
    database.bind(EngineJobs(database, clock=now))
    yield database
    database.close()


Starts = Callable[..., Sending]


@pytest.fixture
def sending(sent_by_engine: Database, tmp_path: Path) -> Iterator[Starts]:
    """Make a mailing to so many, and sinks for it. In the end nothing of it runs any more."""
    made: list[Sending] = []

    def begin(readers: int, *, sinks: int = 1, **options: Any) -> Sending:
        options = {"latency_s": 0.05, **options}  # so that a fault comes before the end, also where all is quick
        opened = [Sink(tmp_path / f"sink{number}", **options).__enter__() for number in range(sinks)]
        made.append(Sending(sent_by_engine, tmp_path, a_mailing_to_many(sent_by_engine, readers), opened))
        return made[-1]

    yield begin
    for each in made:
        for machine in each.machines:
            machine.kill()
        for sink in each.sinks:
            sink.__exit__(None, None, None)


def a_mailing_to_many(database: Database, readers: int) -> int:
    """A mailing that is due at once, to so many readers."""
    key = suppression.hashing_key(Secret(bytes.fromhex("5e" * 32)))
    with database.writing() as session:
        mailing_list = a_list(session)
        people: Sequence[int] = session.scalars(
            insert(Subscriber).returning(Subscriber.id), [_person(number, key) for number in range(readers)]
        ).all()
        ties = {"list_id": mailing_list.id, "state": SubscriptionState.CONFIRMED.value, "source": "test"}
        at = {"created_at": NOW, "changed_at": NOW}
        session.execute(insert(Subscription), [{"subscriber_id": person, **ties, **at} for person in people])
        return a_mailing_to(session, mailing_list, due_at=now()).id


def _person(number: int, key: bytes) -> dict[str, object]:
    parsed = EmailAddress.parse(f"r{number}@example.org")
    return {
        "address": parsed.address,
        "address_key": parsed.key,
        "suppression_key": suppression.key_of(parsed.key, key=key),
        "provider": parsed.provider.value,
        "created_at": NOW,
    }

"""Whole installations to measure: many people on a list, an issue on its way to them, real workers, and a look at all.

installed = Installation.made(folder, database_url)
mailing_id = installed.an_issue_to(1_000_000, compiled)
with installed.worker(folder / "one", smtp_url, processes=2) as worker:
    ...
installed.compare(names, mailing_id)        # nobody twice, nobody lost
"""

import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Insert, String, case, cast, insert, literal, select, text

from newsletter.app import now
from newsletter.database import Database
from newsletter.delivery import statement
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.statement import Statement
from newsletter.rendering.compiled import CompiledIssue
from subscribers.models import MailingList, Subscriber, Subscription
from subscribers.orm import UtcDateTime
from tests.support.ledgers import a_mailing

CHECKOUT = Path(__file__).parents[2]
# As a server in earnest runs: fsync is on, and statistics are kept.
IN_EARNEST = {
    "fsync": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "256MB",
    "max_connections": "300",
    "max_wal_size": "4GB",
}
PROVIDERS = ("gmail", "gmx-webde", "microsoft", "other", "t-online", "yahoo")


@dataclass(frozen=True, slots=True)
class Installation:
    """A database with its secret; each machine that works on it has a home of its own."""

    folder: Path
    url: str
    secret: str

    @classmethod
    def made(cls, folder: Path, url: str) -> Self:
        """Run `newsletter init`."""
        installed = cls(folder, url, secrets.token_hex(32))
        home = installed._home("init")
        subprocess.run([*_NEWSLETTER, "init"], env=installed._environment(home, ""), check=True, capture_output=True)
        return installed

    def an_issue_to(self, readers: int, mail: CompiledIssue) -> int:
        """Have an issue due now to so many people; give its mailing."""
        database = Database(self.url)
        with database.writing() as session:
            mailing_id = a_mailing(session, [], compiled=mail, due_at=now()).id
            mailing_list = session.scalars(select(MailingList)).one().id
        with database.writing() as session:
            session.execute(_people(readers))
            session.execute(_subscriptions(mailing_list))
        with database.writing() as session:
            session.execute(text("ANALYZE"))
            session.get_one(Mailing, mailing_id).due_at = now()
        database.close()
        return mailing_id

    def worker(self, name: str, smtp_url: str, *, processes: int = 1) -> "Worker":
        """A machine of this name that runs `newsletter worker`; started again, it finds its journals."""
        home = self._home(name)
        # Ended by the kernel when the benchmark dies; its senders then end by themselves.
        command = ["setpriv", "--pdeathsig=TERM", *_NEWSLETTER, "worker", "--processes", str(processes)]
        return Worker(command, self._environment(home, smtp_url), home / "log")

    def compare(self, names: Path, mailing_id: int) -> Statement:
        """Compare each row with what the sink took; give the statement."""
        with names.open() as lines:
            got = Counter(line.rstrip() for line in lines)
        twice = {address: times for address, times in got.items() if times > 1}
        assert twice == {}, f"somebody got it twice: {list(twice)[:5]}"
        database = Database(self.url)
        with database.reading() as session:
            of_mailing = select(Delivery.address, Delivery.state).where(Delivery.mailing_id == mailing_id)
            for address, state in session.execute(of_mailing.execution_options(yield_per=10_000)):
                is_right = state == "unknown" or (address in got) == (state == "accepted")
                assert is_right, f"{address} is {state}, and the sink took {got[address]} for them"
            made = statement.statement(session, mailing_id)
        database.close()
        return made

    def _home(self, name: str) -> Path:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        secret = home / "secret"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(self.secret)
        return home

    def _environment(self, home: Path, smtp_url: str) -> dict[str, str]:
        ours = {
            "NEWSLETTER_HOME": str(home),
            "NEWSLETTER_DATABASE_URL": self.url,
            "NEWSLETTER_SMTP_URL": smtp_url,
            "NEWSLETTER_DEMO": "1",
            "PYTHONPATH": str(CHECKOUT),
        }
        return os.environ | ours


class Worker:
    """`newsletter worker` with all its processes."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process that has all the others."""
        return self._process.pid

    def stop(self) -> None:
        """Ask for a gentle end, and wait for it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def kill(self) -> None:
        """Kill every process of it at once, as a machine dies."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            yield from family(int(child))


def resident_mb(pid: int) -> float:
    """The memory of a process that is its own and in use."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(pid: int) -> float:
    """The processor time of a process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


_NEWSLETTER = (sys.executable, "-m", "newsletter")


def _people(readers: int) -> Insert:
    """So many subscribers, made by the database itself."""
    first = select(literal(1).label("number")).cte("numbered", recursive=True)
    numbered = first.union_all(select(first.c.number + 1).where(first.c.number < readers))
    number = numbered.c.number
    written = cast(number, String)
    address = literal("leserin.") + written + literal("@leser.example")
    provider = case(*((number % len(PROVIDERS) == index, name) for index, name in enumerate(PROVIDERS)))
    values: dict[str, ColumnElement[Any]] = {
        "id": number,
        "address": address,
        "address_key": address,
        "suppression_key": written,
        "provider": provider,
        "salutation": literal("Frau"),
        "first_name": literal("Änne"),
        "last_name": literal("Müller ") + written,
        "created_at": literal(now(), UtcDateTime()),
    }
    return insert(Subscriber).from_select(list(values), select(*values.values()))


def _subscriptions(mailing_list: int) -> Insert:
    """Everybody on the list."""
    moment = literal(now(), UtcDateTime())
    values: dict[str, Any] = {
        "subscriber_id": Subscriber.id,
        "list_id": literal(mailing_list),
        "state": literal("confirmed"),
        "source": literal("bench"),
        "created_at": moment,
        "changed_at": moment,
    }
    return insert(Subscription).from_select(list(values), select(*values.values()).order_by(Subscriber.id))

"""A sender that sleeps, a reboot, a lost machine that returns, a locked database, a full disk."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.database import Database
from newsletter.delivery.transports import open_transport
from tests.faults.conftest import compare
from tests.support.kinds import on_postgresql, on_sqlite
from tests.support.ledgers import Clock, a_mailing, a_worker, journal_folder, numbers, rows, the_statement
from tests.support.relay import Relay, wait_until

pytestmark = pytest.mark.slow

READERS = 120
CONNECTIONS = 3
WORKER = """
import socket, sys, time
from newsletter.database import Database
from newsletter.delivery.transports import open_transport
from tests.support.ledgers import Clock, a_worker
if sys.argv[3] != "here":
    socket.gethostname = lambda: sys.argv[3]
clock = Clock()
clock.monotonic = time.monotonic
a_worker(Database(sys.argv[1]), open_transport(sys.argv[2]), clock=clock).run_until_idle()
"""


@pytest.fixture
def mailing(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("newsletter.delivery.planning.WINDOW", 30)
    with database.writing() as session:
        return a_mailing(session, [f"r{number}@example.org" for number in range(READERS)]).id


def _url(relay: Relay) -> str:
    return f"{relay.url}?connections={CONNECTIONS}"


def _started(database: Database, relay: Relay, host: str = "here") -> "subprocess.Popen[bytes]":
    url = database.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen([sys.executable, "-c", WORKER, url, _url(relay), host], cwd=Path(__file__).parents[2])


def _killed_in_the_middle(database: Database, relay: Relay, host: str = "here") -> None:
    worker = _started(database, relay, host)
    wait_until(lambda: len(relay.order) >= 20)
    worker.kill()
    worker.wait()


@on_sqlite
def test_a_sender_that_sleeps_is_killed_and_replaced(database: Database, mailing: int) -> None:
    with Relay(delay_s=0.01) as relay:
        asleep = _started(database, relay)
        wait_until(lambda: len(relay.order) >= 20)
        asleep.send_signal(signal.SIGSTOP)
        clock = Clock()
        pulse = threading.Thread(target=_forward, args=(clock, asleep), daemon=True)
        pulse.start()
        a_worker(database, open_transport(_url(relay)), clock=clock).run_until_idle()
        assert asleep.wait(10) == -signal.SIGKILL
        pulse.join()

        compare(rows(database, mailing), relay.received)
    made = the_statement(database, mailing)
    assert (made.state, made.accepted + made.unknown) == ("sent", READERS)
    assert made.unknown <= CONNECTIONS


SLEEPER = """
import os, pathlib, signal, sys, time
from sqlalchemy import text
from newsletter.database import Database
from newsletter.delivery import generations
from newsletter.delivery.journals import Journals
folder = pathlib.Path(sys.argv[2])
journal = Journals(folder, monotonic=time.monotonic).create()
if sys.argv[3] == "the note":
    noted = generations.noted(folder)
    noted.__enter__()
else:
    session = Database(sys.argv[1]).writing().__enter__()
    lock = "LOCK TABLE relay, journal_folder" if "postgresql" in sys.argv[1] else "DELETE FROM relay"
    session.execute(text(lock))
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.mark.parametrize("holds", ["the database", "the note"])
def test_a_sender_that_fell_asleep_with_what_all_need_is_killed_too(
    database: Database, mailing: int, monkeypatch: pytest.MonkeyPatch, holds: str
) -> None:
    url, folder = database.engine.url.render_as_string(hide_password=False), journal_folder(database)
    asleep = subprocess.Popen([sys.executable, "-c", SLEEPER, url, folder, holds], cwd=Path(__file__).parents[2])
    os.waitid(os.P_PID, asleep.pid, os.WSTOPPED | os.WNOWAIT)
    monkeypatch.setattr("newsletter.database.LOCK_TIMEOUT_MS", 100)
    monkeypatch.setattr("newsletter.database._ON_POSTGRESQL", "SELECT set_config('lock_timeout', '100', false)")
    database.close()  # so that connections are made with that
    clock = Clock()

    with Relay() as relay:
        a_worker(
            database, open_transport(_url(relay)), clock=clock, sleep=lambda _: clock.forward(seconds=40)
        ).run_until_idle()

    assert asleep.wait(10) == -signal.SIGKILL
    assert numbers(database, mailing) == {"state": "sent", "accepted": READERS}


def _forward(clock: Clock, asleep: "subprocess.Popen[bytes]") -> None:
    while asleep.poll() is None:
        threading.Event().wait(0.2)
        clock.forward(seconds=5)


@on_sqlite
def test_after_a_reboot_only_answers_are_believed(
    database: Database, mailing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Relay(delay_s=0.01) as relay:
        _killed_in_the_middle(database, relay)
        held = the_statement(database, mailing).sending
        monkeypatch.setattr("newsletter.delivery.recovering.boot_id", lambda: "another boot")
        a_worker(database, open_transport(_url(relay)), clock=Clock()).run_until_idle()

        compare(rows(database, mailing), relay.received)
    made = the_statement(database, mailing)
    assert (made.state, made.accepted + made.unknown) == ("sent", READERS)
    assert 0 < made.unknown <= held


@pytest.mark.parametrize("returns", [True, False])
@on_postgresql
def test_a_lost_machine_is_waited_for_then_named_and_its_facts_count_when_it_returns(
    database: Database,
    mailing: int,
    tmp_path: Path,
    returns: bool,  # noqa: FBT001  # a case
) -> None:
    clock = Clock()
    theirs = tmp_path / "theirs"
    with Relay(delay_s=0.01) as relay:
        _killed_in_the_middle(database, relay, "elsewhere")
        journal_folder(database).rename(theirs)
        held = the_statement(database, mailing).sending
        stop_at = threading.Timer(3, clock.forward, kwargs={"minutes": 15})
        stop_at.start()
        a_worker(database, open_transport(_url(relay)), clock=clock).run_until_idle()
        lost = the_statement(database, mailing)
        assert (lost.sending, lost.queued) == (0, 0)
        assert 0 < lost.unknown <= held
        compare(rows(database, mailing), relay.received)

        if returns:
            ours = journal_folder(database)
            ours.rename(tmp_path / "ours")
            theirs.rename(ours)
            a_worker(database, open_transport(_url(relay)), clock=clock).run_until_idle()
            compare(rows(database, mailing), relay.received)
            assert the_statement(database, mailing).accepted >= lost.accepted


@on_postgresql
def test_while_the_database_is_locked_nothing_runs_away(database: Database, mailing: int) -> None:
    with Relay(delay_s=0.01) as relay:
        worker = _started(database, relay)
        wait_until(lambda: len(relay.order) >= 20)
        with database.writing() as session:
            is_sqlite = session.get_bind().dialect.name == "sqlite"  # where one writer keeps out all others
            session.execute(text("SELECT 1" if is_sqlite else "LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE"))
            threading.Event().wait(1.5)
            before = len(relay.order)
            threading.Event().wait(1.0)
            assert len(relay.order) == before, "it went on with a state that is seconds old"
        assert worker.wait(60) == 0

        compare(rows(database, mailing), relay.received)
    assert numbers(database, mailing) == {"state": "sent", "accepted": READERS}


@on_sqlite
def test_a_disk_that_is_full_for_a_while_holds_everything_up_and_loses_nobody(
    database: Database, mailing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def full(descriptor: int, octets: bytes, offset: int) -> int:
        nonlocal written
        written += 1
        if 60 < written < 90:
            if written % 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return kept(descriptor, octets[: len(octets) // 2], offset)
        return kept(descriptor, octets, offset)

    kept = os.pwrite
    monkeypatch.setattr(os, "pwrite", full)
    with Relay(delay_s=0.01) as relay:
        transport = open_transport(_url(relay))
        troubles = [a_worker(database, transport).run_until_idle().trouble for _ in range(12)]
        compare(rows(database, mailing), relay.received)

    assert any("cannot be written to, so nothing is sent" in trouble for trouble in troubles)
    assert troubles[-1] == ""
    assert numbers(database, mailing) == {"state": "sent", "accepted": READERS}

"""The database dies, is locked, or has no more room, and so has the journal: all waits, then goes on by itself."""

import resource
import sqlite3
import threading

import pytest

from tests.faults.conftest import Sending, Starts
from tests.faults.machine import Machine, Patience
from tests.support.kinds import IS_LONG
from tests.support.postgres import Server

pytestmark = pytest.mark.slow

on_sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql_only = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
TIMES = 6 if IS_LONG else 2
NOTHING_NEW_S = 2.0


@on_postgresql_only
def test_a_server_that_dies_again_and_again_loses_nobody(sending: Starts, postgresql_server: Server) -> None:
    made = sending(TIMES * 120 + 100)
    worker = made.machine(Patience(silent_s=8)).start("worker", "--processes", "2")
    for _ in range(TIMES):
        made.wait_for(60, leaving=50)
        postgresql_server.stop()
        threading.Event().wait(NOTHING_NEW_S)
        before = made.taken
        threading.Event().wait(0.5)
        stands_still = made.taken == before
        postgresql_server.start()
        assert stands_still, "it went on with a state that is seconds old"
    made.wait_for_the_end()

    told = made.compared(bound=0, fault="PostgreSQL killed and started again", count=TIMES)
    assert (told.state, told.accepted) == ("sent", told.recipients)
    made.stop(worker)


@on_sqlite_only
def test_while_the_database_is_locked_nothing_runs_away(sending: Starts) -> None:
    made = sending(TIMES * 100 + 100)
    worker = made.machine().start("worker", "--processes", "2")
    for _ in range(TIMES):
        made.wait_for(60, leaving=50)
        _lock_for_seconds(made)
    made.wait_for_the_end()

    told = made.compared(bound=0, fault="SQLite locked for seconds", count=TIMES)
    assert (told.state, told.accepted) == ("sent", told.recipients)
    made.stop(worker)


def _lock_for_seconds(made: Sending) -> None:
    connection = sqlite3.connect(str(made.database.engine.url.database), isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    threading.Event().wait(NOTHING_NEW_S)
    before = made.taken
    threading.Event().wait(1.0)
    stands_still = made.taken == before
    connection.execute("ROLLBACK")
    connection.close()
    assert stands_still, "it went on with a state that is seconds old"


@on_sqlite_only
@pytest.mark.parametrize("room", [4_096, 60_000], ids=["for nothing", "for less than a journal"])
def test_a_disk_that_is_full_for_a_while_holds_everything_up_and_loses_nobody(sending: Starts, room: int) -> None:
    made = sending(300)
    machine = made.machine(Patience(silent_s=8))
    worker = machine.start("worker", "--processes", "2")
    made.wait_for(60)
    _let_files_have(machine, room)  # of which the database needs more at once, and so does each journal
    threading.Event().wait(NOTHING_NEW_S)
    before = made.taken
    threading.Event().wait(1.0)
    stands_still = made.taken == before
    _let_files_have(machine, resource.RLIM_INFINITY)
    assert stands_still, "it went on without a place to write to"
    made.wait_for_the_end()

    told = made.compared(bound=0, fault=f"files have room for {room} octets", count=1)
    assert (told.state, told.accepted) == ("sent", told.recipients)
    made.stop(worker)


def _let_files_have(machine: Machine, octets: int) -> None:
    """Limit the size of each file that any of its processes writes, as a full disk does."""
    for pid in machine.pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))

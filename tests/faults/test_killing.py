"""Senders, workers, pages and whole machines are killed at random moments: nobody lost, nobody twice, few in doubt.

`make faults` kills a hundred times and more on each kind of database; FAULTS_SEED=… draws other moments.
"""

import random
import signal
import threading
from collections import Counter

import pytest

from tests.faults.conftest import KILLS, Sending, Starts
from tests.faults.machine import Machine, Patience, Process, children_of
from tests.support.kinds import on_postgresql, on_sqlite

pytestmark = pytest.mark.slow

CONNECTIONS, PROCESSES = 6, 2
OF_ONE = CONNECTIONS // PROCESSES
READERS = KILLS * 60 + 60
LAST = 50  # so many are left alone, so that each kill finds somebody at work


def _started(machine: Machine) -> Process:
    return machine.start("worker", "--processes", str(PROCESSES))


def _at_a_random_moment(sending: Sending, chance: random.Random) -> None:
    sending.wait_for(chance.randint(5, 30), leaving=LAST)
    threading.Event().wait(chance.random() * 0.05)


def test_killed_at_random_moments_nobody_is_lost_and_nobody_gets_it_twice(
    sending: Starts, chance: random.Random
) -> None:
    made = sending(READERS)
    machine = made.machine()
    worker = _started(machine)
    killed, bound = Counter[str](), 0
    for victim in _victims(chance):
        _at_a_random_moment(made, chance)
        senders = children_of(worker)
        if victim == "machine":
            bound += OF_ONE * len(machine.senders)
            machine.kill()
        elif victim == "worker":
            worker.kill()  # whose senders end gently
            worker.wait()
        elif senders:
            bound += OF_ONE
            machine.signal(signal.SIGKILL, [chance.choice(senders)])
        killed[victim] += victim != "sender" or bool(senders)
        worker = worker if victim == "sender" else _started(machine)
    made.wait_for_the_end()

    told = made.compared(bound=bound, fault=f"kill -9: {dict(sorted(killed.items()))}", count=killed.total())
    assert (told.state, told.accepted + told.unknown) == ("sent", told.recipients)
    made.stop(worker)


def _victims(chance: random.Random) -> list[str]:
    """Each kind, and mostly senders; in a random order."""
    few = max(1, KILLS // 8)
    victims = ["worker", "machine"] * few
    victims += ["sender"] * (KILLS - len(victims))
    chance.shuffle(victims)
    return victims


@on_postgresql
def test_pages_that_are_killed_take_nobody_along(sending: Starts, chance: random.Random) -> None:
    kills = max(1, KILLS // 10)
    made = sending(kills * 60 + 60)
    machine = made.machine()
    killed = Counter[str]()
    for _ in range(kills):
        pages = machine.start("serve", "--port", "0", "--processes", str(PROCESSES))
        _at_a_random_moment(made, chance)
        if chance.random() < 0.3:  # the worker beside them, which they start again
            machine.signal(signal.SIGKILL, children_of(pages))
            killed["worker of the pages"] += 1
            _at_a_random_moment(made, chance)
        pages.kill()
        pages.wait()
        killed["pages"] += 1
    pages = machine.start("serve", "--port", "0", "--processes", str(PROCESSES))
    made.wait_for_the_end()

    told = made.compared(bound=0, fault=f"kill -9: {dict(sorted(killed.items()))}", count=killed.total())
    assert (told.state, told.accepted) == ("sent", told.recipients)
    made.stop(pages)


@on_sqlite
def test_restarted_gently_again_and_again_nobody_is_in_doubt(sending: Starts, chance: random.Random) -> None:
    restarts = max(1, KILLS // 10)
    made = sending(restarts * 60 + 60)
    machine = made.machine()
    for _ in range(restarts):
        worker = _started(machine)
        made.wait_for(chance.randint(20, 50), leaving=LAST)
        made.stop(worker)
        stopped = made.compared(bound=0)
        assert (stopped.sending, stopped.accepted) == (0, made.taken)
    worker = _started(machine)
    made.wait_for_the_end()

    told = made.compared(bound=0, fault="SIGTERM", count=restarts)
    assert (told.state, told.accepted) == ("sent", told.recipients)
    made.stop(worker)


@on_sqlite
def test_a_second_sigterm_is_a_crash_that_leaves_few_in_doubt(sending: Starts) -> None:
    made = sending(120)
    machine = made.machine()
    worker = _started(machine)
    made.wait_for(20)
    first, second = children_of(worker)
    machine.signal(signal.SIGTERM, [first, first, worker.pid, worker.pid])
    worker.wait(30)
    made.wait_until(lambda: first not in machine.pids and second not in machine.pids)
    worker = _started(machine)
    made.wait_for_the_end()

    told = made.compared(bound=OF_ONE, fault="SIGTERM twice", count=2)
    assert (told.state, told.accepted + told.unknown) == ("sent", told.recipients)
    made.stop(worker)


@on_postgresql
def test_another_worker_takes_over_what_a_lost_one_had_begun(sending: Starts) -> None:
    made = sending(400, latency_s=0.1)
    first, second = made.machine(Patience(silent_s=4)), made.machine(Patience(silent_s=4, lost_after_s=4))
    _started(first)
    made.wait_for(20)
    worker = _started(second)
    made.wait_for(40, leaving=60)
    first.kill()
    bound = made.statement.sending  # what the lost one holds is in it
    made.wait_for_the_end()

    told = made.compared(bound=bound, fault="a machine that does not return", count=1)
    assert (told.state, told.accepted + told.unknown) == ("sent", told.recipients)
    assert first.journals, "nobody else can look into them"
    made.machines.remove(first)
    made.stop(worker)


@on_sqlite
def test_without_an_engine_killed_senders_are_replaced_too(sending: Starts, chance: random.Random) -> None:
    made = sending(260)
    machine = made.machine()
    worker = machine.start("worker", "--processes", str(PROCESSES), "--until-idle")
    kills = 4
    for _ in range(kills):
        _at_a_random_moment(made, chance)
        machine.signal(signal.SIGKILL, [chance.choice(children_of(worker) or [0])])
    assert worker.wait(60) == 0, machine.said

    told = made.compared(bound=kills * OF_ONE, fault="kill -9 without an engine", count=kills)
    assert (told.state, told.accepted + told.unknown) == ("sent", told.recipients)
    assert machine.journals == []

"""Processes are stopped for so long that they are taken for dead, and wake up again: nobody gets anything twice."""

import os
import signal
import threading

import pytest

from tests.faults.conftest import Starts
from tests.faults.machine import Patience, children_of
from tests.support.kinds import on_postgresql, on_sqlite

pytestmark = pytest.mark.slow

SILENT_S = 6.0  # a sender that starts says nothing for a moment
CONNECTIONS, PROCESSES = 6, 2
OF_ONE = CONNECTIONS // PROCESSES


def _nap(pids: list[int], seconds: float) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    threading.Event().wait(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


@on_sqlite
def test_a_worker_that_wakes_goes_on_and_a_sender_that_sleeps_is_replaced(sending: Starts) -> None:
    made = sending(600, latency_s=0.1)
    machine = made.machine(Patience(silent_s=SILENT_S, sender_silent_s=SILENT_S))
    worker = machine.start("worker", "--processes", str(PROCESSES))
    made.wait_for(20)

    _nap(children_of(worker)[:1], 1.0)  # not long enough for anybody to notice
    made.wait_for(40)
    _nap([worker.pid], SILENT_S + 1)  # the senders go on with what they were given
    made.wait_for(40)
    assert (made.statement.state, made.statement.unknown) == ("sending", 0)

    asleep, awake = children_of(worker)
    machine.signal(signal.SIGSTOP, [asleep])
    made.wait_until(lambda: asleep not in machine.pids, seconds=SILENT_S + 20)
    assert awake in machine.pids
    made.wait_for_the_end()

    told = made.compared(bound=OF_ONE, fault="SIGSTOP of a sender, of the worker", count=3)
    assert (told.state, told.accepted + told.unknown) == ("sent", told.recipients)
    made.stop(worker)


@on_postgresql
def test_when_all_sleep_and_wake_at_once_all_goes_on(sending: Starts) -> None:
    made = sending(300)
    machine = made.machine(Patience(silent_s=SILENT_S, sender_silent_s=SILENT_S))
    worker = machine.start("worker", "--processes", str(PROCESSES))
    made.wait_for(40)
    _nap(machine.pids, SILENT_S + 1)
    made.wait_for_the_end()

    told = made.compared(bound=0, fault="SIGSTOP of all", count=1)
    assert (told.state, told.accepted) == ("sent", told.recipients)
    made.stop(worker)


@on_postgresql
def test_a_machine_that_was_given_up_and_wakes_sends_nothing_twice_and_tells_what_it_did(sending: Starts) -> None:
    made = sending(700, latency_s=0.1)  # so that the second has not sent all when the first one wakes
    patience = Patience(lost_after_s=3)
    first, second = made.machine(patience), made.machine(patience)
    workers = [machine.start("worker", "--processes", str(PROCESSES)) for machine in (first, second)]
    made.wait_until(lambda: first.journals and second.journals)
    made.wait_for(20)
    first.signal(signal.SIGSTOP)
    made.wait_until(lambda: made.statement.unknown)  # the second has given the first one up
    given_up = made.statement
    first.signal(signal.SIGCONT)
    made.wait_for_the_end()

    told = made.compared(bound=given_up.unknown, fault="a machine asleep, given up, and awake again", count=1)
    assert (told.state, told.accepted + told.unknown) == ("sent", told.recipients)
    assert told.unknown == 0, "what it certainly did not send goes out, and what it was answered is a fact"
    made.stop(*workers)


@on_sqlite
def test_senders_end_even_if_their_worker_died_with_their_beats_unheard(sending: Starts) -> None:
    made = sending(200)
    machine = made.machine()
    worker = machine.start("worker", "--processes", str(PROCESSES))
    made.wait_for(20)
    worker.send_signal(signal.SIGSTOP)
    threading.Event().wait(2.5)
    worker.kill()
    worker.wait()

    made.wait_until(lambda: machine.pids == [], seconds=10)
    assert made.compared(bound=0).sending == 0

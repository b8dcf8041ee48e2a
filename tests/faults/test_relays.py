"""One of two relays dies, or was never there: everybody is served by the other, and nobody twice."""

import os
import signal

import pytest

from tests.faults.conftest import Starts
from tests.support.kinds import on_postgresql, on_sqlite

pytestmark = pytest.mark.slow

READERS = 200
CONNECTIONS = 4


@on_postgresql
def test_a_relay_that_dies_in_the_middle_leaves_the_rest_to_the_other(sending: Starts) -> None:
    made = sending(2 * READERS, sinks=2)
    machine = made.machine(connections=CONNECTIONS)
    worker = machine.start("worker", "--processes", "2")
    made.wait_until(lambda: min(sink.count for sink in made.sinks) >= 20)
    os.kill(made.sinks[0].pid, signal.SIGKILL)
    made.wait_for_the_end()

    told = made.compared(bound=CONNECTIONS, fault="kill -9 of one of two relays", count=1)
    assert (told.state, told.accepted + told.unknown) == ("sent", told.recipients)
    assert made.sinks[1].count > READERS
    made.stop(worker)


@on_sqlite
def test_a_relay_that_is_dead_from_the_beginning_costs_nobody_anything(sending: Starts) -> None:
    made = sending(READERS, sinks=2)
    os.kill(made.sinks[0].pid, signal.SIGKILL)
    machine = made.machine(connections=CONNECTIONS)
    worker = machine.start("worker", "--processes", "2")
    made.wait_for_the_end()

    told = made.compared(bound=0, fault="a dead relay beside another", count=1)
    assert (told.state, told.accepted, made.sinks[1].count) == ("sent", READERS, READERS)
    made.stop(worker)

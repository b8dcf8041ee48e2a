import os
import signal
import subprocess
import sys
from dataclasses import replace

from newsletter.delivery.executors import Executor


def test_this_process_is_alive() -> None:
    me = Executor.current(folder="ours")

    assert me.pid == os.getpid()
    assert not me.is_dead()
    assert Executor.parse(str(me)) == me


def test_a_process_that_ended_is_dead_even_as_a_zombie() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    stat = f"/proc/{child.pid}/stat"
    with open(stat) as file:  # noqa: PTH123  # as executors read it
        started = int(file.read().rpartition(")")[2].split()[19])
    executor = replace(Executor.current(folder="ours"), pid=child.pid, started=started)
    assert not executor.is_dead()

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert executor.is_dead()

    child.communicate()
    assert executor.is_dead()


def test_a_number_given_again_is_another_process() -> None:
    me = Executor.current(folder="ours")

    assert replace(me, started=me.started - 1).is_dead()


def test_nothing_outlives_a_boot() -> None:
    assert replace(Executor.current(folder="ours"), boot="another").is_dead()


def test_neighbours_share_the_machine_and_the_folder() -> None:
    me = Executor.current(folder="ours")

    assert replace(me, pid=1, boot="before").is_neighbour_of(me)
    assert not replace(me, host="elsewhere").is_neighbour_of(me)
    assert not replace(me, folder="theirs").is_neighbour_of(me)


def test_a_sleeping_process_is_killed_and_a_number_given_again_is_not() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    os.kill(child.pid, signal.SIGSTOP)
    with open(f"/proc/{child.pid}/stat") as file:  # noqa: PTH123  # as executors read it
        started = int(file.read().rpartition(")")[2].split()[19])
    executor = replace(Executor.current(folder="ours"), pid=child.pid, started=started)

    replace(executor, started=started + 1).kill()
    assert not executor.is_dead()
    executor.kill()

    assert child.wait(10) == -signal.SIGKILL
    child.communicate()
    executor.kill()

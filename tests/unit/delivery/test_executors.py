import os
import subprocess
import sys
from dataclasses import replace

from newsletter.delivery.executors import Executor


def test_this_process_is_alive() -> None:
    me = Executor.current()

    assert me.pid == os.getpid()
    assert not me.is_dead()
    assert Executor.parse(str(me)) == me


def test_a_process_that_ended_is_dead_even_as_a_zombie() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    stat = f"/proc/{child.pid}/stat"
    with open(stat) as file:  # noqa: PTH123  # as executors read it
        started = int(file.read().rpartition(")")[2].split()[19])
    executor = replace(Executor.current(), pid=child.pid, started=started)
    assert not executor.is_dead()

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert executor.is_dead()

    child.communicate()
    assert executor.is_dead()


def test_a_number_given_again_is_another_process() -> None:
    me = Executor.current()

    assert replace(me, started=me.started - 1).is_dead()


def test_nothing_outlives_a_boot() -> None:
    assert replace(Executor.current(), boot="another").is_dead()


def test_of_another_host_nothing_is_known() -> None:
    assert not replace(Executor.current(), host="elsewhere", boot="another").is_dead()

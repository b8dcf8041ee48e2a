"""The fleet with real processes, each a few lines that do what the number of a mailing tells them."""

import errno
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from newsletter.delivery import fleet
from newsletter.delivery.fleet import Fleet

DONE, HELD, DEADLY, DEAF = 1, 2, 3, 4
CHILD = """
import os, pathlib, socket, sys, threading
slot, folder = sys.argv[1], pathlib.Path(sys.argv[2])
channel = socket.socket(fileno=os.dup(0))
def say(text):
    with (folder / "log").open("a") as log:
        log.write(text + "\\n")
def beat():
    while not threading.Event().wait(0.05):
        channel.sendall(b"\\n")
if (folder / "stillborn").exists():
    say("begun")
    sys.exit(3)
if (folder / "beats").exists():
    threading.Thread(target=beat, daemon=True).start()
for line in channel.makefile("rb"):
    mailing, number = line.decode().split()
    say(f"{slot} got {mailing} {number}")
    if mailing == "1" or (folder / "released").exists():
        channel.sendall(line)
    elif mailing == "3":
        (folder / "released").touch()
        os._exit(7)
    elif mailing == "4":
        threading.Event().wait()
say(f"{slot} ended")
"""


class Ground:
    """A fleet, the processes it started, and what all of them did in turn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[subprocess.Popen[bytes]] = []
        self.begun_at: list[float] = []
        self.said: list[str] = []
        self.waiting = ThreadPoolExecutor(8)

    def fleet(self, processes: int = 1) -> Fleet:
        return Fleet(self._start, processes=processes, recover=self._recover, say=self.said.append)

    def tell(self, name: str) -> None:
        (self.folder / name).touch()

    def log(self) -> list[str]:
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []

    def wait_for(self, lines: int) -> None:
        _until(lambda: len(self.log()) == lines)

    def _start(self, slot: int, channel: socket.socket) -> "subprocess.Popen[bytes]":
        self.begun_at.append(time.monotonic())
        if (self.folder / "crowded").exists():
            (self.folder / "crowded").unlink()
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        command = [sys.executable, "-I", "-S", "-c", CHILD, str(slot), str(self.folder)]
        child = subprocess.Popen(command, stdin=channel.fileno())
        self.children.append(child)
        return child

    def _recover(self) -> None:
        with (self.folder / "log").open("a") as log:
            log.write("recovered\n")
        if (self.folder / "unreadable").exists():
            raise OSError("a disk that cannot be read")


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setattr(fleet, "FIRST_PAUSE_S", 0.01)
    made = Ground(tmp_path)
    yield made
    made.waiting.shutdown()
    assert [child.poll() is None for child in made.children] == [False] * len(made.children), "a process is left"


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def test_what_a_process_calls_done_is_done(ground: Ground) -> None:
    with ground.fleet() as running:
        assert running.send((DONE, 1))
        assert running.send((DONE, 2))

        assert ground.log() == ["0 got 1 1", "0 got 1 2"]


def test_a_slot_outlives_journals_that_cannot_be_replayed_yet(ground: Ground) -> None:
    ground.tell("unreadable")
    with ground.fleet() as running:
        assert running.send((DEADLY, 1))

    assert ground.log()[:3] == ["0 got 3 1", "recovered", "0 got 3 1"]


def test_a_process_that_cannot_be_started_is_tried_again(ground: Ground) -> None:
    ground.tell("crowded")
    with ground.fleet() as running:
        assert running.send((DONE, 1))

    assert ground.said[0] == "A sender process could not be started (no more processes); it is started again."


def test_the_process_with_least_to_do_gets_the_next_batch(ground: Ground) -> None:
    with ground.fleet(processes=2) as running:
        _until(lambda: len(ground.children) == 2)
        for number in (1, 2, 3, 4):
            ground.waiting.submit(running.send, (HELD, number))
            ground.wait_for(number)

        slots = [line[0] for line in ground.log()]
        assert sorted(slots[:2]) == sorted(slots[2:]) == ["0", "1"]


def test_who_waits_for_the_same_batch_is_told_at_once(ground: Ground) -> None:
    with ground.fleet() as running:
        waiting = [ground.waiting.submit(running.send, (HELD, 1)) for _ in range(2)]
        ground.wait_for(2)
        ground.tell("released")
        assert running.send((HELD, 2))
        assert not any(each.done() for each in waiting)

        assert running.send((HELD, 1))

        assert [each.result(10) for each in waiting] == [True, True]


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_dead_process_had_is_given_out_again_after_its_journals_were_replayed(
    ground: Ground, processes: int
) -> None:
    with ground.fleet(processes) as running:
        assert running.send((DEADLY, 1))

        first, then, again = ground.log()
        assert first.endswith("got 3 1")
        assert then == "recovered"
        assert again.endswith("got 3 1")
        _until(lambda: ground.said == ["A sender process ended with exit status 7; it is started again."])


def test_a_process_that_says_nothing_is_killed(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "SILENT_S", 0.3)
    monkeypatch.setattr(fleet, "STARTING_S", 0.6)
    with ground.fleet() as running:
        waiting = ground.waiting.submit(running.send, (DEAF, 1))
        _until(lambda: "0 got 4 1" in ground.log())
        ground.tell("released")
        ground.tell("beats")

        assert waiting.result(20)
        assert ground.said[0] == "A sender process ended with exit status -9; it is started again."
        assert "recovered" in ground.log()


def test_a_process_that_works_long_and_says_that_it_is_well_lives(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.tell("beats")
    monkeypatch.setattr(fleet, "SILENT_S", 1.0)
    with ground.fleet() as running:
        ground.waiting.submit(running.send, (HELD, 1))
        ground.wait_for(1)
        threading.Event().wait(1.5)

        assert running.send((DONE, 1))
        assert len(ground.children) == 1


def test_at_the_end_each_process_ends_gently_and_what_is_not_done_is_told(ground: Ground) -> None:
    with ground.fleet(processes=2) as running:
        _until(lambda: len(ground.children) == 2)
        waiting = ground.waiting.submit(running.send, (HELD, 1))
        ground.wait_for(1)
        running.stop()

        assert waiting.result(20) is False
        assert running.send((DONE, 1)) is False

    assert {"0 ended", "1 ended"} < set(ground.log())
    assert [child.wait() for child in ground.children] == [0, 0]
    assert ground.said == []


def test_a_process_that_does_not_end_is_killed_though_it_is_well(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.tell("beats")
    monkeypatch.setattr(fleet, "GENTLE_S", 0.2)
    with ground.fleet() as running:
        waiting = ground.waiting.submit(running.send, (DEAF, 1))
        ground.wait_for(1)

        running.stop()

        assert waiting.result(20) is False
    assert ground.children[0].wait() == -9


def test_a_process_that_dies_at_once_is_started_ever_more_rarely(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(fleet, "LONGEST_PAUSE_S", 0.2)
    ground.tell("stillborn")
    with ground.fleet() as running:
        waiting = ground.waiting.submit(running.send, (DONE, 1))
        _until(lambda: len(ground.begun_at) == 5)
        assert not waiting.done()
        (ground.folder / "stillborn").unlink()

        assert waiting.result(20)
    gaps = [later - sooner for sooner, later in zip(ground.begun_at[:4], ground.begun_at[1:5], strict=True)]
    assert [gap >= least for gap, least in zip(gaps, (0.05, 0.1, 0.2, 0.2), strict=True)] == [True] * 4
    assert ground.said[0] == "A sender process ended with exit status 3; it is started again."

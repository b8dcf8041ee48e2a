import errno
import socket
import subprocess
import sys
import threading

import pytest

from newsletter.delivery import fleet
from newsletter.delivery.fleet import Fleet

# Does every batch at once, but batch 9 never, and dies of batch 13 the first time that it is handed over.
SENDER = """
import os, socket, sys
channel = socket.socket(fileno=0)
for line in channel.makefile("rb"):
    mailing, batch = line.split()
    if batch == b"13" and not os.path.exists(sys.argv[1]):
        open(sys.argv[1], "w").close()
        os._exit(1)
    if batch != b"9":
        channel.sendall(line)
"""


@pytest.fixture
def died(tmp_path: object) -> str:
    return f"{tmp_path}/died"


def _fleet(died: str, recovered: list[str], *, processes: int = 1) -> Fleet:
    def start(slot: int, channel: socket.socket) -> "subprocess.Popen[bytes]":
        del slot
        return subprocess.Popen([sys.executable, "-S", "-c", SENDER, died], stdin=channel.fileno())

    def recover() -> None:
        recovered.append("asked")
        raise RuntimeError("a disk that cannot be read")

    return Fleet(start, processes=processes, recover=recover, say=lambda _: None)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "FIRST_PAUSE_S", 0.01)


def test_a_batch_whose_process_died_is_given_to_the_next_one_even_if_its_journals_cannot_be_replayed_yet(
    died: str,
) -> None:
    recovered: list[str] = []
    with _fleet(died, recovered) as made:
        assert made.send((1, 2)) is True
        assert made.send((1, 13)) is True
    assert recovered[0] == "asked"


def test_who_waits_for_a_batch_is_told_when_all_stop(died: str) -> None:
    answers: list[bool] = []
    with _fleet(died, []) as made:
        assert made.send((1, 1)) is True
        waiting = threading.Thread(target=lambda: answers.append(made.send((1, 9))))
        waiting.start()
        threading.Event().wait(0.1)
        made.stop()
        waiting.join(10)
        assert answers == [False]
        assert made.send((1, 1)) is False


def test_a_process_that_cannot_be_started_is_tried_again(died: str) -> None:
    said: list[str] = []
    tries = iter([True])

    def start(slot: int, channel: socket.socket) -> "subprocess.Popen[bytes]":
        del slot
        if next(tries, False):
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        return subprocess.Popen([sys.executable, "-S", "-c", SENDER, died], stdin=channel.fileno())

    with Fleet(start, processes=1, recover=lambda: None, say=said.append) as made:
        assert made.send((1, 1)) is True
    assert said == ["A sender process could not be started (no more processes); it is started again."]

"""`newsletter serve` with its worker, as processes: however it is ended, both end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run

pytestmark = pytest.mark.slow

EXPECTED = ("Serving ", "Links in mails lead to")


@pytest.fixture
def serve(run: Run) -> Iterator[subprocess.Popen[str]]:
    run("init", "--admin", "ana@example.org")
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal's Ctrl+C goes to a group
    )
    yield process
    process.kill()
    process.communicate()


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)  # noqa: TID251  # other processes need a moment


def _worker_of(serve: subprocess.Popen[str]) -> int:
    """The worker's pid, once it listens to signals."""
    children = Path(f"/proc/{serve.pid}/task/{serve.pid}/children")
    found = list[int]()

    def is_ready() -> bool:
        found[:] = [pid for pid in map(int, _every_child(children)) if _catches(pid, signal.SIGTERM)]
        return len(found) == 1 and _catches(serve.pid, signal.SIGTERM)

    _until(is_ready)
    return found[0]


def _every_child(of_main_thread: Path) -> list[str]:
    return [pid for task in of_main_thread.parent.parent.iterdir() for pid in (task / "children").read_text().split()]


def _catches(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl+C", "service manager"])
def test_a_signal_to_both_ends_both_gently(serve: subprocess.Popen[str], number: signal.Signals) -> None:
    worker = _worker_of(serve)

    os.killpg(serve.pid, number)
    said = serve.communicate(timeout=120)[1]

    assert serve.returncode == 0
    assert not _is_running(worker)
    assert [line for line in said.splitlines() if not (line.startswith(EXPECTED) or '"level": "info"' in line)] == []


def test_no_worker_outlives_pages_that_were_killed(serve: subprocess.Popen[str]) -> None:
    worker = _worker_of(serve)

    serve.kill()

    _until(lambda: not _is_running(worker))

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.cli.supervising import Supervised

STAYS = "import os, sys; print(os.getpid(), file=open(sys.argv[1], 'a'), flush=True); sys.stdin.read()"


def _pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)  # noqa: TID251  # another process needs a moment


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_is_killed_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.cli.supervising.FIRST_PAUSE_S", 0.01)
    seen, said = tmp_path / "pids", list[str]()

    with Supervised((sys.executable, "-c", STAYS, str(seen)), say=said.append):
        _until(lambda: len(_pids(seen)) == 1)
        os.kill(_pids(seen)[0], signal.SIGKILL)
        _until(lambda: len(_pids(seen)) == 2)
        second = _pids(seen)[1]
        assert _is_alive(second)

    assert not _is_alive(second)
    assert said == ["The worker ended with exit status -9; it is started again."]


def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.cli.supervising.FIRST_PAUSE_S", 0.01)
    program, seen, said = tmp_path / "program", tmp_path / "pids", list[str]()

    with Supervised((str(program), "-c", STAYS, str(seen)), say=said.append):
        _until(lambda: bool(said))
        program.symlink_to(sys.executable)
        _until(lambda: len(_pids(seen)) == 1)

    assert said[0] == "The worker could not be started (No such file or directory); it is started again."

"""A worker beside the pages: started with them, started again when it dies, ended with them.

    with Supervised((sys.executable, "-m", "newsletter", "worker", "--while-stdin")):
        …  # the pages run

The child holds the reading end of a pipe: when this process dies, however it dies, the child reads
the end of it and stops gently. So no worker outlives the command that started it.
"""

import subprocess
import threading
from collections.abc import Callable
from typing import Self

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
GENTLE_S = 40.0  # a worker takes up to 30 s to hear the last replies (design: shutdown)


class Supervised:
    """One child process that is kept alive while the `with` block runs."""

    def __init__(self, command: tuple[str, ...], *, say: Callable[[str], None]) -> None:
        """Remember the command; `say` is told when the child had to be started again."""
        self._command = command
        self._say = say
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_alive, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._starting:  # from here on no child is started
            self._stopping.set()
        if self._child:
            _end(self._child)
        self._thread.join()

    def _keep_alive(self) -> None:
        pause = FIRST_PAUSE_S
        while child := self._start():
            status = child.wait()
            _hang_up(child)
            if self._stopping.wait(pause):
                return
            self._say(f"The worker ended with exit status {status}; it is started again.")
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._starting:
            if self._stopping.is_set():
                return None
            self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603  # our own command
            return self._child


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, and make it end when it does not.

    Never by a signal: a Ctrl+C or a service manager has sent it one already, and a second one is a crash.
    """
    _hang_up(child)
    try:
        child.wait(GENTLE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _hang_up(child: subprocess.Popen[bytes]) -> None:
    if child.stdin:
        child.stdin.close()

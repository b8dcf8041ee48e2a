"""Workers beside this process: started with it, started again when they die, ended with it.

    with Supervised((sys.executable, "-m", "newsletter", "worker", "--child", "0"), say=say):
        …  # the pages run

Each child holds the reading end of a pipe: when this process dies, however it dies, the child reads
the end of it and stops gently. So no worker outlives the command that started it.
"""

import subprocess
import threading
import time
from collections.abc import Callable
from typing import Self

from newsletter.delivery import fleet
from newsletter.delivery.fleet import Child

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class Supervised:
    """Child processes that are kept alive while the `with` block runs."""

    def __init__(self, *commands: tuple[str, ...], say: Callable[[str], None], until_done: bool = False) -> None:
        """Remember the commands; `say` is told when a child had to be started again.

        `until_done` starts only those again that a signal killed; whoever ends by itself is done.
        """
        self._say = say
        self._until_done = until_done
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._children: dict[int, Child] = {}
        self._threads = [
            threading.Thread(target=self._keep_alive, args=each, name="supervisor", daemon=True)
            for each in enumerate(commands)
        ]
        self._running = len(commands)
        self._over = threading.Event()
        self.failures = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._starting:  # from here on no child is started
            self._stopping.set()
        children = list(self._children.values())
        # None is asked by a signal: a Ctrl+C or a service manager has sent it one already, and a second one is a crash.
        for child in children:
            _hang_up(child)
        for child in children:
            fleet.end(child, within_s=fleet.GENTLE_S)
        for thread in self._threads:
            thread.join()

    def wait(self) -> None:
        """Wait until all are done, or `stop` is called."""
        self._over.wait()

    def stop(self) -> None:
        """End `wait`; from a signal's handler, too."""
        self._over.set()

    def _keep_alive(self, slot: int, command: tuple[str, ...]) -> None:
        pause = FIRST_PAUSE_S
        while True:
            begun_at = time.monotonic()
            what = self._run(slot, command)
            if what is None or self._stopping.wait(pause):
                return
            self._say(f"The worker {what}; it is started again.")
            pause = (
                min(2 * pause, LONGEST_PAUSE_S) if time.monotonic() - begun_at < fleet.WELL_AFTER_S else FIRST_PAUSE_S
            )

    def _run(self, slot: int, command: tuple[str, ...]) -> str | None:
        """Run a child to its end and tell how that came; None where no other is to follow."""
        try:
            child = self._start(slot, command)
        except OSError as error:  # no memory, too many processes: later there may be room
            return f"could not be started ({error.strerror})"
        if child is None:
            return None
        status = child.wait()
        _hang_up(child)
        if self._until_done and status >= 0:
            self._done(status)
            return None
        return f"ended with exit status {status}"

    def _start(self, slot: int, command: tuple[str, ...]) -> Child | None:
        with self._starting:
            if self._stopping.is_set():
                return None
            child = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  # our own command
            self._children[slot] = child
            return child

    def _done(self, status: int) -> None:
        with self._starting:
            self._running -= 1
            self.failures += status != 0
            if not self._running:
                self._over.set()


def _hang_up(child: Child) -> None:
    if child.stdin:
        child.stdin.close()

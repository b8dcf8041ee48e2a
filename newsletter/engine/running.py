"""What this process works on now, and how it stops.

Each run has a thread of its own, which does not keep the process alive: one that does not end when
asked to is left behind, and recovered by whoever comes next. DBOS's thread waits for it.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

_log = structlog.get_logger("newsletter.engine")


class RunFailed(Exception):  # its name is what DBOS keeps of it
    """A run ended in an exception; which, without its text, as texts may name people."""


class Interrupted(BaseException):  # no error: DBOS writes no outcome, so the run is still to be done
    """The process stops before the run is done."""


class Running:
    """The runs of this process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._changed = threading.Condition()
        self._runs: dict[object, str] = {}
        self._stopping = False
        self._over = False

    def do(self, name: str, what: Callable[[], None]) -> None:
        """Run something to its end.

        Raises:
            RunFailed: an exception ended it; it was logged.
            Interrupted: the process stops, and it is to be done again.
        """
        run = _Run(name, what, self._ended)
        with self._changed:
            if self._stopping:
                raise Interrupted
            self._runs[run] = name
        run.start()
        with self._changed:
            self._changed.wait_for(lambda: run not in self._runs or self._over)
            if self._stopping:
                raise Interrupted
        if run.failed:
            raise RunFailed(run.failed)

    @property
    def names(self) -> frozenset[str]:
        """What is being worked on."""
        with self._changed:
            return frozenset(self._runs.values())

    def stop(self) -> None:
        """Begin nothing more; whatever ends from now on counts as interrupted."""
        with self._changed:
            self._stopping = True

    def wait(self, patience_s: float) -> None:
        """Wait for the runs to end, then for none any more."""
        with self._changed:
            self._changed.wait_for(lambda: not self._runs, patience_s)
            self._over = True
            self._changed.notify_all()

    def _ended(self, run: "_Run") -> None:
        with self._changed:
            del self._runs[run]
            self._changed.notify_all()


class _Run(threading.Thread):
    def __init__(self, name: str, what: Callable[[], None], ended: "Callable[[_Run], None]") -> None:
        super().__init__(daemon=True)
        self._work = name
        self._what = what
        self._tell = ended
        self.failed = ""

    def run(self) -> None:
        try:
            self._what()
        except BaseException as error:  # noqa: BLE001  # whatever it was: told here, and the run is over
            self.failed = type(error).__name__
            _log.error("a run failed", run=self._work, error=self.failed, at=_where(error))  # no text
        finally:
            self._tell(self)


def _where(error: BaseException) -> str:
    """The innermost place in the code, such as `sending.py:120`."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    return f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""

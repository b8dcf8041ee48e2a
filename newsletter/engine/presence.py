"""Shows that this process lives, and looks after what it was given but does not run.

A database that goes away between giving a run to this seat and telling so leaves a run that nobody
runs, under a seat that lives. Such strays are given back after two looks.
"""

import threading
from typing import TYPE_CHECKING

import structlog
from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from newsletter.database import Database
from newsletter.engine import seating
from newsletter.engine.running import Running

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

BEAT_S = 5.0
_BEATS_A_LOOK = 4

_log = structlog.get_logger("newsletter.engine")


class Presence:
    """A thread that beats as long as this process has the seat."""

    def __init__(
        self, database: Database, client: "DBOSClient", *, seat: str, running: Running, beat_s: float = BEAT_S
    ) -> None:
        """Take whom to show, and where; `begin` starts it."""
        self._database = database
        self._client = client
        self._seat = seat
        self._running = running
        self._beat_s = beat_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="engine presence", daemon=True)
        self._suspects: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Show it for the first time, before anything is given to the seat; then again and again."""
        self._beat()
        self._thread.start()

    def end(self) -> None:
        """Give back whatever is not running any more, and go silent."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(self._beat_s)
        try:
            seating.give_back(self._client, self._not_running())
        except (SQLAlchemyError, dbos_error.DBOSException) as error:  # the seat's next process, or a reaper, finds it
            _log.warning("unfinished work was not given back", error=type(error).__name__)

    def _live(self) -> None:
        beats, is_away = 0, False
        while not self._ended.wait(self._beat_s):
            beats += 1
            try:
                self._beat()
                if beats % _BEATS_A_LOOK == 0:
                    self._look()
            except (SQLAlchemyError, dbos_error.DBOSException) as error:
                if not is_away:
                    _log.warning("the database is away", error=type(error).__name__)
                is_away = True
            else:
                is_away = False

    def _beat(self) -> None:
        with self._database.writing() as session:
            seating.beat(session, self._seat)

    def _look(self) -> None:
        strays = self._not_running()
        again = [work for work in strays if work.workflow_id in self._suspects]
        self._suspects = frozenset(work.workflow_id for work in strays)
        if again:
            _log.warning("runs that nobody ran are given back", runs=seating.give_back(self._client, again))

    def _not_running(self) -> "list[WorkflowStatus]":
        """First what the database says, then what runs: so what ends in between is no stray twice."""
        begun = seating.begun_by(self._client, self._seat)
        running = self._running.names
        return [work for work in begun if work.workflow_id not in running]

"""Database work that is done whatever happens: again and again until the database takes it.

    patient = Patient(database, sleep=time.sleep)
    lease = patient.write(lambda session: ledger.claim(session, …))

What a relay has answered must not be lost because a disk is full or a server away for a while. The
work is such that doing it twice is doing it once: a connection may break just when the database has
committed. Of two transactions that block each other, one comes through here, too.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from newsletter.database import Database, reason_of

PAUSE_S = 1.0

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


class Patient:
    """Reads and writes, however long it takes."""

    def __init__(self, database: Database, *, sleep: Callable[[float], object]) -> None:
        """Take the database; `sleep` is called with seconds after each refusal."""
        self._database = database
        self._sleep = sleep

    def pause(self) -> None:
        """Wait a moment, as after each refusal."""
        self._sleep(PAUSE_S)

    def write(self, work: Callable[[Session], _T]) -> _T:
        """Do work in a transaction of its own; errors that are not the database's pass."""
        return self._do(self._database.writing, work)

    def read(self, work: Callable[[Session], _T]) -> _T:
        """Read on one snapshot."""
        return self._do(self._database.reading, work)

    def _do(self, opened: Callable[[], AbstractContextManager[Session]], work: Callable[[Session], _T]) -> _T:
        while True:
            try:
                with opened() as session:
                    return work(session)
            except (OperationalError, InterfaceError) as error:
                _log.warning("database refuses", error=reason_of(error))
                self.pause()

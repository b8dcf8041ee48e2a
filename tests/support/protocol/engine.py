"""An engine that keeps exactly what transactions committed, and may run it twice, late or never."""

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import event
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery.jobs import BatchRun


class Life(Enum):
    """How far a run has come."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"  # nobody will run it again by itself


@dataclass
class Run:
    """What the engine knows of one run."""

    at: dt.datetime
    life: Life = Life.WAITING


class FakeEngine:
    """The `Jobs` of the tests, and the state of what was handed over."""

    def __init__(self) -> None:
        self.runs: dict[BatchRun, Run] = {}
        self._handed: list[tuple[BatchRun, dt.datetime]] = []

    def enqueue(self, session: Session, batch: BatchRun, *, at: dt.datetime, urgent: bool) -> None:
        del session, urgent
        assert batch not in self.runs, "a run's name is never given again: the engine would not run it"
        self._handed.append((batch, at))

    def without_life(self, session: Session, runs: Collection[BatchRun]) -> frozenset[BatchRun]:
        del session
        alive = {run for run, known in self.runs.items() if known.life in (Life.WAITING, Life.RUNNING)}
        return frozenset(runs) - alive - {run for run, _ in self._handed}

    @contextmanager
    def in_transaction(self) -> Iterator[None]:
        """Keep what is handed over meanwhile, unless an error passes."""
        assert not self._handed
        try:
            yield
            self.runs.update((run, Run(at)) for run, at in self._handed)
        finally:
            self._handed.clear()

    def at(self, *, now: dt.datetime) -> list[BatchRun]:
        """What may be begun, or begun once more, in order."""
        return sorted(
            run
            for run, known in self.runs.items()
            if known.life is Life.RUNNING or (known.life is Life.WAITING and known.at <= now)
        )


class EngineDatabase(Database):
    """A database whose transactions take the engine's along. Nothing in it need survive the test."""

    def __init__(self, url: str, engine: FakeEngine) -> None:
        super().__init__(url)
        self._jobs = engine
        self.writes = 0
        self.bind(engine)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self._jobs.in_transaction(), super().writing() as session:
            self.writes += 1
            yield session

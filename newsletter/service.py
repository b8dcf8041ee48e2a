"""All that a worker runs as one command: senders, the engine that hands them work, and what is due at its time.

    Service(app, start, processes=2, say=say).run(stopped)
    # returns when the event is set; what is not done waits for the next start

The senders are processes of their own (`Fleet`), each with one thread, and start first. Any number of machines may
run a service each on one PostgreSQL; the ledger's leases keep them apart.
"""

import datetime as dt
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.delivery import batches, planning
from newsletter.delivery.batches import AUDIENCE
from newsletter.delivery.fleet import Fleet, Start
from newsletter.delivery.jobs import BatchRun
from newsletter.delivery.journals import Journals
from newsletter.delivery.patience import Patient
from newsletter.delivery.recovering import Recovery
from newsletter.delivery.transports import open_transport
from newsletter.engine.engine import Cron, Engine
from newsletter.engine.seats import Seat
from newsletter.news import gathering, sources
from newsletter.readers import sealing
from newsletter.readers.retention import running
from subscribers.actor import Actor

POLL_S = 1.0
_SPARE_BATCHES = 1  # a process has work while the engine looks for more, and leaves the rest to other machines
_URGENT = 4  # a process works on so many tests and system mails at a time

_log = structlog.get_logger(__name__)


class Stopping(Exception):  # no error: somebody asked for it
    """The database is away, and nobody wants to wait for it any more."""


class Service:
    """Runs until it is told to stop."""

    def __init__(self, app: App, start: Start, *, processes: int, say: Callable[[str], object]) -> None:
        """Take how to start a sender process, as `Fleet` does."""
        settings = app.settings
        self._app = app
        self._processes = processes
        self._patient = Patient(app.database, sleep=self._wait)
        self._journals = Journals(settings.journal_folder, monotonic=time.monotonic)
        lost_after = dt.timedelta(minutes=settings.lost_after_minutes)
        self._recovery = Recovery(self._patient, self._journals, lost_after=lost_after, clock=app.now, say=say)
        self._fleet = Fleet(start, processes=processes, recover=self._recovery.run, say=say)
        self._stopped = threading.Event()
        self._retained_at: dt.datetime | None = None

    def run(self, stopped: threading.Event) -> None:
        """Work until stopped; then let the senders hear the last replies, settle, and give back the rest.

        Recovers before the engine runs: whatever it hands out then is not held by the dead.
        """
        self._stopped = stopped
        with suppress(Stopping):
            self._recovery.run()
            with self._seat() as seat, self._app.attendant(), self._fleet, self._engine(seat) as engine:
                try:
                    while not stopped.wait(POLL_S):
                        self._recovery.run()
                finally:
                    self._fleet.retire()
                    engine.stop()
                    self._fleet.stop()

    def _wait(self, seconds: float) -> None:
        """Be patient with a database that is away, but not for longer than we are wanted, nor with a sleeper's lock."""
        self._journals.end_silent()
        if self._stopped.wait(seconds):
            raise Stopping

    def _seat(self) -> Seat:
        return Seat.take(self._app.settings.journal_folder, machine=self._journals.me.folder)

    def _engine(self, seat: Seat) -> Engine:
        connections = sum(open_transport(url).connections for url in self._app.settings.relay_urls)
        at_once = math.ceil(connections / batches.WINDOWS) + _SPARE_BATCHES * self._processes
        return Engine(
            self._app.database,
            seat=seat,
            run=self._run,
            crons=(
                Cron("reconcile", "* * * * *", self._reconcile),
                Cron("fetch", f"*/{sources.EVERY // dt.timedelta(minutes=1)} * * * *", self._fetch),
                Cron("fetch-wanted", "* * * * *", self._fetch_wanted),
                # Each hour, as an hour is left out where no machine runs then; both do their work once a day.
                Cron("seal", "23 * * * *", self._seal),
                Cron("retention", f"{running.MINUTE} * * * *", self._retain),
            ),
            at_once=at_once,
            urgent_at_once=_URGENT * self._processes,
        )

    def _run(self, run: BatchRun) -> None:
        """Freeze an audience, or have a batch sent; and have what is left of it be run again when it is due."""
        is_done = self._frozen(run.mailing) if run.batch == AUDIENCE else self._fleet.send((run.mailing, run.batch))
        if is_done:
            self._patient.write(lambda session: batches.ended(session, run))

    def _frozen(self, mailing: int) -> bool:
        def chunk(session: Session) -> bool:
            return planning.plan_chunk(session, mailing, now=self._app.now())

        while not self._stopped.is_set():
            if not self._patient.write(chunk):
                self._reconcile()  # what of it the last chunk did not hand over
                return True
        return False

    def _reconcile(self) -> None:
        """Hand over what nobody works on: the rest of a large mailing, and what was forgotten by whomever."""
        found = batches.AT_A_TIME
        while found == batches.AT_A_TIME and not self._stopped.is_set():
            found = self._patient.write(partial(batches.reconcile, now=self._app.now()))
            if found:
                _log.info("batches were handed over", batches=found)

    def _retain(self) -> None:
        """Once a day, in the night; where no machine runs then, soon after one does."""
        now = self._app.now()
        if not running.is_time(now, last=self._retained_at):
            return
        ended = self._app.retention().run(by=Actor.worker(), now=now)
        self._retained_at = now
        _log.info("what was kept long enough was ended", **ended)

    def _seal(self) -> None:
        app = self._app
        made = sealing.seal_daily(app.database, secret=app.secret, by=Actor.worker(), now=app.now())
        if made is not None:  # the log lies outside of the database, and so keeps what could be changed there
            _log.info("consent was sealed", seal=made.number, digest=made.digest, records=made.records)

    def _fetch(self) -> None:
        app = self._app
        results = list(gathering.fetch_sources(app, app.gatherer, by=Actor.worker(), now=app.now()))
        _log.info("sources were asked", sources=len(results), failed=sum(bool(result.failure) for result in results))

    def _fetch_wanted(self) -> None:
        """Ask at once what somebody wants asked; nothing is logged each minute where nobody does."""
        app = self._app
        for result in gathering.fetch_wanted(app, app.gatherer, by=Actor.worker(), now=app.now()):
            _log.info("a source was asked at once", source=result.source_id, failed=bool(result.failure))

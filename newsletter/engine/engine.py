"""The engine: takes batches from the queues of the database and runs them here, and jobs at their times.

    with Engine(database, seat=seat, run=run, crons=crons, at_once=8, urgent_at_once=2) as engine:
        stopped.wait()
        engine.stop()       # nothing more begins, and what ends from here on does not count as done
        senders.stop()      # so that each run returns

Any number of machines and processes may run one each on the same database. What is running when the
engine ends goes back to its queue, for whoever comes first. What a crash leaves behind is run again by
the next process with the same seat, or by any other once the seat has been silent for a minute.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

import structlog
from dbos import DBOS, ClientScheduleInput, DBOSConfig
from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from newsletter.database import Database, DatabaseUnusable, reason_of
from newsletter.delivery.jobs import BatchRun
from newsletter.engine import APPLICATION, BATCH, CRON, MAIL, URGENT, VERSION, housekeeping, logs, seating, tables
from newsletter.engine.presence import BEAT_S, Presence
from newsletter.engine.running import Running
from newsletter.engine.seats import Seat
from newsletter.engine.tables import EngineTablesMissing

POLLING_S = 0.3
PATIENCE_S = 30.0
_SPARE = 8  # connections and threads for what is not a batch: queues, schedules, jobs at their times

_log = structlog.get_logger("newsletter.engine")


@dataclass(frozen=True, slots=True)
class Cron:
    """A function that is called once at each of its times, by one of all machines.

    `schedule` is five fields as in crontab, in UTC. One that ends in an exception is called again at
    its next time; a time at which no engine runs is left out. A call may last into the next one.
    """

    name: str
    schedule: str
    function: Callable[[], None]


class Engine:
    """Runs batches and crons in this process, of which DBOS allows one at a time."""

    def __init__(
        self,
        database: Database,
        *,
        seat: Seat,
        run: Callable[[BatchRun], None],
        crons: Sequence[Cron],
        at_once: int,
        urgent_at_once: int,
        polling_s: float = POLLING_S,
        patience_s: float = PATIENCE_S,
        beat_s: float = BEAT_S,
        silent_after: dt.timedelta = seating.SILENT_AFTER,
    ) -> None:
        """Take what to run; nothing begins before `__enter__`.

        Args:
            database: where the queues are.
            seat: whom a crash leaves its work to.
            run: called with each run of a batch on a thread of its own; returns when nothing of the batch
                is to be sent for now. May be called again at any time, also while it runs elsewhere.
            crons: what else there is to do; the same in all processes, as they share one set of schedules.
            at_once: how many batches run here at a time; all processes go by what the latest one says.
            urgent_at_once: how many of the urgent ones, beside those.
            polling_s: how often each queue is looked at.
            patience_s: how long the end waits for what is running.
            beat_s: how often this seat shows that it lives.
            silent_after: when another seat is taken for dead.
        """
        own = Cron("engine-reap", "* * * * *", self.reap), Cron("engine-sweep", "17 3 * * *", self.sweep)
        self._crons = {cron.name: cron for cron in (*own, *crons)}
        self._database = database
        self._run = run
        self._queues = {MAIL: at_once, URGENT: urgent_at_once}
        self._polling_s = polling_s
        self._patience_s = patience_s
        self._silent_after = silent_after
        self._seat = seat
        self._running = Running()
        self._connections = tables.connecting(database, at_once=at_once + urgent_at_once + _SPARE)
        self._client = tables.client(self._connections, patient=False)
        self._presence = Presence(database, self._client, seat=seat.name, running=self._running, beat_s=beat_s)

    def __enter__(self) -> Self:
        """Begin, with what this seat left unfinished.

        Raises:
            EngineTablesMissing: the database was not brought up to date.
            DatabaseUnusable: the database cannot be reached.
        """
        try:
            with tables.told_where_missing():
                self._presence.begin()
                self._launch()
        except (EngineTablesMissing, dbos_error.DBOSException) as error:
            self._fall()
            raise EngineTablesMissing from error
        except SQLAlchemyError as error:
            self._fall()
            raise DatabaseUnusable(f"The engine cannot start: {reason_of(error)}") from error
        _log.info("the engine runs", seat=self._seat.name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop, wait for what is running, and give back what is not done."""
        self.stop()
        self._running.wait(self._patience_s)
        self._presence.end()
        self._connections.dispose()
        _log.info("the engine has ended", seat=self._seat.name)

    def stop(self) -> None:
        """Begin nothing more; what runs goes on, and is to be done again however it ends."""
        self._running.stop()
        DBOS.destroy(destroy_registry=True)

    def reap(self) -> None:
        """Give back what the dead had begun. The engine itself does so every minute."""
        with self._database.reading() as session:
            living = seating.present(session, silent_after=self._silent_after)
        reaped = seating.reap(self._client, living)
        if reaped:
            _log.warning("work of a silent process was given back", runs=reaped)

    def sweep(self) -> None:
        """Forget what ended long ago. The engine itself does so every night."""
        with self._database.writing() as session:
            oldest = seating.moment(session) - housekeeping.KEPT
            seating.forget(session, before=oldest)
        _log.info("old runs were deleted", count=housekeeping.sweep(self._client, before=oldest))

    def _launch(self) -> None:
        self._publish()
        DBOS(config=self._config())
        DBOS.workflow(name=BATCH)(self._batch())
        DBOS.workflow(name=CRON)(self._cron())
        DBOS.launch()

    def _publish(self) -> None:
        """Write queues and schedules into the database, before anything looks for them."""
        for name, at_once in self._queues.items():
            self._client.register_queue(name, worker_concurrency=at_once, polling_interval_sec=self._polling_s)
        for schedule in self._client.list_schedules(application_name=APPLICATION):
            if schedule["schedule_name"] not in self._crons:
                self._client.delete_schedule(schedule["schedule_name"])
        wanted = [
            ClientScheduleInput(schedule_name=cron.name, workflow_name=CRON, schedule=cron.schedule, context=cron.name)
            for cron in self._crons.values()
        ]
        self._client.apply_schedules(wanted)

    def _config(self) -> DBOSConfig:
        logs.adopt()
        return DBOSConfig(
            name=APPLICATION,
            application_version=VERSION,
            executor_id=self._seat.name,
            system_database_engine=self._connections,
            dbos_system_schema=tables.SCHEMA,
            run_migrations=False,
            use_listen_notify=False,  # we send no messages between runs; queues are polled either way
            notification_listener_polling_interval_sec=0.2,  # it looks for none, but the end waits for it
            log_level="WARNING",
        )

    def _batch(self) -> Callable[[int, int, int], None]:
        """What DBOS calls for each batch; a plain function, as its decorator marks it."""

        def batch(mailing: int, number: int, run: int) -> None:
            self._do(partial(self._run, BatchRun(mailing, number, run)))

        return batch

    def _cron(self) -> Callable[[dt.datetime, Any], None]:
        def cron(due: dt.datetime, name: Any) -> None:
            del due
            if name in self._crons:  # else it is one of another version of us
                self._do(self._crons[name].function)

        return cron

    def _do(self, what: Callable[[], None]) -> None:
        name = DBOS.workflow_id
        assert name is not None  # noqa: S101  # we are called by DBOS, with a run at hand
        self._running.do(name, what)

    def _fall(self) -> None:
        """Leave nothing behind of an engine that did not start."""
        DBOS.destroy(destroy_registry=True)
        self._presence.end()
        self._connections.dispose()

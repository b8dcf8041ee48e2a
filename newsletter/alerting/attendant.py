"""The thread that looks after alerts: every few seconds it sees what waits for a person, and tells them.

    with Attendant(database, channels, clock=now, monotonic=time.monotonic):
        worker.run_forever()

There may be one on each machine: of several, one tells. It survives a database that is away, and ends
with its `with` block, or with the process.
"""

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from typing import Self

import structlog
from sqlalchemy.exc import DBAPIError

from newsletter.alerting import delivering
from newsletter.alerting.channels import Channel
from newsletter.database import Database, reason_of
from newsletter.delivery.alerts import comparing, summing, watching

ROUND_S = 5.0
SUMS_S = 600.0
GENTLE_S = 2.0  # a try that is under way when the process ends is told again by the next one

_log = structlog.get_logger(__name__)


class Attendant:
    """Goes round while the `with` block runs; `go_round` does it once, for who has no thread to spare."""

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        *,
        clock: Callable[[], dt.datetime],
        monotonic: Callable[[], float],
        round_s: float = ROUND_S,
    ) -> None:
        """Take what looking after alerts needs; nothing is done yet."""
        self._database = database
        self._channels = tuple(channels)
        self._clock = clock
        self._monotonic = monotonic
        self._round_s = round_s
        self._sums_at: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="alerts", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(GENTLE_S)

    def go_round(self) -> None:
        """See what waits, and tell of it. A database that refuses is logged, and tried at the next round."""
        try:
            self._watch()
            self._take_sums()
            delivering.deliver(self._database, self._channels, clock=self._clock)
        except DBAPIError as error:
            _log.warning("database refuses", error=reason_of(error))

    def _go_on(self) -> None:
        while not self._stopping.is_set():
            try:
                self.go_round()
            except Exception:  # noqa: BLE001  # whatever it is, it ends a round and not the thread
                _log.exception("a round of the alerts failed")
            self._stopping.wait(self._round_s)

    def _watch(self) -> None:
        with self._database.reading() as session:
            has_changed = watching.has_changed(session, now=self._clock())
        if has_changed:
            with self._database.writing() as session:
                watching.watch(session, now=self._clock())

    def _take_sums(self) -> None:
        now = self._monotonic()
        if self._sums_at is not None and now < self._sums_at:
            return
        self._sums_at = now + SUMS_S
        with self._database.reading() as session:
            difference = summing.look(session, now=self._clock())
        if difference:
            with self._database.writing() as session:
                comparing.settle(session, difference, now=self._clock())

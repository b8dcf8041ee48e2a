"""Running the clocks: counting what is due, and ending it a few at a time, each few in a transaction of their own.

    retention = Retention(database, clocks(settings.retention), holders=holders, imports=folder)
    retention.due(now=now)               # {"unconfirmed": 3, …}
    retention.run(by=by, now=now)

Whoever is killed in the middle leaves nothing half done; the next run goes on.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from newsletter.database import Database
from newsletter.readers import proofs
from newsletter.readers.retention import people
from newsletter.readers.retention.clocks import Clock
from newsletter.readers.retention.facts import Facts
from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.holders import Holder

HOUR, MINUTE = 2, 41  # UTC, once a day; not on the hour, when everybody's jobs run


class Retention:
    """All clocks over one database and home."""

    def __init__(
        self,
        database: Database,
        clocks: Sequence[Clock],
        *,
        holders: Sequence[Holder],
        imports: Path | None,
        proof_files: Path | None = None,
    ) -> None:
        """Take what to look after; `imports` is the folder of bad rows, `proof_files` that of files of evidence."""
        self.clocks = tuple(clocks)
        self._database = database
        self._holders = holders
        self._imports = imports
        self._proof_files = proof_files

    def due(self, *, now: dt.datetime) -> dict[str, int]:
        """How much of each kind is due, by the clocks' names; from one snapshot."""
        with self._database.reading() as session:
            return {clock.name: clock.due(session, self._facts(clock, now)) for clock in self.clocks}

    def run(self, *, by: Actor, now: dt.datetime) -> dict[str, int]:
        """End what is due; tell how much of each kind, by the clocks' names.

        Raises:
            NotPermitted: the actor may not manage people.
        """
        by.require(MANAGE_PEOPLE)
        self._erase_again(now)
        ended = {clock.name: self._ended(clock, now) for clock in self.clocks}
        if any(ended.values()):
            with self._database.writing() as session:
                told = {name: number for name, number in ended.items() if number}
                audit.record(session, "retention.run", "retention", by=by, now=now, **told)
        if self._proof_files is not None:
            with self._database.reading() as session:
                proofs.sweep(session, self._proof_files, before=now - dt.timedelta(days=1))
        self._database.overwrite_freed()
        return ended

    def _ended(self, clock: Clock, now: dt.datetime) -> int:
        facts = self._facts(clock, now)
        total, step = 0, 1
        while step:
            with self._database.writing() as session:
                step = clock.step(session, facts)
                if step:
                    self._database.note_freed(session)
            total += step
        return total

    def _erase_again(self, now: dt.datetime) -> None:
        facts = Facts(now, now, self._holders)
        with self._database.reading() as session:
            lately = people.lately_erased(session, facts)
        for subscriber_id in lately:
            with self._database.writing() as session:
                people.erase_again(session, subscriber_id, facts)

    def _facts(self, clock: Clock, now: dt.datetime) -> Facts:
        return Facts(clock.before(now), now, self._holders, self._imports)


def is_time(now: dt.datetime, *, last: dt.datetime | None) -> bool:
    """Tell, each hour, whether a worker runs the clocks; `last` is when it did so, None since it started."""
    return now.hour == HOUR or last is None or now - last >= dt.timedelta(days=1)


def next_run(now: dt.datetime) -> dt.datetime:
    """When a worker runs the clocks next that is not off at that time."""
    today = now.replace(hour=HOUR, minute=MINUTE, second=0, microsecond=0)
    return today if now < today else today + dt.timedelta(days=1)

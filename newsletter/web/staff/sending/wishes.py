"""When somebody wants an issue to go out, as a form says it: now, or at a time on the wall."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from newsletter.delivery import scheduling
from newsletter.delivery.dispatching import DueInThePast

NOW, LATER = "now", "later"


class WishUnclear(Exception):
    """A form does not say a time."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`wall` is as it was typed; `fold` says which of two is meant where the clocks show a time twice."""

    when: str
    wall: str = ""
    fold: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Wish":
        """Read it from a query or a form."""
        return cls(NOW if asked.get("when") == NOW else LATER, asked.get("at", "").strip()[:40], asked.get("fold", ""))

    @classmethod
    def at(cls, moment: dt.datetime, *, zone: ZoneInfo) -> "Wish":
        """The wish for a moment."""
        return cls(LATER, f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}")

    @property
    def query(self) -> dict[str, str]:
        """As a form's fields, without what says nothing."""
        said = {"when": self.when, "at": self.wall, "fold": self.fold}
        return {name: value for name, value in said.items() if value}

    def moment(self, *, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """The moment wished for; now is in a while, in which it can be taken back.

        Raises:
            WishUnclear: no time was typed.
            NoSuchTime, TimeTwice: see `scheduling`.
            DueInThePast: it has gone by.
        """
        if self.when == NOW:
            return now + scheduling.GRACE
        try:
            wall = dt.datetime.fromisoformat(self.wall)
            due = scheduling.moment_of(wall, zone=zone, fold={"0": 0, "1": 1}.get(self.fold))
        except (ValueError, OverflowError) as error:
            raise WishUnclear from error
        if due < now:
            raise DueInThePast(due)
        return due

"""The states as they are against the alerts that are open: what is to be raised, what to be ended.

difference = comparing.between(comparing.standing(session, kinds), causes)
if difference:
    comparing.settle(session, difference, now=now)
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.alerts import raising
from newsletter.delivery.alerts.causes import Cause
from newsletter.delivery.alerts.models import Alert, AlertKind


@dataclass(frozen=True, slots=True)
class Difference:
    """States without their alert, and keys of alerts whose state is over."""

    raised: tuple[Cause, ...]
    over: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.raised or self.over)


def standing(session: Session, kinds: Iterable[AlertKind]) -> dict[str, int]:
    """The occurrence of each open alert of these kinds, by key."""
    found = select(Alert.key, Alert.occurrence).where(Alert.ended_at.is_(None), Alert.kind.in_(kinds))
    return {key: occurrence for key, occurrence in session.execute(found)}  # noqa: C416  # rows are no pairs to mypy


def between(known: Mapping[str, int], found: Iterable[Cause]) -> Difference:
    """Compare open alerts with the states that wait now."""
    causes = {cause.key: cause for cause in found}
    return Difference(
        raised=tuple(cause for key, cause in causes.items() if known.get(key) != cause.occurrence),
        over=tuple(known.keys() - causes.keys()),
    )


def settle(session: Session, difference: Difference, *, now: dt.datetime) -> None:
    """Raise and end.

    In the order of the keys: of two who do it at once, neither waits for the other crosswise.
    """
    raised = {cause.key: cause for cause in difference.raised}
    for key in sorted(raised.keys() | set(difference.over)):
        if key in raised:
            raising.raise_alert(session, raised[key], now=now)
        else:
            raising.end_alert(session, key, now=now)

"""Which alerts are people to be told of now, and what became of telling them.

    for notice in notices.due(session, Medium.MAIL, now=now):
        if notices.claim(session, notice, now=now):  # committed, then told outside any transaction
            …
            notices.settle(session, notice, trouble, now=now)

Many machines may do it at once: a notice is claimed by one conditional update, for `CLAIMED`. Whoever dies
in between leaves it to be told again after that, since an alert that is told twice is better than none.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from newsletter.delivery.alerts.models import Alert, AlertKind, Medium
from newsletter.delivery.alerts.raising import MAIL_PAUSE
from subscribers.orm import current

CLAIMED = dt.timedelta(minutes=5)  # longer than any try takes
FIRST = dt.timedelta(minutes=1)
LONGEST = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert to be told over one medium; `due_at` tells whether somebody else has claimed it meanwhile."""

    medium: Medium
    alert_id: int
    key: str
    kind: AlertKind
    facts: Mapping[str, Any]
    mailing_id: int | None
    raised_at: dt.datetime
    last_at: dt.datetime
    count: int
    due_at: dt.datetime


def due(session: Session, medium: Medium, *, now: dt.datetime) -> tuple[Notice, ...]:
    """The alerts that wait and are to be told now, the oldest first."""
    due_at = _DUE[medium]
    waiting = select(Alert).where(Alert.ended_at.is_(None), Alert.acknowledged_at.is_(None), due_at <= now)
    return tuple(_notice(alert, medium) for alert in session.scalars(waiting.order_by(Alert.id)))


def claim(session: Session, notice: Notice, *, now: dt.datetime) -> bool:
    """Take it on oneself to tell; False where somebody else has, or nobody need be told any more."""
    due_at = _DUE[notice.medium]
    claimed = session.scalar(
        update(Alert)
        .where(Alert.id == notice.alert_id, due_at == notice.due_at)
        .values({due_at: now + CLAIMED})
        .returning(Alert.id)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


def settle(session: Session, notice: Notice, *, was_told: bool, claimed_at: dt.datetime, now: dt.datetime) -> None:
    """Note that it was told, or when to try again: after a minute, doubling to an hour.

    What has happened anew meanwhile is told, too, a mail not before its pause.
    """
    alert = current(session, Alert, notice.alert_id)
    if alert is None:
        return
    medium = notice.medium.value
    due_at: dt.datetime | None = getattr(alert, f"{medium}_due_at")
    is_anew = due_at is not None and due_at != claimed_at + CLAIMED
    if was_told:
        setattr(alert, _TOLD_AT[notice.medium], now)
        setattr(alert, f"{medium}_failures", 0)
        again = max(due_at, now + MAIL_PAUSE) if due_at and notice.medium is Medium.MAIL else due_at
        setattr(alert, f"{medium}_due_at", again if is_anew else None)
    elif due_at is not None and not is_anew:
        failures: int = getattr(alert, f"{medium}_failures") + 1
        setattr(alert, f"{medium}_failures", failures)
        setattr(alert, f"{medium}_due_at", now + retry_delay(failures))


def retry_delay(failures: int) -> dt.timedelta:
    """How long to wait after so many failures in a row (from 1).

    >>> [int(retry_delay(failures).total_seconds() // 60) for failures in range(1, 9)]
    [1, 2, 4, 8, 16, 32, 60, 60]
    """
    return min(FIRST * (1 << min(failures - 1, 10)), LONGEST)


_DUE: dict[Medium, InstrumentedAttribute[dt.datetime | None]] = {
    Medium.MAIL: Alert.mail_due_at,
    Medium.HOOK: Alert.hook_due_at,
}
_TOLD_AT = {Medium.MAIL: "mailed_at", Medium.HOOK: "hooked_at"}


def _notice(alert: Alert, medium: Medium) -> Notice:
    due_at: dt.datetime = getattr(alert, f"{medium.value}_due_at")
    return Notice(
        medium=medium,
        alert_id=alert.id,
        key=alert.key,
        kind=AlertKind(alert.kind),
        facts=alert.facts,
        mailing_id=alert.mailing_id,
        raised_at=alert.raised_at,
        last_at=alert.last_at,
        count=alert.count,
        due_at=due_at,
    )

"""Somebody takes an alert on: by name, and nobody is told of it again.

The state itself lasts until it is over; an occurrence that comes after is a new one.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery.alerts.models import Alert
from newsletter.delivery.permissions import SEND_ISSUES
from subscribers import audit
from subscribers.actor import Actor


def acknowledge(session: Session, alert: Alert, *, by: Actor, now: dt.datetime) -> bool:
    """Note who has taken it on; False where somebody else was before, whose name stays.

    Raises:
        NotPermitted: the actor may neither pause nor resume what goes out, so it is not for them.
    """
    by.require(SEND_ISSUES)
    if alert.acknowledged_at is not None:
        return alert.acknowledged_by == by.name
    alert.acknowledged_at, alert.acknowledged_by = now, by.name
    alert.mail_due_at = alert.hook_due_at = None
    audit.record(session, "alert.acknowledge", f"alert:{alert.id}", by=by, now=now, key=alert.key)
    return True

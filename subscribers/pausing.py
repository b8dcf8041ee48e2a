"""A pause: somebody on a list wants nothing of it until a day, and stays on it.

    pausing.pause(session, subscription, until=date, by=by, now=now)
    pausing.resume(session, subscription, by=by, now=now)

It holds at once, also for mail already planned: the audience is asked again before each message. Nothing
needs to happen when it ends. Mail of the system, such as a confirmation, is not affected.
"""

import datetime as dt

from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.errors import PauseInvalid
from subscribers.models import Subscription

# Who wants to hear nothing for longer would have forgotten us, and takes the next issue for spam.
LONGEST = dt.timedelta(days=366)


def pause(session: Session, subscription: Subscription, *, until: dt.date, by: Actor, now: dt.datetime) -> None:
    """Send nothing of the list to its reader before that day begins (in UTC).

    Raises:
        PauseInvalid: the day is not after today, or over a year away; nothing is changed.
    """
    by.require(CHANGE_OWN_CHOICES)
    check(until, now=now)
    subscription.paused_until = dt.datetime.combine(until, dt.time(), dt.UTC)
    subject = f"subscription:{subscription.id}"
    audit.record(session, "subscription.pause", subject, by=by, now=now, until=until.isoformat())


def resume(session: Session, subscription: Subscription, *, by: Actor, now: dt.datetime) -> None:
    """End a pause; where there is none, nothing is changed."""
    by.require(CHANGE_OWN_CHOICES)
    if subscription.paused_until is None:
        return
    subscription.paused_until = None
    audit.record(session, "subscription.resume", f"subscription:{subscription.id}", by=by, now=now)


def check(until: dt.date, *, now: dt.datetime) -> None:
    """Refuse a day until which nobody can pause.

    Raises:
        PauseInvalid: it is not after today, or over a year away.
    """
    if not now.date() < until <= now.date() + LONGEST:
        raise PauseInvalid(until)


def paused_until(subscription: Subscription, *, now: dt.datetime) -> dt.date | None:
    """The day from which mail goes out again; None where no pause holds now."""
    until = subscription.paused_until
    return until.date() if until is not None and until > now else None

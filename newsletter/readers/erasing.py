"""Erasing a person."""

import datetime as dt

from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.models import Subscriber
from subscribers.secret import Secret


def erase(session: Session, subscriber_id: int, *, secret: Secret, by: Actor, now: dt.datetime) -> None:
    """Erase what is kept of a person."""
    del secret
    by.require(CHANGE_OWN_CHOICES)
    subscriber = session.get_one(Subscriber, subscriber_id)
    subscriber.erased_at = now
    subscriber.address = subscriber.address_key = f"erased-{subscriber_id}"
    audit.record(session, "subscriber.erase", f"subscriber:{subscriber_id}", by=by, now=now)

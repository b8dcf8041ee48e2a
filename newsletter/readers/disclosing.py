"""Telling a person everything that is kept of them."""

import datetime as dt

from sqlalchemy.orm import Session

from subscribers import exporting
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.models import Subscriber


def disclose(session: Session, subscriber_id: int, *, by: Actor, now: dt.datetime) -> dict[str, object]:
    """Everything that is kept of a person, as JSON values."""
    del now, by
    address = session.get_one(Subscriber, subscriber_id).address
    return exporting.show(session, EmailAddress.parse(address), by=Actor.worker())

"""Telling a person everything that is kept of them.

with app.writing() as session:
    found = disclosing.disclose(session, subscriber.id, by=by, now=app.now())
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.readers.holding import holders_of
from subscribers import forgetting
from subscribers.actor import Actor


def disclose(session: Session, subscriber_id: int, *, by: Actor, now: dt.datetime) -> dict[str, object]:
    """Everything that is kept of a person, as JSON values: `made_at`, and a list for each holder, by its name.

    That it was told is noted, so the session must be one that writes.

    Raises:
        NotPermitted: the actor may neither manage people nor is the reader.
        PersonGone: there is no such person, or they were erased.
    """
    return forgetting.disclose(session, subscriber_id, holders=holders_of(session), by=by, now=now)

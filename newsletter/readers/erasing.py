"""Erasing a person: what is known of them is gone for good; that they are not to be mailed stays, as a keyed hash.

    with app.writing() as session:
        erasing.erase(session, subscriber.id, secret=app.secret, by=by, now=app.now())

The person's row stays, empty, so that the consent chain verifies and the ledger adds up. Every subscription ends,
and the suppression `erased` keeps imports from bringing the person back; a fresh double opt-in of their own lifts it.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.database import FREED
from newsletter.readers.holding import holders_of
from subscribers import forgetting
from subscribers.actor import Actor
from subscribers.secret import Secret


def erase(session: Session, subscriber_id: int, *, secret: Secret, by: Actor, now: dt.datetime) -> None:
    """Erase everything that is kept of a person, in the tables and in the files of the home; once more changes nothing.

    A reader may erase only themselves: who calls with a reader has seen a fresh link to the reader's own address. What
    the database has freed is overwritten when the session commits.

    Raises:
        NotPermitted: the actor may neither manage people nor is the reader.
        PersonGone: there is no such person.
    """
    session.info[FREED] = True
    forgetting.erase(session, subscriber_id, holders=holders_of(session), secret=secret, by=by, now=now)

"""Suppressions as CSV: hashes, which only an installation with the same secret can use.

with database.writing() as session:
    suppressing.begin(session, by=by, now=now)
with database.reading() as session:
    for line in suppressing.lines(session, secret=secret, by=by): …
"""

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audit, suppression
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.models import Suppression
from subscribers.secret import Secret
from subscribers.spreadsheet import defused, written
from subscribers.suppressing.columns import AT, HASH, KEY_ID, NOTE, REASON

COLUMNS = (HASH, REASON, AT, NOTE, KEY_ID)
PAGE = 5_000


def begin(session: Session, *, by: Actor, now: dt.datetime) -> None:
    """Note in the audit log that the suppressions are taken out."""
    by.require(MANAGE_PEOPLE)
    audit.record(session, "suppression.export", "suppressions", by=by, now=now)


def lines(session: Session, *, secret: Secret, by: Actor) -> Iterator[str]:
    """All suppressions as CSV with commas, line by line, the oldest first, with a header of `COLUMNS`.

    `key_id` tells which secret the hashes were made with, without telling anything of it. No cell is run
    by a spreadsheet as a formula.
    """
    by.require(MANAGE_PEOPLE)
    return written(_rows(session, suppression.key_id(secret)))


def _rows(session: Session, key_id: str) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    wanted = select(Suppression.address_hash, Suppression.reason, Suppression.at, Suppression.note)
    for address_hash, reason, at, note in session.execute(
        wanted.order_by(Suppression.id).execution_options(yield_per=PAGE)
    ):
        yield address_hash, reason, at.isoformat(), defused(note), key_id

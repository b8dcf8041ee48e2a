"""Sealing all consent chains: once a day by the engine, or by hand.

    sealing.seal_daily(database, secret=secret, by=Actor.worker(), now=now)

What grew is read from one snapshot while readers go on signing up; each piece of it is written in a
short transaction of its own. Where two machines seal at once, one of them does.
"""

import datetime as dt
from dataclasses import dataclass

from newsletter.database import Database
from subscribers.actor import Actor
from subscribers.consent import sealing
from subscribers.consent.sealing import SealOvertaken
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest seal: its number, its digest to be kept outside, and how much all seals hold."""

    number: int
    at: dt.datetime
    digest: str
    records: int
    chains: int


def seal_daily(database: Database, *, secret: Secret, by: Actor, now: dt.datetime) -> Sealed | None:
    """Seal what grew, unless there is a seal of this day (in UTC) already; then None."""
    with database.reading() as session:
        newest = sealing.last(session)
    if newest is not None and newest.at.date() == now.date():
        return None
    return seal(database, secret=secret, by=by, now=now)


def seal(database: Database, *, secret: Secret, by: Actor, now: dt.datetime) -> Sealed | None:
    """Seal what grew since the last seal; None where somebody else was doing so at this very moment."""
    made = None
    with database.reading() as snapshot:
        for piece in sealing.unsealed(snapshot):
            try:
                with database.writing() as session:
                    made = sealing.seal(session, piece, secret=secret, by=by, now=now)
            except SealOvertaken:
                return None
    return Sealed(made.number, made.at, made.digest, made.records, made.chains) if made else None

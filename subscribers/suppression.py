"""Addresses that are not mailed, known only by a keyed hash.

    suppression.add(session, address, SuppressionReason.BOUNCED, secret=secret, by=by, now=now)

The hash needs the installation's secret, so a stolen table tells nobody's address and SQL cannot
compute it. Each subscriber therefore carries the hash of the own address (`suppression_key`), and
the audience joins the two.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.address import EmailAddress
from subscribers.errors import OnlyTheReaders
from subscribers.models import Suppression, SuppressionReason
from subscribers.secret import Secret

# What staff may judge. The other reasons are the reader's own word.
LIFTED_BY_STAFF = frozenset({SuppressionReason.BOUNCED, SuppressionReason.BLOCKED})
_LOOK_UP = 500  # keys in one statement; SQLite takes 32,766 values at most


def hashing_key(secret: Secret) -> bytes:
    """The key of `key_of`, for who hashes many addresses."""
    return secret.derive("suppression")


def key_id(secret: Secret) -> str:
    """Tell hashes of two secrets apart without showing either: 8 hexadecimal digits."""
    return hashlib.sha256(hashing_key(secret)).hexdigest()[:8]


def key_of(address_key: str, *, key: bytes) -> str:
    """Hash a normalised address: 64 hexadecimal digits."""
    return hmac.digest(key, address_key.encode(), hashlib.sha256).hex()


def add(
    session: Session,
    address: EmailAddress,
    reason: SuppressionReason,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    note: str = "",
) -> None:
    """Stop all mail to an address; a second time for the same reason changes nothing."""
    by.require(MANAGE_PEOPLE)
    add_hash(session, key_of(address.key, key=hashing_key(secret)), reason, by=by, now=now, note=note)


def add_hash(
    session: Session, address_hash: str, reason: SuppressionReason, *, by: Actor, now: dt.datetime, note: str = ""
) -> None:
    """Add by the hash alone, inside a use-case that has checked who may."""
    row = Suppression(address_hash=address_hash, reason=reason.value, at=now, note=note)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return
    audit.record(session, "suppression.add", f"suppression:{row.id}", by=by, now=now, reason=reason.value)


def lift(
    session: Session,
    address: EmailAddress,
    *,
    reasons: Iterable[SuppressionReason],
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    because: str = "",
) -> frozenset[SuppressionReason]:
    """Let an address be mailed again as far as these reasons go; tell those that had held.

    Raises:
        OnlyTheReaders: one of them is the reader's own to lift, and nobody said `because` of what mistake it was set.
    """
    by.require(MANAGE_PEOPLE)
    wanted = frozenset(reasons)
    theirs = sorted(wanted - LIFTED_BY_STAFF)
    if theirs and not because.strip():
        raise OnlyTheReaders(theirs[0].value)
    hashed = key_of(address.key, key=hashing_key(secret))
    lifted = lift_hash(session, hashed, reasons=wanted, by=by, now=now)
    if lifted & frozenset(theirs):
        details = {"reasons": sorted(lifted), "because": because.strip()}
        audit.record(session, "suppression.set_by_mistake", "suppressions", by=by, now=now, **details)
    return lifted


def lift_hash(
    session: Session,
    address_hash: str,
    *,
    reasons: Iterable[SuppressionReason],
    by: Actor,
    now: dt.datetime,
    set_before: dt.datetime | None = None,
) -> frozenset[SuppressionReason]:
    """Lift by the hash alone, inside a use-case that has checked who may; younger ones than `set_before` stay."""
    held = select(Suppression).where(
        Suppression.address_hash == address_hash, Suppression.reason.in_([reason.value for reason in reasons])
    )
    if set_before is not None:
        held = held.where(Suppression.at <= set_before)
    rows = session.scalars(held).all()
    for row in rows:
        session.delete(row)
        audit.record(session, "suppression.lift", f"suppression:{row.id}", by=by, now=now, reason=row.reason)
    session.flush()
    return frozenset(SuppressionReason(row.reason) for row in rows)


def held(session: Session, address: EmailAddress, *, secret: Secret) -> tuple[Suppression, ...]:
    """What stands against mailing an address, the oldest first."""
    hashed = key_of(address.key, key=hashing_key(secret))
    rows = select(Suppression).where(Suppression.address_hash == hashed).order_by(Suppression.at, Suppression.id)
    return tuple(session.scalars(rows))


def newest(session: Session, *, reason: SuppressionReason | None = None, most: int) -> tuple[Suppression, ...]:
    """The suppressions set last, for one reason or for all."""
    rows = select(Suppression).order_by(Suppression.id.desc()).limit(most)
    if reason is not None:
        rows = rows.where(Suppression.reason == reason.value)
    return tuple(session.scalars(rows))


def counts(session: Session) -> dict[str, int]:
    """How many addresses are suppressed: a number for each `SuppressionReason` value, also 0."""
    counted = session.execute(select(Suppression.reason, func.count()).group_by(Suppression.reason))
    return {reason.value: 0 for reason in SuppressionReason} | dict(counted.all())


def as_json(row: Suppression) -> dict[str, str]:
    """A suppression as `suppression list --json` tells it; the time is UTC in ISO 8601."""
    return {"address_hash": row.address_hash, "reason": row.reason, "at": row.at.isoformat(), "note": row.note}


def is_suppressed(session: Session, address: EmailAddress, *, secret: Secret) -> bool:
    """Tell whether any reason holds against mailing the address."""
    return bool(reasons_of(session, key_of(address.key, key=hashing_key(secret))))


def reasons_of(session: Session, address_hash: str) -> frozenset[SuppressionReason]:
    """All reasons that hold against an address, given by its `suppression_key`."""
    rows = session.scalars(select(Suppression.reason).where(Suppression.address_hash == address_hash))
    return frozenset(SuppressionReason(reason) for reason in rows)


def suppressed_among(session: Session, hashes: Iterable[str]) -> frozenset[str]:
    """Those of many `suppression_key`s that are suppressed for any reason."""
    wanted = list(hashes)
    found: set[str] = set()
    for start in range(0, len(wanted), _LOOK_UP):
        part = wanted[start : start + _LOOK_UP]
        found.update(session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(part))))
    return frozenset(found)

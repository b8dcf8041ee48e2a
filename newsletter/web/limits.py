"""How often somebody may ask: limits on visitors, addresses and lists, kept in the database.

    if not limits.take(session, PER_VISITOR, who=ip, secret=app.secret, now=now):
        return too_often

The generic cell rate algorithm: each act moves the moment at which one is even again by one
interval; an act is refused when that moment would lie further ahead than the burst allows. Reading,
deciding and writing are one SQL statement, so two processes cannot both take the last place.

Source: ITU-T I.371, annex A; https://brandur.org/rate-limiting.
"""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import case, delete, select
from sqlalchemy.orm import Session

from newsletter.web.models import Rate
from subscribers.orm import upsert
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class Limit:
    """So many acts at once, and then one each interval."""

    name: str
    burst: int
    interval: dt.timedelta


# An office behind one address signs up its staff in a lunch break; a script is through in seconds.
PER_VISITOR = Limit("visitor", burst=20, interval=dt.timedelta(minutes=1))
# Somebody may want a few lists at once, and who waits for a mail of their own gets it within the hour. Whoever types
# the address of another all day long causes 29 mails; one in 20 minutes would be 77, a mailbox nobody wants to open.
PER_ADDRESS = Limit("address", burst=5, interval=dt.timedelta(hours=1))


def per_list(*, at_once: int, a_minute: int) -> Limit:
    """What a list takes from everybody together: a flood out of thousands of homes looks harmless from each."""
    return Limit("list", burst=at_once, interval=dt.timedelta(minutes=1) / a_minute)


def take(session: Session, limit: Limit, *, who: str, secret: Secret, now: dt.datetime) -> bool:
    """Count one act of `who`, or tell by False that it is one too many; then nothing is counted."""
    now_us = _microseconds(now - _EPOCH)
    interval_us = _microseconds(limit.interval)
    # Rows that another visit is about to delete are left to it; waiting for each other might never end.
    past = select(Rate.key).where(Rate.even_at < now_us).with_for_update(skip_locked=True)
    session.execute(delete(Rate).where(Rate.key.in_(past)).execution_options(synchronize_session=False))
    even_at = case((Rate.even_at > now_us, Rate.even_at), else_=now_us) + interval_us
    statement = (
        upsert(session, Rate)
        .values(key=_key(limit, who, secret), even_at=now_us + interval_us)
        .on_conflict_do_update(
            index_elements=[Rate.key],
            set_={"even_at": even_at},
            where=even_at <= now_us + limit.burst * interval_us,
        )
        .returning(Rate.even_at)
    )
    return session.execute(statement).first() is not None


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _microseconds(duration: dt.timedelta) -> int:
    return duration // dt.timedelta(microseconds=1)


def _key(limit: Limit, who: str, secret: Secret) -> str:
    return hmac.new(secret.derive(f"rate-limit-{limit.name}"), who.encode(), hashlib.sha256).hexdigest()

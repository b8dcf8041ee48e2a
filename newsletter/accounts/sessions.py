"""Sessions: somebody signed in, on one device.

    token = sessions.begin(session, user, device=device, now=now)  # goes into a cookie, and nowhere else
    found = sessions.find(session, token, now=now)

The token is 256 random bits; the database knows its hash alone, so who reads the database is not signed in. Each
sign-in makes a new one, and a new password gives another one to the session in which it was chosen. A session ends
after `IDLE` without a request that somebody made (a page that asks by itself is nobody), after `LONGEST` in any case,
when its owner ends it or signs out, when the password changes elsewhere, and when the owner is deactivated.
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from newsletter.accounts.models import StaffSession, StaffUser

IDLE = dt.timedelta(hours=8)  # a working day without a lunch break that signs one out
LONGEST = dt.timedelta(days=7)
FRESH = dt.timedelta(minutes=15)  # how long a proof counts for changing credentials and roles
SEEN_EVERY = dt.timedelta(minutes=5)  # so that reading a page seldom writes
USER_AGENT_LIMIT = 300
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody signs in from: what the browser calls itself, the network of its address, and its old session."""

    user_agent: str
    ip: str
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A session that counts, and whose it is."""

    id: int
    user_id: int
    created_at: dt.datetime
    seen_at: dt.datetime
    proven_at: dt.datetime
    user_agent: str
    ip: str

    def is_fresh(self, now: dt.datetime) -> bool:
        """Tell whether the person proved who they are a short while ago."""
        return now - self.proven_at < FRESH

    def is_stale(self, now: dt.datetime) -> bool:
        """Tell whether it is time to note again that it is used."""
        return now - self.seen_at >= SEEN_EVERY


def begin(session: Session, user: StaffUser, *, device: Device, now: dt.datetime) -> str:
    """Sign somebody in, and give the token; sessions that are over are forgotten."""
    over = or_(
        StaffSession.seen_at <= now - IDLE,
        StaffSession.created_at <= now - LONGEST,
        StaffSession.digest == digest_of(device.replaces),
    )
    session.execute(delete(StaffSession).where(over))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(
        StaffSession(
            user_id=user.id,
            digest=digest_of(token),
            created_at=now,
            seen_at=now,
            proven_at=now,
            user_agent=device.user_agent[:USER_AGENT_LIMIT],
            ip=device.ip,
        )
    )
    user.signed_in_at = now
    session.flush()
    return token


def find(session: Session, token: str, *, now: dt.datetime) -> Signed | None:
    """The session of a token, as long as it counts and its owner is active."""
    found = session.scalar(
        select(StaffSession)
        .join(StaffUser, StaffUser.id == StaffSession.user_id)
        .where(StaffSession.digest == digest_of(token), StaffUser.active, *_counting(now))
    )
    return None if found is None else _signed(found)


def of(session: Session, user_id: int, *, now: dt.datetime) -> tuple[Signed, ...]:
    """Somebody's sessions that count, the one used last first."""
    rows = select(StaffSession).where(StaffSession.user_id == user_id, *_counting(now))
    return tuple(_signed(row) for row in session.scalars(rows.order_by(StaffSession.seen_at.desc(), StaffSession.id)))


def seen(session: Session, session_id: int, *, now: dt.datetime) -> None:
    """Note that a session is used."""
    found = session.get(StaffSession, session_id)
    if found is not None:
        found.seen_at = now


def proven(session: Session, session_id: int, *, now: dt.datetime) -> None:
    """Note that the person proved again who they are."""
    found = session.get(StaffSession, session_id)
    if found is not None:
        found.seen_at = found.proven_at = now


def renewed(session: Session, session_id: int) -> str:
    """Give a session another token; whoever has the old one is not signed in by it any more."""
    token, found = secrets.token_urlsafe(_TOKEN_BYTES), session.get(StaffSession, session_id)
    if found is not None:
        found.digest = digest_of(token)
    return token


def end(session: Session, session_id: int, *, user_id: int) -> bool:
    """End one of somebody's sessions; False where they have no such."""
    mine = StaffSession.id == session_id, StaffSession.user_id == user_id
    return session.execute(delete(StaffSession).where(*mine).returning(StaffSession.id)).first() is not None


def end_all(session: Session, user_id: int, *, but: int | None = None) -> int:
    """End all of somebody's sessions, but perhaps the one they sit at; gives how many."""
    others = [StaffSession.user_id == user_id]
    if but is not None:
        others.append(StaffSession.id != but)
    return len(session.execute(delete(StaffSession).where(*others).returning(StaffSession.id)).all())


def digest_of(token: str) -> str:
    """What is kept of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _counting(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return StaffSession.seen_at > now - IDLE, StaffSession.created_at > now - LONGEST


def _signed(row: StaffSession) -> Signed:
    return Signed(row.id, row.user_id, row.created_at, row.seen_at, row.proven_at, row.user_agent, row.ip)

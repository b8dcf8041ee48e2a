"""What lies between two requests of one browser: a second factor that is due, a challenge that waits for its answer.

    token = ceremonies.begin(session, Kind.SECOND_FACTOR, user_id=7, facts={}, now=now)  # into a cookie
    found = ceremonies.find(session, token, Kind.SECOND_FACTOR, now=now)
    ceremonies.finish(session, token, Kind.SECOND_FACTOR, now=now)

Each counts for a few minutes and is finished once, by one statement, so no answer can be played twice. The token is
random; the database keeps its hash.
"""

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter.accounts.models import StaffCeremony
from newsletter.accounts.sessions import digest_of

LIFETIME = dt.timedelta(minutes=10)
_TOKEN_BYTES = 32


class Kind(StrEnum):
    """What is under way."""

    SECOND_FACTOR = "second factor"  # the password was right
    CODE_GENERATOR = "code generator"  # its secret was shown, its first code is due
    PASSKEY_NEW = "new passkey"
    PASSKEY_SIGN_IN = "passkey sign-in"
    PASSKEY_AGAIN = "passkey again"
    PROVIDER = "provider"  # somebody was sent to the OpenID provider


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One that still counts."""

    user_id: int | None
    facts: Mapping[str, Any]


def begin(session: Session, kind: Kind, *, user_id: int | None, facts: Mapping[str, object], now: dt.datetime) -> str:
    """Begin one and give its token; those that are over are forgotten."""
    session.execute(delete(StaffCeremony).where(StaffCeremony.expires_at <= now))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(
        StaffCeremony(
            digest=digest_of(token), kind=kind.value, user_id=user_id, facts=dict(facts), expires_at=now + LIFETIME
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, kind: Kind, *, now: dt.datetime) -> Ceremony | None:
    """The one of a token, as long as it counts."""
    found = session.scalar(select(StaffCeremony).where(*_that(token, kind, now)))
    return None if found is None else Ceremony(found.user_id, found.facts)


def note(session: Session, token: str, kind: Kind, *, facts: Mapping[str, object], now: dt.datetime) -> None:
    """Give the one of a token, if it counts, other facts."""
    session.execute(update(StaffCeremony).where(*_that(token, kind, now)).values(facts=dict(facts)))


def finish(session: Session, token: str, kind: Kind, *, now: dt.datetime) -> Ceremony | None:
    """Take the one of a token; None where it does not count, or somebody was faster."""
    taken = delete(StaffCeremony).where(*_that(token, kind, now)).returning(StaffCeremony.user_id, StaffCeremony.facts)
    found = session.execute(taken).first()
    return None if found is None else Ceremony(found.user_id, found.facts)


def _that(token: str, kind: Kind, now: dt.datetime) -> tuple[Any, ...]:
    return StaffCeremony.digest == digest_of(token), StaffCeremony.kind == kind.value, StaffCeremony.expires_at > now

"""Signing in: by password, and then by a second factor where there is one.

    asked = signing_in.known(session, "ana@example.org")
    if passwords.fits(asked.password_hash, typed):  # outside of any transaction: it takes a while
        step = signing_in.with_password(session, asked, device=device, now=now)

Whether an address is known shows neither in the words nor in the time: an unknown one is compared with a password that
nobody has, and a refusal writes one row, whoever it was.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.accounts import ceremonies, sessions
from newsletter.accounts.ceremonies import Kind
from newsletter.accounts.models import StaffPasskey, StaffUser
from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.accounts.sessions import Device
from newsletter.accounts.staff import by_key
from subscribers import audit
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.errors import AddressInvalid
from subscribers.orm import current

NOBODY = "staff:unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom an address belongs to, and what their password is kept as; empty for nobody."""

    user_id: int | None = None
    password_hash: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Done: the token of the new session."""

    token: str


@dataclass(frozen=True, slots=True)
class SecondFactorDue:
    """The password was right: the token of what is left to do."""

    token: str


def key_of(address: str) -> str:
    """The one form of all spellings of an address that somebody typed, also of what is none."""
    try:
        return EmailAddress.parse(address).key
    except AddressInvalid:
        return address.casefold()


def known(session: Session, address: str) -> Asked:
    """Look an address up that somebody typed; nobody has what is none."""
    try:
        user = by_key(session, EmailAddress.parse(address).key)
    except AddressInvalid:
        return Asked()
    return Asked(user.id, user.password_hash) if user is not None and user.active else Asked()


def with_password(
    session: Session, asked: Asked, *, device: Device, new_hash: str | None, now: dt.datetime
) -> SignedIn | SecondFactorDue | None:
    """Go on after the password fitted; None where it has changed meanwhile. `new_hash` replaces an outdated one."""
    user = None if asked.user_id is None else current(session, StaffUser, asked.user_id)
    if user is None or not user.active or not asked.password_hash or user.password_hash != asked.password_hash:
        return None
    if new_hash:
        user.password_hash = new_hash
    if has_second_factor(session, user):
        return SecondFactorDue(ceremonies.begin(session, Kind.SECOND_FACTOR, user_id=user.id, facts={}, now=now))
    return complete(session, user, device=device, way="password", now=now)


def complete(session: Session, user: StaffUser, *, device: Device, way: str, now: dt.datetime) -> SignedIn:
    """Sign in somebody who has proven who they are; `way` says how, for the audit log."""
    token = sessions.begin(session, user, device=device, now=now)
    audit.record(session, "staff.sign-in", f"staff:{user.id}", by=oneself(user), now=now, way=way)
    return SignedIn(token)


def refuse(session: Session, user_id: int | None, *, way: str, now: dt.datetime) -> None:
    """Note that somebody did not prove who they are; an address that was typed is not kept."""
    subject = NOBODY if user_id is None else f"staff:{user_id}"
    audit.record(session, "staff.sign-in-refused", subject, by=Actor.reader(None), now=now, way=way)


def sign_out(session: Session, user: StaffUser, *, session_id: int, now: dt.datetime) -> None:
    """End the session that somebody sits at."""
    if sessions.end(session, session_id, user_id=user.id):
        audit.record(session, "staff.sign-out", f"staff:{user.id}", by=oneself(user), now=now)


def has_second_factor(session: Session, user: StaffUser) -> bool:
    """Tell whether a password alone does not do."""
    if user.totp_sealed is not None:
        return True
    passkeys = select(func.count()).select_from(StaffPasskey).where(StaffPasskey.user_id == user.id)
    return bool(session.scalar(passkeys))


def oneself(user: StaffUser) -> Actor:
    """Somebody acting on their own account alone."""
    return Actor(ActorKind.STAFF, user.address, frozenset({OWN_ACCOUNT}))

"""Staff users: the first one, finding one, and who they are when they act.

user = staff.create_first(session, address, by=Actor.command_line(), now=now)
by = staff.actor_of(session, "ana@example.org", publication_id=7)
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from newsletter.accounts.errors import StaffExists, StaffUserNotFound
from newsletter.accounts.models import StaffGrant, StaffPasskey, StaffUser
from newsletter.accounts.roles import INSTALLATION, MANAGE_STAFF, Grant, Role, permissions_of, roles_with
from subscribers import audit
from subscribers.actor import Actor, ActorKind, Permission
from subscribers.address import EmailAddress
from subscribers.orm import current


@dataclass(frozen=True, slots=True)
class Member:
    """A staff user as others see them. `state` is `invited`, `active` or `deactivated`."""

    id: int
    address: str
    name: str
    language: str
    state: str
    grants: tuple[Grant, ...]
    has_password: bool
    has_code_generator: bool
    passkeys: int
    signed_in_at: dt.datetime | None

    @property
    def shown(self) -> str:
        """The name, or else the address."""
        return self.name or self.address

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone does not sign them in."""
        return self.has_code_generator or self.passkeys > 0


def create_first(
    session: Session, address: EmailAddress, *, by: Actor, now: dt.datetime, language: str = "de"
) -> StaffUser:
    """Make the first staff user, an admin of all publications. The same address again changes nothing.

    Raises:
        StaffExists: there is a staff user, and it has another address.
    """
    by.require(MANAGE_STAFF)
    known = by_key(session, address.key)
    if known:
        return known
    if session.scalar(select(func.count()).select_from(StaffUser)):
        raise StaffExists(address.address)
    user = StaffUser(address=address.address, address_key=address.key, language=language, active=True, created_at=now)
    session.add(user)
    session.flush()
    session.add(StaffGrant(user_id=user.id, publication_id=None, role=Role.ADMIN.value))
    session.flush()
    audit.record(session, "staff.create", f"staff:{user.id}", by=by, now=now, role=Role.ADMIN.value)
    return user


def actor_of(session: Session, address: str, *, publication_id: int | None = None) -> Actor:
    """The actor a staff user is, on a publication or, with None, on the whole installation.

    Raises:
        AddressInvalid: the text is no address.
        StaffUserNotFound: nobody active has it.
    """
    user = by_key(session, EmailAddress.parse(address).key)
    if user is None or not user.active:
        raise StaffUserNotFound(address)
    return actor_for(user.address, grants_of(session, user.id), publication_id=publication_id)


def actor_for(address: str, grants: Sequence[Grant], *, publication_id: int | None) -> Actor:
    """The actor somebody with these grants is."""
    return Actor(ActorKind.STAFF, address, permissions_of(grants, publication_id=publication_id))


def who_may(session: Session, permission: Permission, *, publication_id: int | None = None) -> tuple[StaffUser, ...]:
    """The active staff users with a permission on a publication, or with None on any; the oldest first."""
    held: list[ColumnElement[bool]] = [StaffGrant.publication_id.is_(None)]
    if permission not in INSTALLATION:
        held.append(StaffGrant.publication_id == publication_id if publication_id else StaffGrant.id.is_not(None))
    roles = [role.value for role in roles_with(permission)]
    holders = select(StaffGrant.user_id).where(StaffGrant.role.in_(roles), or_(*held))
    found = select(StaffUser).where(StaffUser.active, StaffUser.id.in_(holders)).order_by(StaffUser.id)
    return tuple(session.scalars(found))


def one(session: Session, user_id: int) -> StaffUser:
    """The staff user of a number; locked, where the session may write.

    Raises:
        StaffUserNotFound: there is none.
    """
    found = current(session, StaffUser, user_id)
    if found is None:
        raise StaffUserNotFound(str(user_id))
    return found


def by_key(session: Session, key: str) -> StaffUser | None:
    """The staff user with a normalised address, active or not."""
    return session.scalar(select(StaffUser).where(StaffUser.address_key == key))


def grants_of(session: Session, user_id: int) -> tuple[Grant, ...]:
    """What somebody was granted: what holds everywhere first, then by publication."""
    return _grants(session, user_id).get(user_id, ())


def every(session: Session) -> tuple[Member, ...]:
    """All staff users, by name and address."""
    users = session.scalars(select(StaffUser)).all()
    passkeys = Counter(session.scalars(select(StaffPasskey.user_id)))
    grants = _grants(session)
    members = [_member(user, grants.get(user.id, ()), passkeys[user.id]) for user in users]
    return tuple(sorted(members, key=lambda each: (each.shown.casefold(), each.id)))


def member(session: Session, user_id: int) -> Member | None:
    """One staff user."""
    user = session.get(StaffUser, user_id)
    if user is None:
        return None
    counted = select(func.count()).select_from(StaffPasskey).where(StaffPasskey.user_id == user_id)
    return _member(user, grants_of(session, user_id), session.scalar(counted) or 0)


def _member(user: StaffUser, grants: tuple[Grant, ...], passkeys: int) -> Member:
    return Member(
        id=user.id,
        address=user.address,
        name=user.name,
        language=user.language,
        state="deactivated" if not user.active else "active" if user.accepted_at else "invited",
        grants=grants,
        has_password=bool(user.password_hash),
        has_code_generator=user.totp_sealed is not None,
        passkeys=passkeys,
        signed_in_at=user.signed_in_at,
    )


def _grants(session: Session, user_id: int | None = None) -> dict[int, tuple[Grant, ...]]:
    rows = select(StaffGrant).order_by(StaffGrant.publication_id, StaffGrant.id)
    if user_id is not None:
        rows = rows.where(StaffGrant.user_id == user_id)
    found: dict[int, tuple[Grant, ...]] = {}
    for row in session.scalars(rows):
        found[row.user_id] = (*found.get(row.user_id, ()), Grant(Role(row.role), row.publication_id))
    # NULLs are sorted first by one database and last by the other.
    return {user: tuple(sorted(grants, key=lambda each: each.publication_id or 0)) for user, grants in found.items()}

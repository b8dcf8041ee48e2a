"""Staff users: the first one, and finding one to act as.

user = staff.create_first(session, address, by=Actor.command_line(), now=now)
by = staff.actor_of(session, "ana@example.org")
"""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.accounts.models import StaffUser
from newsletter.accounts.roles import MANAGE_STAFF, PERMISSIONS, Role
from newsletter.errors import NewsletterError
from subscribers import audit
from subscribers.actor import Actor, ActorKind, Permission
from subscribers.address import EmailAddress


class StaffUserNotFound(NewsletterError):
    """No active staff user has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"There is no active staff user “{address}”. `newsletter init --admin …` makes the first one.")
        self.address = address


class StaffExists(NewsletterError):
    """The first staff user was made already, with another address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"There are staff users already; {address} was not added.")
        self.address = address


def create_first(
    session: Session, address: EmailAddress, *, by: Actor, now: dt.datetime, language: str = "de"
) -> StaffUser:
    """Make the first staff user, an admin. The same address again changes nothing.

    Raises:
        StaffExists: there is a staff user, and it has another address.
    """
    by.require(MANAGE_STAFF)
    known = _by_key(session, address.key)
    if known:
        return known
    if session.scalar(select(func.count()).select_from(StaffUser)):
        raise StaffExists(address.address)
    user = StaffUser(
        address=address.address,
        address_key=address.key,
        role=Role.ADMIN.value,
        language=language,
        active=True,
        created_at=now,
    )
    session.add(user)
    session.flush()
    audit.record(session, "staff.create", f"staff:{user.id}", by=by, now=now, role=user.role)
    return user


def actor_of(session: Session, address: str) -> Actor:
    """The actor a staff user is.

    Raises:
        AddressInvalid: the text is no address.
        StaffUserNotFound: nobody active has it.
    """
    user = _by_key(session, EmailAddress.parse(address).key)
    if user is None or not user.active:
        raise StaffUserNotFound(address)
    return Actor(ActorKind.STAFF, user.address, PERMISSIONS[Role(user.role)])


def who_may(session: Session, permission: Permission) -> tuple[StaffUser, ...]:
    """The active staff users with a permission, the oldest first."""
    roles = [role.value for role, permissions in PERMISSIONS.items() if permission in permissions]
    found = select(StaffUser).where(StaffUser.active, StaffUser.role.in_(roles)).order_by(StaffUser.id)
    return tuple(session.scalars(found))


def _by_key(session: Session, key: str) -> StaffUser | None:
    return session.scalar(select(StaffUser).where(StaffUser.address_key == key))

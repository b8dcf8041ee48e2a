"""What an admin does to others: invite, give and take roles, deactivate, help out who is locked out.

    link = managing.invite(session, address, grants=(Grant(Role.EDITOR, publication.id),), …, by=by, now=now)
    managing.set_grants(session, user, (Grant(Role.APPROVER),), by=by, now=now)

Nobody is deleted: the audit log names them. One active admin of all publications is always left.
"""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.accounts import links, sessions, staff
from newsletter.accounts.errors import AlreadyStaff, LastAdmin, NotOneself
from newsletter.accounts.models import LinkPurpose, StaffGrant, StaffLink, StaffPasskey, StaffRecoveryCode, StaffUser
from newsletter.accounts.naming import clean_name
from newsletter.accounts.roles import MANAGE_STAFF, Grant, Role
from newsletter.mails import account_changed, invitation, new_password
from newsletter.mails.account_changed import Change
from newsletter.rendering.compiled import Mailbox
from subscribers import audit
from subscribers.actor import Actor
from subscribers.address import EmailAddress

_EVERYTHING = Grant(Role.ADMIN)


def invite(
    session: Session,
    address: EmailAddress,
    *,
    name: str,
    language: str,
    grants: Iterable[Grant],
    sender: Mailbox,
    by: Actor,
    now: dt.datetime,
) -> StaffLink:
    """Make a staff user and mail them a link by which they choose how to sign in.

    Raises:
        AlreadyStaff: there is one with this address; nothing is changed.
        NameInvalid: the name is too long or has several lines.
    """
    by.require(MANAGE_STAFF)
    user = StaffUser(
        address=address.address,
        address_key=address.key,
        name=clean_name(name),
        language=language,
        active=True,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise AlreadyStaff(address.address) from None
    _replace_grants(session, user, frozenset(grants))
    audit.record(session, "staff.invite", f"staff:{user.id}", by=by, now=now, roles=_told(grants))
    return _invitation(session, user, sender=sender, by=by, now=now)


def invite_again(session: Session, user: StaffUser, *, sender: Mailbox, by: Actor, now: dt.datetime) -> StaffLink:
    """Mail a new link to somebody who has not come yet; the older one ends.

    Raises:
        AlreadyStaff: they have come, or are not active.
    """
    by.require(MANAGE_STAFF)
    if user.accepted_at is not None or not user.active:
        raise AlreadyStaff(user.address)
    audit.record(session, "staff.invite", f"staff:{user.id}", by=by, now=now)
    return _invitation(session, user, sender=sender, by=by, now=now)


def set_grants(session: Session, user: StaffUser, grants: Iterable[Grant], *, by: Actor, now: dt.datetime) -> None:
    """Let somebody hold exactly these roles; it counts from their next request on.

    Raises:
        LastAdmin: nobody would be left who may do everything.
    """
    by.require(MANAGE_STAFF)
    wanted, held = frozenset(grants), frozenset(staff.grants_of(session, user.id))
    if wanted == held:
        return
    if user.active and _EVERYTHING in held - wanted:
        _require_another_admin(session, user)
    _replace_grants(session, user, wanted)
    audit.record(
        session,
        "staff.role",
        f"staff:{user.id}",
        by=by,
        now=now,
        given=_told(wanted - held),
        taken=_told(held - wanted),
    )


def deactivate(session: Session, user: StaffUser, *, by: Actor, now: dt.datetime) -> None:
    """Let somebody in no longer, from this moment on; what they did keeps their name.

    Raises:
        NotOneself: they are the one who does it.
        LastAdmin: nobody would be left who may do everything.
    """
    by.require(MANAGE_STAFF)
    if by.name == user.address:
        raise NotOneself
    if not user.active:
        return
    if _EVERYTHING in staff.grants_of(session, user.id):
        _require_another_admin(session, user)
    user.active = False
    sessions.end_all(session, user.id)
    links.end(session, user.id, now=now)
    audit.record(session, "staff.deactivate", f"staff:{user.id}", by=by, now=now)


def reactivate(session: Session, user: StaffUser, *, by: Actor, now: dt.datetime) -> None:
    """Let somebody in again, with the roles and ways to sign in that they had."""
    by.require(MANAGE_STAFF)
    if not user.active:
        user.active = True
        audit.record(session, "staff.reactivate", f"staff:{user.id}", by=by, now=now)


def reset_second_factor(session: Session, user: StaffUser, *, sender: Mailbox, by: Actor, now: dt.datetime) -> None:
    """Take away code generator, passkeys, recovery codes and the tie to a provider, for somebody who has lost theirs.

    They are signed out everywhere, and told by mail. The password stays.
    """
    by.require(MANAGE_STAFF)
    user.totp_sealed, user.totp_step, user.oidc_subject = None, 0, ""
    for table in (StaffPasskey, StaffRecoveryCode):
        session.execute(delete(table).where(table.user_id == user.id))
    sessions.end_all(session, user.id)
    audit.record(session, "staff.reset-second-factor", f"staff:{user.id}", by=by, now=now)
    account_changed.send(
        session,
        Change.SECOND_FACTOR_RESET,
        address=user.address,
        language=user.language,
        sender=sender,
        by=by,
        now=now,
    )


def password_link(session: Session, user: StaffUser, *, sender: Mailbox, by: Actor, now: dt.datetime) -> StaffLink:
    """Mail somebody a link by which they choose a new password, or accept their invitation if they never have."""
    by.require(MANAGE_STAFF)
    if user.accepted_at is None:
        return invite_again(session, user, sender=sender, by=by, now=now)
    link = links.make(session, user, LinkPurpose.NEW_PASSWORD, now=now)
    audit.record(session, "staff.password-link", f"staff:{user.id}", by=by, now=now)
    new_password.send(
        session, address=user.address, language=user.language, key=link.key, sender=sender, by=by, now=now
    )
    return link


def first_link(session: Session, user: StaffUser, *, by: Actor, now: dt.datetime) -> StaffLink:
    """Make the link of the first staff user, whom no mail could reach yet: it is printed."""
    by.require(MANAGE_STAFF)
    audit.record(session, "staff.invite", f"staff:{user.id}", by=by, now=now)
    return links.make(session, user, LinkPurpose.INVITATION, now=now)


def _invitation(session: Session, user: StaffUser, *, sender: Mailbox, by: Actor, now: dt.datetime) -> StaffLink:
    link = links.make(session, user, LinkPurpose.INVITATION, now=now)
    invitation.send(session, address=user.address, language=user.language, key=link.key, sender=sender, by=by, now=now)
    return link


def _replace_grants(session: Session, user: StaffUser, wanted: frozenset[Grant]) -> None:
    session.execute(delete(StaffGrant).where(StaffGrant.user_id == user.id))
    ordered = sorted(wanted, key=lambda grant: (grant.publication_id or 0, grant.role))
    session.add_all(
        StaffGrant(user_id=user.id, publication_id=grant.publication_id, role=grant.role.value) for grant in ordered
    )
    session.flush()


def _require_another_admin(session: Session, user: StaffUser) -> None:
    """Two who take the role from each other at the same moment wait for each other here."""
    admins = select(StaffGrant.user_id).where(StaffGrant.role == Role.ADMIN.value, StaffGrant.publication_id.is_(None))
    others = set(session.scalars(admins.order_by(StaffGrant.id).with_for_update())) - {user.id}
    left = select(StaffUser.id).where(StaffUser.id.in_(others), StaffUser.active)
    if user.accepted_at is not None:  # who was only invited cannot stand in for somebody who can sign in
        left = left.where(StaffUser.accepted_at.is_not(None))
    if session.scalars(left).first() is None:
        raise LastAdmin(user.address)


def _told(grants: Iterable[Grant]) -> list[str]:
    """Roles as the audit log keeps them: `editor`, or `editor of publication 7`."""
    places = ((grant.role.value, grant.publication_id) for grant in grants)
    return sorted(role if number is None else f"{role} of publication {number}" for role, number in places)

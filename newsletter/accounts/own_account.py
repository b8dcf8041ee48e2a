"""What somebody does to their own account: come in by an invitation, change name, language and password.

    own_account.accept(session, token, name="Ana Amann", password_hash=hash, …, now=now)
    own_account.set_password(session, user, hash, keep_session=7, sender=sender, by=by, now=now)

Passwords come hashed: that takes a while, and is done before the transaction begins.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.accounts import links, sessions
from newsletter.accounts.errors import LinkOver
from newsletter.accounts.models import LinkPurpose, StaffLink, StaffUser
from newsletter.accounts.naming import clean_name
from newsletter.accounts.roles import OWN_ACCOUNT
from newsletter.i18n import LANGUAGES
from newsletter.mails import account_changed, new_password
from newsletter.mails.account_changed import Change
from newsletter.rendering.compiled import Mailbox
from subscribers import audit
from subscribers.actor import Actor
from subscribers.errors import NotPermitted


def accept(
    session: Session, link: StaffLink, user: StaffUser, *, name: str, password_hash: str, by: Actor, now: dt.datetime
) -> None:
    """Come in by an invitation; `password_hash` is empty for somebody who comes with a passkey or a provider.

    Raises:
        LinkOver: the link is for something else.
        NameInvalid: the name is too long or has several lines.
    """
    require_oneself(user, by=by)
    if link.purpose != LinkPurpose.INVITATION.value:
        raise LinkOver(link.purpose)
    link.used_at = now
    user.name = clean_name(name)
    if password_hash:
        user.password_hash = password_hash
    come(session, user, by=by, now=now)


def come(session: Session, user: StaffUser, *, by: Actor, now: dt.datetime) -> None:
    """Note that somebody has come who was invited; the second time changes nothing."""
    require_oneself(user, by=by)
    if user.accepted_at is None:
        user.accepted_at = now
        links.end(session, user.id, LinkPurpose.INVITATION, now=now)
        audit.record(session, "staff.accept", f"staff:{user.id}", by=by, now=now)


def change_details(session: Session, user: StaffUser, *, name: str, language: str, by: Actor, now: dt.datetime) -> None:
    """Change how somebody is called, and the language of their pages and mails.

    Raises:
        NameInvalid: the name is too long or has several lines.
    """
    require_oneself(user, by=by)
    name = clean_name(name)
    language = language if language in LANGUAGES else user.language
    if (user.name, user.language) != (name, language):
        user.name, user.language = name, language
        audit.record(session, "staff.change", f"staff:{user.id}", by=by, now=now)


def set_password(
    session: Session,
    user: StaffUser,
    password_hash: str,
    *,
    keep_session: int | None,
    sender: Mailbox,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Change the password; all other sessions end, links that wait count no more, and the person is told by mail."""
    require_oneself(user, by=by)
    user.password_hash = password_hash
    sessions.end_all(session, user.id, but=keep_session)
    links.end(session, user.id, now=now)
    audit.record(session, "staff.password", f"staff:{user.id}", by=by, now=now)
    tell(session, user, Change.PASSWORD, sender=sender, by=by, now=now)


def forget_password(session: Session, user: StaffUser, *, sender: Mailbox, by: Actor, now: dt.datetime) -> None:
    """Mail a link for a new password to somebody who has asked for it, whoever that was: only the mailbox has it."""
    require_oneself(user, by=by)
    link = links.make(session, user, LinkPurpose.NEW_PASSWORD, now=now)
    audit.record(session, "staff.password-link", f"staff:{user.id}", by=by, now=now)
    new_password.send(
        session, address=user.address, language=user.language, key=link.key, sender=sender, by=by, now=now
    )


def tell(session: Session, user: StaffUser, change: Change, *, sender: Mailbox, by: Actor, now: dt.datetime) -> None:
    """Tell somebody by mail that a way to sign in to their account has changed."""
    require_oneself(user, by=by)
    account_changed.send(session, change, address=user.address, language=user.language, sender=sender, by=by, now=now)


def require_oneself(user: StaffUser, *, by: Actor) -> None:
    """Go on only where somebody acts on their own account.

    Raises:
        NotPermitted: it is another's.
    """
    by.require(OWN_ACCOUNT)
    if by.name != user.address:
        raise NotPermitted(by.name, OWN_ACCOUNT)

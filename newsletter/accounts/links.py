"""Links that are used once: an invitation, a forgotten password.

    made = links.make(session, user, LinkPurpose.INVITATION, now=now)
    token = tokens.staff_link(secret, made.key)  # into a mail, or onto the terminal of who runs the machine
    found = links.find(session, token, secret=secret, now=now)

Making one ends the older ones of the same purpose. The database knows the key alone; the signature that makes a
token of it needs the installation's secret, so a stolen backup of the database opens nothing.
"""

import datetime as dt
import secrets

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter.accounts.errors import LinkInvalid, LinkOver
from newsletter.accounts.models import LinkPurpose, StaffLink, StaffUser
from subscribers import tokens
from subscribers.errors import TokenInvalid
from subscribers.orm import current
from subscribers.secret import Secret

LIFETIMES = {LinkPurpose.INVITATION: dt.timedelta(days=7), LinkPurpose.NEW_PASSWORD: dt.timedelta(hours=1)}
KEPT = dt.timedelta(days=30)  # so long a page can say that it is over, and what it was
PATH = "/staff/link"
_KEY_BYTES = 16


def make(session: Session, user: StaffUser, purpose: LinkPurpose, *, now: dt.datetime) -> StaffLink:
    """Make one for somebody; those that have been over for long are forgotten."""
    end(session, user.id, purpose, now=now)
    session.execute(delete(StaffLink).where(StaffLink.expires_at < now - KEPT))
    made = StaffLink(
        user_id=user.id,
        key=secrets.token_hex(_KEY_BYTES),
        purpose=purpose.value,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    session.add(made)
    session.flush()
    return made


def find(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> tuple[StaffLink, StaffUser]:
    """The link of a token, and who it is for; both locked, where the session may write.

    Raises:
        LinkInvalid: it was not made here, or is cut.
        LinkOver: it was used, is too old, a newer one was made, or its user is not active.
    """
    try:
        key = tokens.read_staff_link(secret, token)
    except TokenInvalid:
        raise LinkInvalid from None
    link_id = session.scalar(select(StaffLink.id).where(StaffLink.key == key))
    link = None if link_id is None else current(session, StaffLink, link_id)
    if link is None:
        raise LinkInvalid
    user = current(session, StaffUser, link.user_id)
    if user is None or not user.active or link.used_at is not None or link.expires_at <= now:
        raise LinkOver(link.purpose)
    return link, user


def end(session: Session, user_id: int, purpose: LinkPurpose | None = None, *, now: dt.datetime) -> None:
    """Let somebody's links count no more: those of a purpose, or all."""
    theirs = update(StaffLink).where(StaffLink.user_id == user_id, StaffLink.used_at.is_(None)).values(used_at=now)
    session.execute(theirs if purpose is None else theirs.where(StaffLink.purpose == purpose.value))


def url(link: StaffLink, *, secret: Secret, public_url: str) -> str:
    """Where it leads."""
    return f"{public_url}{PATH}/{tokens.staff_link(secret, link.key)}"

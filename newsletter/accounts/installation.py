"""The installation itself: which secret its database belongs to.

    installation.bind(session, secret, by=by, now=now)  # once, by `newsletter init`
    installation.check(session, secret)  # at every start

With another secret, suppressed addresses would be mailed again (they are kept as keyed hashes),
every link in every mail sent so far would be dead, and no consent could be verified. So nothing
runs with another secret.
"""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts.models import Installation
from newsletter.accounts.roles import MANAGE_STAFF
from newsletter.errors import NewsletterError
from subscribers import audit
from subscribers.actor import Actor
from subscribers.secret import Secret


class SecretChanged(NewsletterError):
    """The secret is missing, or it is not the one that this database was made with."""

    def __init__(self) -> None:
        super().__init__(
            "The file `secret` in the home is not the one this database was made with: restore it from the same "
            "backup as the database, or set NEWSLETTER_HOME to the home that belongs to it."
        )


def bind(session: Session, secret: Secret, *, by: Actor, now: dt.datetime) -> None:
    """Note the secret's fingerprint in a new database; in one that has it, compare.

    Raises:
        SecretChanged: the database belongs to another secret.
    """
    by.require(MANAGE_STAFF)
    if is_bound(session):
        check(session, secret)
        return
    session.add(Installation(secret_fingerprint=secret.fingerprint(), created_at=now))
    audit.record(session, "installation.create", "installation", by=by, now=now)


def check(session: Session, secret: Secret) -> None:
    """See that the database belongs to this secret, or to none yet.

    Raises:
        SecretChanged: it belongs to another.
    """
    if _fingerprint(session) not in (None, secret.fingerprint()):
        raise SecretChanged


def is_bound(session: Session) -> bool:
    """Tell whether the database belongs to a secret."""
    return _fingerprint(session) is not None


def _fingerprint(session: Session) -> str | None:
    return session.scalar(select(Installation.secret_fingerprint))

"""The installation itself: which secret and which home its database belongs to.

    installation.bind(session, secret, by=by, now=now)  # once, by `newsletter init`
    installation.check(session, secret)                 # at every start
    installation.check_home(session, settings.home)

With another secret, suppressed addresses would be mailed again (they are kept as keyed hashes),
every link in every mail sent so far would be dead, and no consent could be verified. So nothing
runs with another secret. In the home of another installation lie journals of mailings that this database has never
heard of, though it has mailings of the same numbers; so nothing runs there either.
"""

import datetime as dt
import uuid
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts.models import Installation
from newsletter.accounts.roles import MANAGE_STAFF
from newsletter.errors import NewsletterError
from subscribers import audit
from subscribers.actor import Actor
from subscribers.secret import Secret

HOME_FILE = "installation"


class SecretChanged(NewsletterError):
    """The secret is missing, or it is not the one that this database was made with."""

    def __init__(self) -> None:
        super().__init__(
            "The file `secret` in the home is not the one this database was made with: restore it from the same "
            "backup as the database, or set NEWSLETTER_HOME to the home that belongs to it."
        )


class HomeOfAnother(NewsletterError):
    """The home and the database were made by different runs of `newsletter init`."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            f"The home {home} belongs to another installation than the database: set NEWSLETTER_HOME and "
            "NEWSLETTER_DATABASE_URL to two that belong together, or restore the database from a backup."
        )
        self.home = home


def bind(session: Session, secret: Secret, *, by: Actor, now: dt.datetime) -> None:
    """Note the secret's fingerprint in a new database; in one that has it, compare.

    Raises:
        SecretChanged: the database belongs to another secret.
    """
    by.require(MANAGE_STAFF)
    if is_bound(session):
        check(session, secret)
        return
    session.add(Installation(install_id=str(uuid.uuid4()), secret_fingerprint=secret.fingerprint(), created_at=now))
    audit.record(session, "installation.create", "installation", by=by, now=now)


def check(session: Session, secret: Secret) -> None:
    """See that the database belongs to this secret, or to none yet.

    Raises:
        SecretChanged: it belongs to another.
    """
    if _fingerprint(session) not in (None, secret.fingerprint()):
        raise SecretChanged


def check_home(session: Session, home: Path) -> None:
    """See that a home belongs to this database; one that says nothing yet, as on a new machine, is taken for it.

    Raises:
        HomeOfAnother: it belongs to another, or the database is new and the home is not.
    """
    path = home / HOME_FILE
    said = path.read_text("ascii").strip() if path.exists() else ""
    ours = session.scalar(select(Installation.install_id)) or ""
    if said and said != ours:
        raise HomeOfAnother(home)
    if ours and not said:
        with suppress(OSError):  # the next command that may write there says it
            path.write_text(f"{ours}\n", "ascii")


def is_bound(session: Session) -> bool:
    """Tell whether the database belongs to a secret."""
    return _fingerprint(session) is not None


def _fingerprint(session: Session) -> str | None:
    return session.scalar(select(Installation.secret_fingerprint))

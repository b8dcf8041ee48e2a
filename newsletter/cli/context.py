"""What every command begins with: the opened installation, and who acts.

with opened() as app, app.writing() as session:
    …
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import staff
from newsletter.app import App
from newsletter.delivery.models import Mailing
from newsletter.issues.models import Issue
from newsletter.settings import Settings, SettingsInvalid
from subscribers.actor import Actor


def settings() -> Settings:
    """Read the settings.

    Raises:
        SettingsInvalid: a variable holds what it cannot mean.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper().removeprefix("NEWSLETTER_")
        raise SettingsInvalid(f"NEWSLETTER_{name}: {first['msg'].removeprefix('Value error, ')}.") from None


@contextmanager
def opened() -> Iterator[App]:
    """Open the installation, and close it at the end."""
    app = App.open(settings())
    try:
        yield app
    finally:
        app.close()


def actor(session: Session, address: str | None, *, publication_id: int | None = None) -> Actor:
    """The staff user of that address, acting on a publication, or the command line itself where none is named."""
    return staff.actor_of(session, address, publication_id=publication_id) if address else Actor.command_line()


def actor_on(session: Session, address: str | None, mailing_id: int | None) -> Actor:
    """The same, acting on the publication of a mailing; on the whole installation where it has none."""
    of_mailing = select(Issue.publication_id).join(Mailing, Mailing.issue_id == Issue.id)
    return actor(session, address, publication_id=session.scalar(of_mailing.where(Mailing.id == mailing_id)))

"""What every command begins with: the opened installation, and who acts.

with opened() as app, app.writing() as session:
    …
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy.orm import Session

from newsletter.accounts import staff
from newsletter.app import App
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


def actor(session: Session, address: str | None) -> Actor:
    """The staff user of that address, or the command line itself where none is named."""
    return staff.actor_of(session, address) if address else Actor.command_line()

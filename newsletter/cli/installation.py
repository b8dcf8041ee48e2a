"""`newsletter init` and `newsletter doctor`."""

import secrets
from pathlib import Path

import click
import rich_click

from newsletter import migrations
from newsletter.accounts import staff
from newsletter.app import now
from newsletter.cli.context import opened, settings
from newsletter.database import Database
from newsletter.delivery.transports import open_transport
from newsletter.errors import NewsletterError
from newsletter.settings import Settings
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.secret import LENGTH_BYTES


class NotWell(NewsletterError):
    """The doctor found something that keeps the installation from working."""


@click.command(cls=rich_click.RichCommand)
@click.option("--admin", metavar="EMAIL", help="The first staff user, who may do everything.")
def init(admin: str | None) -> None:
    """Make an installation: home folder, secret, database, and the first staff user.

    Run again after an upgrade, it brings the database up to date and changes nothing else.
    """
    chosen = settings()
    address = EmailAddress.parse(admin) if admin else None
    _make_home(chosen)
    database = Database(chosen.database_url)
    migrations.upgrade(database.engine)
    if address:
        with database.writing() as session:
            staff.create_first(session, address, by=Actor.command_line(), now=now())
    database.close()
    click.echo(f"The installation in {chosen.home} is ready.")


@click.command(cls=rich_click.RichCommand)
def doctor() -> None:
    """Look for what keeps this installation from working, and say how to mend it."""
    with opened() as app:
        problems = list(app.settings.public_problems())
        try:
            open_transport(app.settings.smtp_url).check()
        except NewsletterError as error:
            problems.append(str(error))
    for problem in problems:
        click.echo(f"• {problem}")
    if problems:
        raise NotWell(f"{len(problems)} to mend.")
    click.echo("Everything is well.")


def _make_home(chosen: Settings) -> None:
    for folder in (chosen.home, chosen.media_folder):
        folder.mkdir(parents=True, exist_ok=True)
    path: Path = chosen.home / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(LENGTH_BYTES) + "\n", "ascii")

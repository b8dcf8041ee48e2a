"""`newsletter init` and `newsletter doctor`."""

import secrets
from pathlib import Path

import click
import rich_click
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from newsletter import migrations
from newsletter.accounts import installation, links, managing, staff
from newsletter.accounts.models import LinkPurpose
from newsletter.app import now
from newsletter.cli.context import opened, settings
from newsletter.database import Database, DatabaseUnusable, reason_of
from newsletter.delivery import pairing
from newsletter.delivery.alerts import listing
from newsletter.delivery.archive import publishing
from newsletter.delivery.transports import open_transport
from newsletter.engine import tables
from newsletter.engine.tables import EngineTablesMissing
from newsletter.errors import NewsletterError
from newsletter.i18n import LANGUAGES
from newsletter.mails import letters
from newsletter.settings import Settings
from newsletter.texts import reading as texts
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.secret import LENGTH_BYTES


class NotWell(NewsletterError):
    """The doctor found something that keeps the installation from working."""


@click.command(cls=rich_click.RichCommand)
@click.option("--admin", metavar="EMAIL", help="The first staff user, who may do everything.")
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Theirs.")
def init(admin: str | None, language: str) -> None:
    """Make an installation: home folder, secret, database, and the first staff user.

    The first staff user gets a link to choose a password: the last line, as long as they have not used one. Run again
    after an upgrade, it brings the database up to date and changes nothing else.
    """
    chosen = settings()
    address = EmailAddress.parse(admin) if admin else None
    database = Database(chosen.database_url)
    for folder in (chosen.home, chosen.media_folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        migrations.upgrade(database.engine)
    except OperationalError as error:
        raise DatabaseUnusable(f"The database cannot be opened: {reason_of(error)}") from error
    tables.migrate(database)
    with database.writing() as session:
        installation.check_home(session, chosen.home)
        _make_secret(session, chosen)
        installation.bind(session, chosen.secret, by=Actor.command_line(), now=now())
        way_in = _first_user(session, chosen, address, language) if address else ""
        publishing.publish_earlier(session)
    with database.reading() as session:
        installation.check_home(session, chosen.home)
    database.close()
    click.echo(f"The installation in {chosen.home} is ready.")
    if way_in:
        click.echo(f"Choose your password here, within {links.LIFETIMES[LinkPurpose.INVITATION].days} days:\n{way_in}")


@click.command(cls=rich_click.RichCommand)
def doctor() -> None:
    """Look for what keeps this installation from working, and say how to mend it."""
    with opened() as app:
        problems = [*app.settings.public_problems(), *app.settings.private_problems(), *app.database.problems()]
        if not tables.are_there(app.database):
            problems.append(str(EngineTablesMissing()))
        if not (app.settings.has_relay or app.settings.demo):
            problems.append(f"NEWSLETTER_SMTP_URL is not set: mail is written to {app.settings.home}/maildir alone.")
        for url in dict.fromkeys((*app.settings.relay_urls, app.settings.alerts.smtp_url)):
            try:
                open_transport(url).check()
            except NewsletterError as error:
                problems.append(str(error))
        with app.reading() as session:
            problems += [*pairing.problems(session), *texts.problems(session), *letters.problems(session)]
            problems += [f"Alert {each.id}: {listing.words_of(each).line}" for each in listing.waiting(session)]
    for problem in problems:
        click.echo(f"• {problem}")
    if problems:
        raise NotWell(f"{len(problems)} to mend.")
    click.echo("Everything is well.")


def _first_user(session: Session, chosen: Settings, address: EmailAddress, language: str) -> str:
    """Make the first staff user; gives the link by which they come in, empty where they have come already."""
    by, moment = Actor.command_line(), now()
    user = staff.create_first(session, address, by=by, now=moment, language=language)
    if user.accepted_at is not None or not user.active:
        return ""
    link = managing.first_link(session, user, by=by, now=moment)
    return links.url(link, secret=chosen.secret, public_url=chosen.public_url)


def _make_secret(session: Session, chosen: Settings) -> None:
    """Make the secret where there is none; a database that belongs to one is never given another."""
    path: Path = chosen.home / "secret"
    if path.exists():
        return
    if installation.is_bound(session):
        raise installation.SecretChanged
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(LENGTH_BYTES) + "\n", "ascii")

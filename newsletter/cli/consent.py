"""`newsletter consent …`."""

import click
import rich_click

from newsletter.cli.context import opened
from newsletter.cli.output import show_json
from subscribers import consent as chain
from subscribers.actor import Actor
from subscribers.address import EmailAddress


@click.group(cls=rich_click.RichGroup)
def consent() -> None:
    """The proof of who agreed to what."""


@consent.command()
@click.argument("email")
def export(email: str) -> None:
    """Tell all consent records of a person, with the exact words shown and the evidence, as JSON."""
    with opened() as app, app.reading() as session:
        found = chain.export(session, EmailAddress.parse(email), by=Actor.command_line())
    show_json(found)


@consent.command()
@click.pass_context
def verify(ctx: click.Context) -> None:
    """Check every record of everybody; exit status 1 where a chain does not hold."""
    with opened() as app, app.reading() as session:
        found = chain.verify(session, secret=app.secret)
    for broken in found.breaks:
        click.echo(f"✗ {broken}")
    click.echo(f"{found.records} records of {found.chains} people, {len(found.breaks)} breaks.")
    if not found.holds:
        ctx.exit(1)

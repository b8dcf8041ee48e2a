"""`newsletter list …`."""

import click
import rich_click

from newsletter.cli.arguments import by_whom
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.delivery.archive import visibility
from newsletter.delivery.archive.models import Visibility
from newsletter.i18n import LANGUAGES
from subscribers import lists
from subscribers.actor import Actor

_VISIBILITY = click.Choice([each.value for each in Visibility])
_TOLD = {
    Visibility.PUBLIC: "Everybody finds its archive at {address}.",
    Visibility.UNLISTED: "Who knows the address finds its archive: {address}.",
    Visibility.OFF: "It has no archive. An issue is seen by its own link alone.",
}


@click.group(cls=rich_click.RichGroup)
def lists_group() -> None:
    """The lists people subscribe to."""


@lists_group.command()
@click.argument("slug")
@click.option("--name", required=True, metavar="N", help="As readers know it.")
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True)
@click.option("--archive", "seen", type=_VISIBILITY, default="public", show_default=True, help="Who finds its archive.")
def create(slug: str, name: str, language: str, seen: str) -> None:
    """Make a list; SLUG is its short name in commands and addresses."""
    by = Actor.command_line()
    with opened() as app, app.writing() as session:
        made = lists.create(session, slug, name=name, language=language, by=by, now=app.now())
        visibility.show_to(session, made, visibility=Visibility(seen), by=by, now=app.now())
        address = f"{app.settings.public_url}/archive/{slug}"
    click.echo(f"The list “{slug}” is ready.")
    say(_TOLD[Visibility(seen)].format(address=address))


@lists_group.command()
@click.argument("slug")
@click.argument("seen", type=_VISIBILITY, metavar="public|unlisted|off")
@by_whom
def archive(slug: str, seen: str, address: str | None) -> None:
    """Say who finds the issues that went out: everybody, who knows the address, or nobody."""
    with opened() as app, app.writing() as session:
        found = lists.named(session, slug)
        by = actor(session, address)
        visibility.show_to(session, found, visibility=Visibility(seen), by=by, now=app.now())
        page = f"{app.settings.public_url}/archive/{slug}"
    click.echo(_TOLD[Visibility(seen)].format(address=page))


@lists_group.command("list")
@as_json
def list_(json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Show the lists and how many people are on them."""
    with opened() as app, app.reading() as session:
        rows = [
            {
                "slug": each.slug,
                "name": each.name,
                "language": each.language,
                "archive": visibility.of(session, each.id).value,
                **lists.counts(session, each),
            }
            for each in lists.every(session)
        ]
    if json_:
        show_json(rows)
        return
    columns = ("slug", "name", "language", "archive", "confirmed", "pending", "left")
    show_table(
        ("list", *columns[1:]),
        ([row[column] for column in columns] for row in rows),
        empty="There is no list yet. `newsletter list create SLUG --name …` makes one.",
    )

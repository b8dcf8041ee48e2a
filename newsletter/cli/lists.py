"""`newsletter list …`."""

import click
import rich_click

from newsletter.cli.context import opened
from newsletter.cli.output import as_json, show_json, show_table
from newsletter.i18n import LANGUAGES
from subscribers import lists
from subscribers.actor import Actor


@click.group(cls=rich_click.RichGroup)
def lists_group() -> None:
    """The lists people subscribe to."""


@lists_group.command()
@click.argument("slug")
@click.option("--name", required=True, metavar="N", help="As readers know it.")
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True)
def create(slug: str, name: str, language: str) -> None:
    """Make a list; SLUG is its short name in commands and addresses."""
    with opened() as app, app.writing() as session:
        lists.create(session, slug, name=name, language=language, by=Actor.command_line(), now=app.now())
    click.echo(f"The list “{slug}” is ready.")


@lists_group.command("ask-measuring")
@click.argument("slug")
@click.argument("wanted", type=click.Choice(("on", "off")))
def ask_measuring(slug: str, wanted: str) -> None:
    """Have the forms of a list ask whether its readers may be measured; nobody is until they said yes."""
    with opened() as app, app.writing() as session:
        mailing_list = lists.named(session, slug)
        lists.ask_measuring(session, mailing_list, wanted=wanted == "on", by=Actor.command_line(), now=app.now())
    click.echo(f"The forms of “{slug}” {'ask' if wanted == 'on' else 'do not ask'} about measuring.")


@lists_group.command("list")
@as_json
def list_(json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Show the lists and how many people are on them."""
    with opened() as app, app.reading() as session:
        counted = [(each, lists.counts(session, each)) for each in lists.every(session)]
    if json_:
        show_json(
            [{"slug": each.slug, "name": each.name, "language": each.language, **counts} for each, counts in counted]
        )
        return
    show_table(
        ("list", "name", "language", "confirmed", "pending", "left"),
        (
            (each.slug, each.name, each.language, counts["confirmed"], counts["pending"], counts["left"])
            for each, counts in counted
        ),
        empty="There is no list yet. `newsletter list create SLUG --name …` makes one.",
    )

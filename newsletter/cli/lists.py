"""`newsletter list …`."""

import click
import rich_click

from newsletter.cli.context import opened
from newsletter.cli.output import as_json, show_json, show_table
from newsletter.i18n import LANGUAGES
from subscribers import leave_reasons, lists
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


@lists_group.command()
@click.argument("slug")
@as_json
def reasons(slug: str, json_: bool) -> None:  # noqa: FBT001
    """Count why people say that they left the list; nobody has to say."""
    with opened() as app, app.reading() as session:
        counted = leave_reasons.counts(session, lists.named(session, slug))
    if json_:
        show_json(counted)
        return
    told = sorted(counted.items(), key=lambda each: -each[1])
    show_table(("reason", "times"), (each for each in told if each[1]), empty="Nobody has said why they left.")

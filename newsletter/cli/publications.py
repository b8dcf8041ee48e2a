"""`newsletter publication …`."""

from pathlib import Path

import click
import rich_click

from newsletter.cli.arguments import text_or_file
from newsletter.cli.context import opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.issues import publications
from subscribers import lists
from subscribers.actor import Actor
from subscribers.address import EmailAddress, parse_mailbox

DEFAULT_DESIGN = "regional"


@click.group(cls=rich_click.RichGroup)
def publication() -> None:
    """The newsletters as readers know them."""


@publication.command()
@click.argument("slug")
@click.option("--list", "list_slug", required=True, metavar="L", help="The list it goes to.")
@click.option("--name", required=True, metavar="N", help="As readers know it.")
@click.option("--from", "sender", required=True, metavar='"N <a@b>"', help="The sender's name and address.")
@click.option("--design", default=DEFAULT_DESIGN, show_default=True, metavar="D")
def create(slug: str, list_slug: str, name: str, sender: str, design: str) -> None:
    """Make a publication on a list; it speaks the list's language."""
    mailbox = parse_mailbox(sender)
    with opened() as app, app.writing() as session:
        app.site.design(design)
        publications.create(
            session,
            slug,
            mailing_list=lists.named(session, list_slug),
            name=name,
            sender=mailbox,
            design=design,
            by=Actor.command_line(),
            now=app.now(),
        )
    click.echo(f"The publication “{slug}” is ready.")


@publication.command("set")
@click.argument("slug")
@click.option("--imprint", metavar="TEXT_OR_FILE", help="Who answers for it; law asks for it in every issue.")
@click.option("--reply-to", metavar="A", help="Where answers go.")
@click.option("--brand", type=click.Path(path_type=Path), metavar="FILE", help='TOML or JSON: colour = "#0a5c7a".')
@click.option("--four-eyes", type=click.Choice(["on", "off"]), help="Whether a second person has to approve.")
def set_(slug: str, imprint: str | None, reply_to: str | None, brand: Path | None, four_eyes: str | None) -> None:
    """Change what is given; approvals of its issues are void then."""
    if all(value is None for value in (imprint, reply_to, brand, four_eyes)):
        raise click.UsageError("Say what is to change: --imprint, --reply-to, --brand or --four-eyes.")
    with opened() as app, app.writing() as session:
        voided = publications.change(
            session,
            publications.named(session, slug),
            imprint=text_or_file(imprint) if imprint is not None else None,
            reply_to=EmailAddress.parse(reply_to) if reply_to else None,
            brand=publications.read_brand(brand) if brand else None,
            four_eyes=four_eyes == "on" if four_eyes else None,
            by=Actor.command_line(),
            now=app.now(),
        )
    click.echo(f"The publication “{slug}” is changed.")
    if voided:
        say(f"Back to draft, to be approved again: issue {', '.join(map(str, voided))}.")


@publication.command("list")
@as_json
def list_(json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Show the publications."""
    with opened() as app, app.reading() as session:
        found = publications.every(session)
    if json_:
        show_json([publications.as_json(each) for each in found])
        return
    show_table(
        ("publication", "name", "sender", "replies to", "design", "language"),
        ((each.slug, each.name, each.sender_address, each.reply_to, each.design, each.language) for each in found),
        empty="There is no publication yet. `newsletter publication create SLUG --list … --name … --from …` makes one.",
    )

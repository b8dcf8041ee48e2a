"""`newsletter topic …`."""

from typing import Any

import click
import rich_click

from newsletter.cli.arguments import by_whom
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, show_json, show_table
from newsletter.i18n import LANGUAGES
from subscribers import form_fields, lists, topics


class Name(click.ParamType[tuple[str, str]]):
    """A name as readers see it, with its language before it: de=Kultur. Without one, in the list's language."""

    name = "name"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Part the language from the name; a text before the sign that is none belongs to the name."""
        del param, ctx
        if isinstance(value, tuple):
            return value
        language, sign, name = str(value).partition("=")
        return (language, name) if sign and language in LANGUAGES else ("", str(value))


named = click.option(
    "--name", "names", type=Name(), multiple=True, required=True, metavar="de=NAME", help="Once for each language."
)


@click.group(cls=rich_click.RichGroup)
def topic() -> None:
    """The subjects of a list that its readers can choose."""


@topic.command()
@click.argument("list_slug", metavar="LIST")
@click.argument("slug")
@named
@by_whom
def add(list_slug: str, slug: str, names: tuple[tuple[str, str], ...], address: str | None) -> None:
    """Make a topic, after the others; SLUG is its short name in commands and files."""
    with opened() as app, app.writing() as session:
        found = lists.named(session, list_slug)
        by = actor(session, address)
        topics.add(session, found, slug, names=_by_language(names, found.language), by=by, now=app.now())
        asked = form_fields.of_list(found)["topics"] is not form_fields.Asked.OFF
    click.echo(f"The list “{list_slug}” has the topic “{slug}”.")
    if not asked:
        click.echo(f"Its form does not ask for topics: `newsletter list form {list_slug} --field topics=optional`.")


@topic.command("list")
@click.argument("list_slug", metavar="LIST")
@as_json
def list_(list_slug: str, json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Show the topics of a list, in the order in which readers see them."""
    with opened() as app, app.reading() as session:
        found = topics.of_list(session, lists.named(session, list_slug))
        rows: list[dict[str, Any]] = [
            {"slug": each.slug, "names": each.names, "chosen_by": topics.chosen_by(session, each)} for each in found
        ]
    if json_:
        show_json(rows)
        return
    show_table(
        ("topic", *LANGUAGES, "chosen by"),
        ((row["slug"], *(row["names"].get(language) for language in LANGUAGES), row["chosen_by"]) for row in rows),
        empty=f"The list has no topics. `newsletter topic add {list_slug} SLUG --name de=…` makes one.",
    )


@topic.command()
@click.argument("list_slug", metavar="LIST")
@click.argument("slug")
@named
@by_whom
def rename(list_slug: str, slug: str, names: tuple[tuple[str, str], ...], address: str | None) -> None:
    """Give a topic other names; a language that is not given keeps its name."""
    with opened() as app, app.writing() as session:
        found = lists.named(session, list_slug)
        wanted = _by_language(names, found.language)
        by = actor(session, address)
        topics.rename(session, topics.named(session, found, slug), names=wanted, by=by, now=app.now())
    click.echo(f"The topic “{slug}” is renamed.")


@topic.command()
@click.argument("list_slug", metavar="LIST")
@click.argument("slug")
@by_whom
def remove(list_slug: str, slug: str, address: str | None) -> None:
    """Delete a topic; nobody can choose it any more."""
    with opened() as app, app.writing() as session:
        found = topics.named(session, lists.named(session, list_slug), slug)
        readers = topics.remove(session, found, by=actor(session, address), now=app.now())
    click.echo(f"The topic “{slug}” is gone; {readers} had chosen it.")


def _by_language(names: tuple[tuple[str, str], ...], default: str) -> dict[str, str]:
    return {language or default: name for language, name in names}

"""`newsletter list …`."""

from typing import Any

import click
import rich_click
from sqlalchemy.orm import Session

from newsletter.cli.arguments import by_whom, text_or_file
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.delivery.archive import visibility
from newsletter.delivery.archive.models import Visibility
from newsletter.i18n import LANGUAGES
from newsletter.readers.errors import ListNotOpen
from newsletter.web.public import offering
from subscribers import form_fields, leave_reasons, lists, topics, wordings
from subscribers.actor import Actor
from subscribers.models import ListWording, MailingList

_SPOKEN = click.Choice(LANGUAGES)

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
@click.option("--language", type=_SPOKEN, default="de", show_default=True)
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


@lists_group.command()
@click.argument("slug")
@as_json
def show(slug: str, json_: bool) -> None:  # noqa: FBT001
    """Show one list: its people by number, what its form asks and says, its topics."""
    with opened() as app, app.reading() as session:
        found = lists.named(session, slug)
        facts: dict[str, Any] = {
            "slug": found.slug,
            "name": found.name,
            "language": found.language,
            **lists.counts(session, found),
            "form": {name: asked.value for name, asked in form_fields.of_list(found).items()},
            "topics": [each.slug for each in topics.of_list(session, found)],
            "wordings": {language: _words(session, found, language)["words"] for language in LANGUAGES},
        }
    if json_:
        show_json(facts)
        return
    rows = [(name, value) for name, value in facts.items() if isinstance(value, str | int)]
    rows += [(f"form: {name}", asked) for name, asked in facts["form"].items()]
    rows += [("topics", ", ".join(facts["topics"]))]
    rows += [(f"words: {language}", words) for language, words in facts["wordings"].items()]
    show_table(("of the list", ""), rows, empty="")


@lists_group.command()
@click.argument("slug")
@click.option("--field", "fields", multiple=True, required=True, metavar="NAME=off|optional|required")
@by_whom
def form(slug: str, fields: tuple[str, ...], address: str | None) -> None:
    """Say what the sign-up form asks beside the address: salutation, title, first_name, last_name, organisation,
    region, topics, language; each off, optional or required. What is not named stays.
    """  # noqa: D205  # the help of the command, one paragraph
    wanted = {name.strip(): value.strip() for name, _, value in (field.partition("=") for field in fields)}
    with opened() as app, app.writing() as session:
        found = lists.named(session, slug)
        form_fields.ask(session, found, wanted, by=actor(session, address), now=app.now())
        asked = form_fields.of_list(found)
    told = [f"{name} ({each})" for name, each in asked.items() if each is not form_fields.Asked.OFF]
    click.echo(f"The form of “{slug}” asks: {', '.join(['address', *told])}")


@lists_group.command()
@click.argument("slug", metavar="LIST")
@click.option("--language", type=_SPOKEN, required=True)
@click.option("--text", metavar="FILE|TEXT", help="The words from now on; %(list)s and %(publisher)s are filled in.")
@click.option("--shipped", is_flag=True, help="Go back to the shipped words.")
@click.option("--history", is_flag=True, help="Show every version, with since, until and by whom.")
@by_whom
@as_json
def wording(
    slug: str,
    *,
    language: str,
    text: str | None,
    shipped: bool,
    history: bool,
    address: str | None,
    json_: bool,
) -> None:
    """Show or change the words beside the button of the form, which people agree to.

    They must name the list and tell that the consent can be withdrawn. Forms that were copied to other
    sites before are not taken as they are any more: who sends one is shown the new words first.
    """
    if sum((text is not None, shipped, history)) > 1:
        raise click.UsageError("--text, --shipped and --history exclude each other.")
    if history:
        _show_history(slug, language, json_=json_)
        return
    with opened() as app:
        if text is not None or shipped:
            with app.writing() as session:
                found, by = lists.named(session, slug), actor(session, address)
                if text is not None:
                    wordings.put(session, found, language=language, text=text_or_file(text), by=by, now=app.now())
                else:
                    wordings.withdraw(session, found, language=language, by=by, now=app.now())
        with app.reading() as session:
            facts = _words(session, lists.named(session, slug), language)
    if json_:
        show_json(facts)
        return
    click.echo(facts["words"])


def _show_history(slug: str, language: str, *, json_: bool) -> None:
    with opened() as app, app.reading() as session:
        versions = [_version(each) for each in wordings.history(session, lists.named(session, slug), language=language)]
    if json_:
        show_json(versions)
        return
    show_table(
        ("since", "until", "by", "ended by", "words"),
        ((each["since"], each["until"], each["by"], each["ended_by"], each["text"]) for each in versions),
        empty="The list has always shown the shipped words in this language.",
    )


def _version(version: ListWording) -> dict[str, Any]:
    return {
        "version": version.id,
        "since": version.since.isoformat(timespec="seconds"),
        "until": version.until.isoformat(timespec="seconds") if version.until else None,
        "by": version.made_by,
        "ended_by": version.ended_by,
        "text": version.text,
    }


def _words(session: Session, mailing_list: MailingList, language: str) -> dict[str, Any]:
    """The words as the form shows them, and the digest that consent records name them by."""
    own = wordings.in_force(session, mailing_list, language=language)
    try:
        words = offering.offer_of(session, mailing_list.slug).words[language]
    except ListNotOpen:  # who publishes is not known yet, so the name stays a placeholder
        words = offering.words_of(session, mailing_list, language=language, publisher=wordings.PUBLISHER)
    return {
        "language": language,
        "words": words,
        "digest": offering.digest_of(words),
        "own": own is not None,
        "since": own.since.isoformat(timespec="seconds") if own is not None else None,
        "by": own.made_by if own is not None else None,
    }


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

"""`newsletter text …`."""

import textwrap
from pathlib import Path

import click
import rich_click

from newsletter.cli.arguments import by_whom, text_or_file
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.delivery import samples
from newsletter.i18n import LANGUAGES
from newsletter.mails import letters
from newsletter.readers.signing_up import publication_of
from newsletter.texts import catalogue, reading, writing
from newsletter.texts.passages import Passage
from newsletter.texts.reading import Texts, Version
from subscribers import lists

SHOWN_CHARACTERS = 60  # of a text in a table

in_language = click.option(
    "--language", type=click.Choice(LANGUAGES), help="Else the list's.", metavar="|".join(LANGUAGES)
)


@click.group(cls=rich_click.RichGroup)
def text() -> None:
    """What system mails and public pages say; changeable per list and language."""


@text.command("list")
@click.argument("slug", metavar="LIST")
@in_language
@as_json
def list_(slug: str, language: str | None, json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Show all texts, and which of them are the list's own."""
    with opened() as app, app.reading() as session:
        found = lists.named(session, slug)
        texts = reading.of_list(session, found.id, language=language or found.language)
    passages = [passage for place in catalogue.PLACES for passage in place.passages]
    if json_:
        show_json([_as_json(passage, texts) for passage in passages])
        return
    show_table(
        ("text", "whose", "says"),
        (
            (passage.name, _whose(passage, texts), textwrap.shorten(texts.text(passage), SHOWN_CHARACTERS))
            for passage in passages
        ),
        empty="There are no texts.",
    )


@text.command()
@click.argument("slug", metavar="LIST")
@click.argument("name", metavar="TEXT")
@in_language
@click.option("--history", is_flag=True, help="Show who said what, and when, newest first.")
@as_json
def show(slug: str, name: str, language: str | None, history: bool, json_: bool) -> None:  # noqa: FBT001
    """Show a text as it is written, with its placeholders; what may stand in it goes to stderr."""
    passage = catalogue.passage_named(name)
    with opened() as app, app.reading() as session:
        found = lists.named(session, slug)
        texts = reading.of_list(session, found.id, language=language or found.language)
        versions = reading.history(session, found.id, passage=passage, language=texts.language)
    if json_:
        show_json({**_as_json(passage, texts), "history": [_version(each) for each in versions]})
    elif history:
        show_table(
            ("changed at", "by", "text"),
            ((f"{each.changed_at:%Y-%m-%dT%H:%M:%SZ}", each.changed_by, _told(each)) for each in versions),
            empty="It was never changed.",
        )
    else:
        click.echo(texts.text(passage))
        _say_rules(passage, texts)


@text.command("set")
@click.argument("slug", metavar="LIST")
@click.argument("name", metavar="TEXT")
@in_language
@click.option("--text", "words", required=True, metavar="TEXT_OR_FILE", help="Plain text; empty lines part paragraphs.")
@by_whom
def set_(slug: str, name: str, language: str | None, words: str, address: str | None) -> None:
    """Have a list say something in its own words, from the next mail and page on."""
    passage = catalogue.passage_named(name)
    with opened() as app, app.writing() as session:
        found = lists.named(session, slug)
        spoken = language or found.language
        writing.write(
            session,
            found,
            passage=passage,
            language=spoken,
            text=text_or_file(words),
            by=actor(session, address),
            now=app.now(),
        )
    click.echo(f"“{slug}” has its own {passage.name} in {_name_of(spoken)}.")


@text.command()
@click.argument("slug", metavar="LIST")
@click.argument("name", metavar="TEXT")
@in_language
@by_whom
def reset(slug: str, name: str, language: str | None, address: str | None) -> None:
    """Go back to the product's own words; what the list said stays in the history."""
    passage = catalogue.passage_named(name)
    with opened() as app, app.writing() as session:
        found = lists.named(session, slug)
        spoken = language or found.language
        changed = writing.reset(
            session, found, passage=passage, language=spoken, by=actor(session, address), now=app.now()
        )
    done = "has the product's own words again" if changed else "has the product's own words already"
    click.echo(f"“{slug}” {done} for {passage.name} in {_name_of(spoken)}.")


@text.command()
@click.argument("slug", metavar="LIST")
@click.argument("mail")
@in_language
@click.option("--output", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
def preview(slug: str, mail: str, language: str | None, output: Path) -> None:
    """Write MAIL.html, MAIL.txt and MAIL.eml as a sample reader would get them; MAIL is such as `confirmation`."""
    letter = catalogue.letter_named(mail)
    with opened() as app, app.reading() as session:
        found = lists.named(session, slug)
        spoken = language or found.language
        compiled = letters.compiled(
            session,
            letter,
            publication=publication_of(session, found),
            mailing_list=found,
            language=spoken,
            values=letter.samples(spoken),
        )
        sample = samples.letter(compiled, link=letter.link, public_url=app.settings.public_url, now=app.now())
    output.mkdir(parents=True, exist_ok=True)
    files = {"html": sample.html.encode(), "txt": sample.text.encode(), "eml": sample.message}
    for ending, content in files.items():
        path = output / f"{mail}.{ending}"
        path.write_bytes(content)
        click.echo(path)


def _whose(passage: Passage, texts: Texts) -> str:
    own = texts.own.get(passage.name, "")
    if not own:
        return "product"
    return "outdated" if reading.refusal(own, passage) else "list"


def _as_json(passage: Passage, texts: Texts) -> dict[str, object]:
    return {
        "name": passage.name,
        "language": texts.language,
        "whose": _whose(passage, texts),
        "text": texts.text(passage),
        "knows": [placeholder.name for placeholder in passage.knows],
        "needs": [placeholder.name for placeholder in passage.needs],
        "limit": passage.shape.limit,
        "lines": passage.shape.has_lines,
    }


def _version(version: Version) -> dict[str, object]:
    return {
        "text": version.text,
        "changed_at": f"{version.changed_at:%Y-%m-%dT%H:%M:%SZ}",
        "changed_by": version.changed_by,
    }


def _told(version: Version) -> str:
    return textwrap.shorten(version.text, SHOWN_CHARACTERS) if version.text else "(the product's own words)"


def _say_rules(passage: Passage, texts: Texts) -> None:
    """Tell what may stand there, and why an own text does not count any more."""
    for placeholder in passage.knows:
        needed = ", needed" if placeholder in passage.needs else ""
        say(f"{placeholder.written}  {placeholder.meaning}{needed}")
    lines = "paragraphs, parted by empty lines" if passage.shape.has_lines else "one line"
    say(f"Plain text, {lines}, {passage.shape.limit} characters at most.")
    own = texts.own.get(passage.name, "")
    if own and (reason := reading.refusal(own, passage)):
        say(f"The list's own text does not count any more: {reason}")


def _name_of(language: str) -> str:
    return {"de": "German", "en": "English"}[language]

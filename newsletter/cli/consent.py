"""`newsletter consent …`."""

import dataclasses
import json
from pathlib import Path

import click
import rich_click

from newsletter.cli.context import opened
from newsletter.cli.output import as_json, progress, say, show_json
from newsletter.i18n import LANGUAGES
from newsletter.readers import evidence_page, sealing
from newsletter.readers.evidence import evidence_of
from subscribers import consent as chain
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.consent import Break, Tally
from subscribers.consent.verification import count

_NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
_FOLDER = click.Path(file_okay=False, writable=True, path_type=Path)
MOST_KEPT = 1_000  # breaks that an answer in JSON names; with a wrong secret each record of everybody would be one


@click.group(cls=rich_click.RichGroup)
def consent() -> None:
    """The proof of who agreed to what."""


@consent.command()
@click.argument("email")
@click.option("--html", "page", type=_NEW_FILE, metavar="FILE", help="Write a page to print instead.")
@click.option("--output", type=_FOLDER, metavar="DIR", help="Write evidence.json and evidence.html there.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the page; else the person's own.")
def export(email: str, page: Path | None, output: Path | None, language: str | None) -> None:
    """Tell all that proves a person's consent: records, exact words shown, evidence, confirmation mails; as JSON."""
    with opened() as app:
        with app.reading() as session:
            address, by = EmailAddress.parse(email), Actor.command_line()
            found = evidence_of(session, address, secret=app.secret, by=by, now=app.now())
            publisher = evidence_page.publisher_of(
                session, found, public_url=app.settings.public_url, privacy_url=app.settings.privacy_url
            )
        written = evidence_page.render(
            found,
            language=language or evidence_page.language_of(found),
            publisher=publisher,
            folders=app.settings.template_folders(),
        )
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        told = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
        (output / "evidence.json").write_text(told, encoding="utf-8")
        page = page or output / "evidence.html"
    if page is not None:
        page.write_text(written, encoding="utf-8")
        click.echo(f"{page}")
    if output is None and page is None:
        show_json(found)


@consent.command()
@as_json
def seal(json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Seal all records now; a worker does so every day.

    Keep the digest outside of this database: `consent verify --seal DIGEST` proves by it that nothing was cut
    off or made anew since, by whomever.
    """
    with opened() as app:
        made = sealing.seal(app.database, secret=app.secret, by=Actor.command_line(), now=app.now())
    if made is None:
        click.echo("Somebody else is sealing at this moment; nothing was done.")
    elif json_:
        show_json({**dataclasses.asdict(made), "at": made.at.isoformat()})
    else:
        click.echo(f"Seal {made.number} holds {made.records} records of {made.chains} people.")
        click.echo(made.digest)


@consent.command()
@click.option("--seal", "kept", multiple=True, metavar="DIGEST", help="A seal's digest that was kept outside.")
@as_json
@click.pass_context
def verify(ctx: click.Context, kept: tuple[str, ...], json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Check every record of everybody, and all seals; exit status 1 where the proof does not hold."""
    tally = Tally()
    named: list[Break] = []
    found = 0
    with opened() as app, app.reading() as session, progress("Verifying") as bar:
        total = count(session)
        breaks = chain.find_breaks(
            session,
            tally,
            secret=app.secret,
            kept=[digest.strip().lower() for digest in kept],
            progress=lambda done: bar.to(done, total),
        )
        for broken in breaks:
            found += 1
            if not json_:
                click.echo(f"✗ {broken}")
            elif len(named) < MOST_KEPT:
                named.append(broken)
    if json_:
        show_json(_told(tally, named, found))
    else:
        _tell(tally, found)
    if found:
        ctx.exit(1)


def _told(tally: Tally, named: list[Break], found: int) -> dict[str, object]:
    return {
        "holds": not found,
        **dataclasses.asdict(tally),
        "after_seal": tally.after_seal,
        "broken": found,
        "breaks": [
            {**dataclasses.asdict(each), "kind": each.kind.name.lower(), "sentence": str(each)} for each in named
        ],
    }


def _tell(tally: Tally, found: int) -> None:
    people = "1 person" if tally.chains == 1 else f"{tally.chains} people"
    counted = f"{_counted(tally.records, 'record')} of {people}, {_counted(tally.seals, 'seal')}"
    click.echo(f"{counted}, {_counted(found, 'break')}.")
    if tally.without_evidence:
        say(
            f"Of {_counted(tally.without_evidence, 'record')} the personal part was erased; the proof holds without it."
        )
    if tally.after_seal:
        say(f"Newer than the last seal: {_counted(tally.after_seal, 'record')}. `newsletter consent seal` seals now.")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

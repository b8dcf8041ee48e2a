"""`newsletter consent …`."""

import dataclasses

import click
import rich_click

from newsletter.cli.context import opened
from newsletter.cli.output import as_json, progress, say, show_json
from newsletter.readers import sealing
from subscribers import consent as chain
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.consent import Break, Tally
from subscribers.consent.verification import count

MOST_KEPT = 1_000  # breaks that an answer in JSON names; with a wrong secret each record of everybody would be one


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
    click.echo(f"{tally.records} records of {tally.chains} people, {tally.seals} seals, {found} breaks.")
    if tally.without_evidence:
        say(f"Of {tally.without_evidence} records the personal part was erased; they still count.")
    if tally.after_seal:
        say(f"{tally.after_seal} records are newer than the last seal; `newsletter consent seal` seals them now.")

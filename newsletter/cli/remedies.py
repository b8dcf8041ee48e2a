"""`newsletter mailing missed`, `send-missed` and `resend`: for those whom a mailing did not reach, or perhaps not."""

import click

from newsletter.cli.arguments import ID, by_whom
from newsletter.cli.context import actor_on, opened
from newsletter.cli.output import as_json, say, show_json
from newsletter.delivery import mailings, resending, statement
from newsletter.delivery import missed as missed_ones
from newsletter.delivery.missed import NobodyMissed


@click.command()
@click.argument("mailing_id", type=ID, metavar="ID")
@as_json
def missed(mailing_id: int, json_: bool) -> None:  # noqa: FBT001
    """Tell how many people on the list today the issue has not reached and is not about to reach."""
    with opened() as app, app.reading() as session:
        number = missed_ones.number(session, mailings.mailing(session, mailing_id), now=app.now())
    if json_:
        show_json({"mailing": mailing_id, "missed": number})
        return
    click.echo(f"Missed: {number}.")
    if number:
        say(f"`newsletter mailing send-missed {mailing_id}` sends the issue to them.")


@click.command("send-missed")
@click.argument("mailing_id", type=ID, metavar="ID")
@by_whom
@as_json
def send_missed(mailing_id: int, address: str | None, json_: bool) -> None:  # noqa: FBT001
    """Send the issue to those it missed. The last line is the id of the new mailing alone."""
    with opened() as app:
        with app.reading() as session:  # counting may take a second, in which others can write
            number = missed_ones.number(session, mailings.mailing(session, mailing_id), now=app.now())
        if not number:
            raise NobodyMissed(mailing_id)
        with app.writing() as session:
            mailing = mailings.mailing(session, mailing_id)
            child = missed_ones.send(session, mailing, by=actor_on(session, address, mailing_id), now=app.now())
            made = mailings.as_json(child)
    if json_:
        show_json({**made, "missed": number})
        return
    say(f"The issue of mailing {mailing_id} goes to those it missed ({number} now); `newsletter worker` sends it.")
    click.echo(child.id)


@click.command()
@click.argument("mailing_id", type=ID, metavar="ID")
@click.option(
    "--position", "positions", type=ID, multiple=True, metavar="N", help="This one; may stand more than once."
)
@click.option("--all", "all_", is_flag=True, help="Everything that is unknown.")
@by_whom
@as_json
def resend(
    mailing_id: int,
    positions: tuple[int, ...],
    all_: bool,  # noqa: FBT001
    address: str | None,
    json_: bool,  # noqa: FBT001
) -> None:
    """Send once more what is unknown: whoever has it already may get a second copy, under the same Message-ID."""
    if bool(positions) == all_:
        raise click.UsageError("Say which: either --position N, perhaps more than once, or --all.")
    with opened() as app:
        with app.writing() as session:
            mailing = mailings.mailing(session, mailing_id)
            by, now = actor_on(session, address, mailing_id), app.now()
            if all_:
                queued = resending.resend_all(session, mailing, by=by, now=now)
            else:
                queued = resending.resend(session, mailing, positions=positions, by=by, now=now)
        with app.reading() as session:
            numbers = statement.statement(session, mailing_id).as_json()
    if json_:
        show_json(numbers)
        return
    click.echo(f"Queued once more: {len(queued)}. Mailing {mailing_id} is {numbers['state']}.")

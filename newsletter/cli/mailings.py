"""`newsletter mailing …`."""

import datetime as dt
from typing import Protocol

import click
import rich_click
from sqlalchemy.orm import Session

from newsletter.cli import following, recovering, remedies
from newsletter.cli.arguments import ID, by_whom
from newsletter.cli.context import actor_on, opened
from newsletter.cli.output import as_json, show_json, show_line, show_table
from newsletter.delivery import mailings, statement
from newsletter.delivery.alerts import listing
from newsletter.delivery.models import DeliveryState, Mailing
from subscribers.actor import Actor

STATES = (*(state.value for state in DeliveryState), statement.SENDING)


class _Act(Protocol):
    def __call__(self, session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> None: ...


@click.group(cls=rich_click.RichGroup)
def mailing() -> None:
    """What was sent, to whom, and what became of it."""


for command in (following.progress, recovering.recover, remedies.missed, remedies.send_missed, remedies.resend):
    mailing.add_command(command)


@mailing.command("list")
@as_json
def list_(json_: bool) -> None:  # noqa: FBT001
    """Show the mailings, newest first."""
    with opened() as app, app.reading() as session:
        rows = mailings.every(session)
    if json_:
        show_json([mailings.as_json(row) for row in rows])
        return
    show_table(
        ("mailing", "kind", "name", "state", "due", "recipients"),
        (
            (row.id, _kind(row), row.name, row.state, f"{row.due_at:%Y-%m-%d %H:%M}", row.next_position - 1)
            for row in rows
        ),
        empty="Nothing was sent yet. `newsletter issue send ID` makes a mailing of an approved issue.",
    )


@mailing.command("statement")
@click.argument("mailing_id", type=ID, metavar="ID")
@as_json
def statement_(mailing_id: int, json_: bool) -> None:  # noqa: FBT001
    """Tell the numbers of a mailing; they add up at every moment."""
    with opened() as app, app.reading() as session:
        numbers = statement.statement(session, mailing_id).as_json()
        reason = mailings.mailing(session, mailing_id).reason
        alerts = listing.open_of(session, mailing_id=mailing_id)
        demo = app.settings.demo
    if json_:
        show_json(numbers)
        return
    width = max(len(name) for name in numbers)
    for name, value in numbers.items():
        click.echo(f"{name:{width}}  {value:>8}")
    if reason:
        click.echo(f"\n{reason}")
    for alert in alerts:
        click.echo(f"\nAlert {alert.id}: {listing.words_of(alert).line}")
    if demo:
        click.echo("\nThis is a demo installation (NEWSLETTER_DEMO=1): its links work on this machine only.")


@mailing.command()
@click.argument("mailing_id", type=ID, metavar="ID")
@click.option("--state", type=click.Choice(STATES), help="Only those.")
@as_json
def deliveries(mailing_id: int, state: str | None, json_: bool) -> None:  # noqa: FBT001
    """List the recipients of a mailing and what became of each; --json gives one object a line."""
    with opened() as app, app.reading() as session:
        rows = statement.deliveries(session, mailing_id, state=state)
        if json_:
            for row in rows:
                show_line(row.as_json())
            return
        show_table(
            ("position", "address", "state", "attempt", "reply"),
            (
                (
                    row.position,
                    row.address,
                    row.state,
                    row.attempt,
                    " ".join(map(str, filter(None, (row.code, row.reply)))),
                )
                for row in rows
            ),
            empty="Nobody.",
        )


@mailing.command()
@click.argument("mailing_id", type=ID, metavar="ID")
@by_whom
@as_json
def pause(mailing_id: int, address: str | None, json_: bool) -> None:  # noqa: FBT001
    """Stop sending within a second; nothing is lost."""
    _act(mailings.pause, mailing_id, address, json_=json_, told="is paused")


@mailing.command()
@click.argument("mailing_id", type=ID, metavar="ID")
@by_whom
@as_json
def resume(mailing_id: int, address: str | None, json_: bool) -> None:  # noqa: FBT001
    """Go on with a paused mailing."""
    _act(mailings.resume, mailing_id, address, json_=json_, told="goes on")


@mailing.command()
@click.argument("mailing_id", type=ID, metavar="ID")
@by_whom
@as_json
def cancel(mailing_id: int, address: str | None, json_: bool) -> None:  # noqa: FBT001
    """End a mailing; who has not got it yet will not."""
    _act(mailings.cancel, mailing_id, address, json_=json_, told="is cancelled")


def _kind(row: Mailing) -> str:
    return f"missed of {row.parent_id}" if row.parent_id else row.kind


def _act(act: _Act, mailing_id: int, address: str | None, *, json_: bool, told: str) -> None:
    """Do it, and answer with a sentence or with the statement as it is then."""
    with opened() as app:
        with app.writing() as session:
            act(
                session, mailings.mailing(session, mailing_id), by=actor_on(session, address, mailing_id), now=app.now()
            )
        with app.reading() as session:
            numbers = statement.statement(session, mailing_id).as_json()
    if json_:
        show_json(numbers)
        return
    click.echo(f"Mailing {mailing_id} {told}.")

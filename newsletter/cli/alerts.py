"""`newsletter alert …`."""

import click
import rich_click

from newsletter.cli.arguments import ID
from newsletter.cli.context import actor_on, opened
from newsletter.cli.output import as_json, show_json, show_table
from newsletter.delivery.alerts import acknowledging, listing


@click.group(cls=rich_click.RichGroup)
def alert() -> None:
    """What waits for a person."""


@alert.command("list")
@click.option("--all", "all_", is_flag=True, help="Also those that are over, the newest first.")
@as_json
def list_(all_: bool, json_: bool) -> None:  # noqa: FBT001
    """Show the alerts whose state lasts, the oldest first."""
    with opened() as app, app.reading() as session:
        rows = listing.every(session) if all_ else listing.standing(session)
    if json_:
        show_json([listing.as_json(row) for row in rows])
        return
    show_table(
        ("alert", "since", "times", "acknowledged by", "over", "what waits, and what to do"),
        (
            (
                row.id,
                f"{row.raised_at:%Y-%m-%d %H:%M}",
                row.count,
                row.acknowledged_by,
                f"{row.ended_at:%Y-%m-%d %H:%M}" if row.ended_at else "",
                listing.words_of(row).line,
            )
            for row in rows
        ),
        empty="Nothing waits for a person.",
    )


@alert.command()
@click.argument("alert_id", type=ID, metavar="ID")
@click.option("--by", "address", metavar="EMAIL", required=True, help="Who takes it on: an active staff user.")
@as_json
def acknowledge(alert_id: int, address: str, json_: bool) -> None:  # noqa: FBT001
    """Take an alert on, so that nobody is told of it again; it ends when its state is over."""
    with opened() as app, app.writing() as session:
        found = listing.alert(session, alert_id)
        is_theirs = acknowledging.acknowledge(
            session, found, by=actor_on(session, address, found.mailing_id), now=app.now()
        )
        told = listing.as_json(found)
    if json_:
        show_json(told)
        return
    before = "" if is_theirs else " already"
    click.echo(f"Alert {alert_id} was acknowledged{before} by {told['acknowledged_by']}.")

"""`newsletter retention …`."""

from typing import Any

import click
import rich_click

from newsletter.app import App
from newsletter.cli.context import opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.readers.retention.running import next_run
from subscribers.actor import Actor


@click.group(cls=rich_click.RichGroup, invoke_without_command=True)
@as_json
@click.pass_context
def retention(ctx: click.Context, json_: bool) -> None:  # noqa: FBT001
    """Tell how long each kind of data about people is kept, and what of it is due to end now."""
    if ctx.invoked_subcommand is not None:
        return
    with opened() as app:
        found, at = _clocks(app), next_run(app.now())
    if json_:
        show_json({"next_run": at.isoformat(), "clocks": found})
        return
    rows = [(each["name"], each["days"], each["since"], each["due"]) for each in found]
    show_table(("what", "days", "since", "due now"), rows, empty="")
    say(f"A worker ends what is due at {at:%Y-%m-%d %H:%M} UTC. [retention] in newsletter.toml sets the days.")


@retention.command()
@click.option("--dry-run", is_flag=True, help="Tell what would end, and change nothing.")
@as_json
def run(dry_run: bool, json_: bool) -> None:  # noqa: FBT001
    """End now what is due, as a worker does once a day."""
    with opened() as app:
        clocks, now = app.retention(), app.now()
        numbers = clocks.due(now=now) if dry_run else clocks.run(by=Actor.command_line(), now=now)
    if json_:
        show_json(numbers)
        return
    rows = [(name, number) for name, number in numbers.items() if number]
    show_table(("what", "would end" if dry_run else "ended"), rows, empty="Nothing is due.")


def _clocks(app: App) -> list[dict[str, Any]]:
    kept = app.retention()
    due = kept.due(now=app.now())
    return [
        {
            "name": clock.name,
            "kept": clock.kept,
            "since": clock.since,
            "days": clock.days,
            "then": clock.then,
            "due": due[clock.name],
        }
        for clock in kept.clocks
    ]

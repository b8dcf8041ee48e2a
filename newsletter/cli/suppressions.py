"""`newsletter suppression …`."""

import dataclasses
import sys
from pathlib import Path

import click
import rich_click

from newsletter.app import App
from newsletter.cli.context import opened
from newsletter.cli.output import as_json, progress, say, show_json, show_table
from subscribers import suppressing, suppression
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.models import SuppressionReason
from subscribers.suppressing import Import, Report, Sheet

SHOWN_BAD_ROWS = 20
HASH_DIGITS = 16  # on a terminal; enough to tell two apart
REASONS = click.Choice([reason.value for reason in SuppressionReason])


@click.group(cls=rich_click.RichGroup)
def suppression_group() -> None:
    """The addresses that are not mailed, and why. They are kept as hashes: nobody can read them back."""


@suppression_group.command()
@click.argument("email")
@click.option("--reason", type=REASONS, default=SuppressionReason.BLOCKED.value, show_default=True)
@click.option("--note", default="", metavar="TEXT", help="Why, for colleagues; no address.")
def add(email: str, reason: str, note: str) -> None:
    """Stop all mail to an address, also what is planned."""
    address, wanted = EmailAddress.parse(email), SuppressionReason(reason)
    with opened() as app, app.writing() as session:
        by = Actor.command_line()
        suppression.add(session, address, wanted, secret=app.secret, by=by, now=app.now(), note=note)
    click.echo(f"{address} is suppressed: {reason}.")


@suppression_group.command()
@click.argument("email")
@click.option("--reason", "reasons", type=REASONS, multiple=True, help="Else bounced and blocked.")
@click.option("--because", default="", metavar="TEXT", help="What mistake it was set by, where the reader set it.")
def lift(email: str, reasons: tuple[str, ...], because: str) -> None:
    """Let an address be mailed again."""
    address = EmailAddress.parse(email)
    wanted = frozenset(SuppressionReason(reason) for reason in reasons) or suppression.LIFTED_BY_STAFF
    with opened() as app, app.writing() as session:
        by, now = Actor.command_line(), app.now()
        lifted = suppression.lift(session, address, reasons=wanted, secret=app.secret, by=by, now=now, because=because)
        left = suppression.held(session, address, secret=app.secret)
    click.echo(f"Lifted: {', '.join(sorted(lifted))}." if lifted else "Nothing was lifted.")
    if left:
        click.echo(f"{address} stays suppressed: {', '.join(row.reason for row in left)}.")


@suppression_group.command()
@click.argument("email")
@as_json
def check(email: str, json_: bool) -> None:  # noqa: FBT001  # Click passes flags so
    """Tell whether an address is mailed, and why not."""
    address = EmailAddress.parse(email)
    with opened() as app, app.reading() as session:
        rows = suppression.held(session, address, secret=app.secret)
    if json_:
        show_json({"address": address.address, "suppressed": [suppression.as_json(row) for row in rows]})
        return
    if not rows:
        click.echo(f"{address} is not suppressed.")
    for row in rows:
        note = f" ({row.note})" if row.note else ""
        click.echo(f"{address} is suppressed since {row.at:%Y-%m-%d %H:%M} UTC: {row.reason}{note}.")


@suppression_group.command("list")
@click.option("--reason", type=REASONS, default=None, help="Only those.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@as_json
def list_(reason: str | None, limit: int, json_: bool) -> None:  # noqa: FBT001
    """Show the suppressions that were set last; `suppression export` gives all."""
    wanted = SuppressionReason(reason) if reason else None
    with opened() as app, app.reading() as session:
        rows = suppression.newest(session, reason=wanted, most=limit)
        counted = suppression.counts(session)
    if json_:
        show_json([suppression.as_json(row) for row in rows])
        return
    show_table(
        ("address", "reason", "since", "note"),
        ((f"{row.address_hash[:HASH_DIGITS]}…", row.reason, f"{row.at:%Y-%m-%d %H:%M}", row.note) for row in rows),
        empty="No address is suppressed.",
    )
    told = ", ".join(f"{number} {name}" for name, number in counted.items() if number)
    if rows:
        say(f"Altogether: {told}.")


@suppression_group.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--reason", type=REASONS, default=None, help="Of the rows that name none.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and change nothing.")
@as_json
def import_(file: Path, reason: str | None, dry_run: bool, json_: bool) -> None:  # noqa: FBT001
    """Suppress the addresses of a CSV file, such as what another system calls cleaned or unsubscribed.

    Also takes what `suppression export` wrote with the same secret. Delimiter and encoding are found out.
    """
    default = SuppressionReason(reason) if reason else None
    with opened() as app, suppressing.opened(file) as sheet:
        bad_rows = app.settings.home / "imports" / f"{file.stem}-bad-rows.csv"
        report = _run(app, sheet, default=default, bad_rows=bad_rows, dry_run=dry_run)
    if json_:
        kept = str(bad_rows) if report.bad_rows and not dry_run else None
        show_json({**dataclasses.asdict(report), "bad_rows_file": kept})
        return
    _tell(report, kept=None if dry_run else bad_rows)


@suppression_group.command()
def export() -> None:
    """Write all suppressions as CSV to standard output: hashes, for an installation with the same secret."""
    by = Actor.command_line()
    with opened() as app:
        with app.writing() as session:
            suppressing.begin(session, by=by, now=app.now())
        with app.reading() as session:
            for line in suppressing.lines(session, secret=app.secret, by=by):
                sys.stdout.write(line)


def _run(app: App, sheet: Sheet, *, default: SuppressionReason | None, bad_rows: Path, dry_run: bool) -> Report:
    """Take the file in chunk by chunk, each in its own transaction, so that readers and senders go on meanwhile."""
    if not dry_run:
        bad_rows.parent.mkdir(parents=True, exist_ok=True)
    with Import(sheet, by=Actor.command_line(), bad_rows=bad_rows) as run, progress("Importing") as bar:
        for chunk in sheet.chunks(secret=app.secret, default=default):
            if dry_run:
                with app.reading() as session:
                    run.rehearse(session, chunk)
            else:
                with app.writing() as session:
                    run.take(session, chunk, now=app.now())
            bar.to(chunk.bytes_read, sheet.size_bytes)
        return run.report()


def _tell(report: Report, *, kept: Path | None) -> None:
    rows = "1 row" if report.rows == 1 else f"{report.rows} rows"
    click.echo(f"{rows}: {report.added} {'' if kept else 'would be '}suppressed.")
    for number, what in (
        (report.already_there, "suppressed before"),
        (report.duplicates, "more than once in the file"),
        (report.bad_rows, "bad"),
    ):
        if number:
            click.echo(f"{number} {what}.")
    for line, reason in report.bad[:SHOWN_BAD_ROWS]:
        say(f"  line {line}: {reason}")
    if report.bad_rows > SHOWN_BAD_ROWS:
        say(f"  … and {report.bad_rows - SHOWN_BAD_ROWS} more")
    if report.bad_rows and kept:
        say(f"The bad rows are kept in {kept}; mend them there and import that file.")
    if report.ignored_columns:
        say(f"Nothing was taken from: {', '.join(report.ignored_columns)}.")

"""`newsletter mailing recover`: after a restore, what the journals know and the database does not."""

import datetime as dt
import time
from collections.abc import Iterator

import click
import rich_click

from newsletter.app import configure_log
from newsletter.cli.arguments import by_whom
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, progress, say, show_json
from newsletter.delivery import restoring
from newsletter.delivery.journals import Journals
from newsletter.delivery.patience import Patient
from newsletter.delivery.recovering import Recovery
from newsletter.delivery.restoring import Findings, Stranger


@click.command(cls=rich_click.RichCommand)
@click.option("--without", multiple=True, metavar="HOST", help="A machine that will not come back.")
@by_whom
@as_json
def recover(without: tuple[str, ...], address: str | None, json_: bool) -> None:  # noqa: FBT001
    """After a restore, tell the database what the journals of this machine know.

    Mailings stay paused, to be resumed one by one. Doing it again changes nothing more. Without another machine's
    journals, whatever it may have sent is unknown, and only a person resends that.
    """
    configure_log()
    with opened() as app:
        with app.reading() as session:
            by = actor(session, address)
        journals = Journals(app.settings.journal_folder, monotonic=time.monotonic)
        patient = Patient(app.database, sleep=time.sleep)  # noqa: TID251  # wiring gives what others take
        lost_after = dt.timedelta(minutes=app.settings.lost_after_minutes)
        recovery = Recovery(patient, journals, lost_after=lost_after, clock=app.now)
        with progress("Reading journals") as bar:
            found = restoring.recover(
                app.database, journals, recovery=recovery, by=by, clock=app.now, without=without, told=bar.to
            )
    if json_:
        show_json(_as_json(found))
        return
    for line in _lines(found):
        click.echo(line)
    if found.happened:
        say("Issues, lists and settings are as they were when the backup was made; see docs/restoring.md.")


def _lines(found: Findings) -> Iterator[str]:
    yield found.happened or "Home and database match; nothing was restored."
    between = f", of {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC" if found.since else ""
    yield f"Journals read: {found.journals}{between}."
    yield f"Sent, and new to the database: {found.accepted}."
    others = found.settled.total() - found.accepted - found.unknown + found.lost
    if others:
        yield f"Refused or to be tried again, and new to the database: {others}."
    if found.unknown:
        yield f"Nobody can know whether they got it: {found.unknown}. They are unknown; only a person resends them."
    for stranger, number in found.strangers.items():
        yield f"{_named(stranger)} is not in the database anymore; {number} were on their way or sent."
        yield "  Do not send its issue again to everybody."
    for mailing, number in found.absent.items():
        yield f"Mailing {mailing} went to {number} who are not in its audience now."
    if found.others:
        yield f"Do the same on {', '.join(found.others)} before you resume anything."
    for mailing in found.waiting:
        yield f"Mailing {mailing} is paused: see `newsletter mailing statement {mailing}`, then resume or cancel it."


def _named(stranger: Stranger) -> str:
    made = f", made {stranger.made_at:%Y-%m-%d %H:%M} UTC" if stranger.made_at else ""
    return f"Mailing {stranger.mailing_id}, “{stranger.name}”{made},"


def _as_json(found: Findings) -> dict[str, object]:
    return {
        "happened": found.happened,
        "journals": found.journals,
        "since": found.since.isoformat() if found.since else None,
        "until": found.until.isoformat() if found.until else None,
        "settled": {
            verdict.value: number for verdict, number in sorted(found.settled.items(), key=lambda one: one[0].value)
        },
        "unknown": found.unknown,
        "missing_mailings": [
            {
                "mailing": stranger.mailing_id,
                "name": stranger.name,
                "made_at": stranger.made_at.isoformat() if stranger.made_at else None,
                "recipients": number,
            }
            for stranger, number in found.strangers.items()
        ],
        "not_in_audience": [{"mailing": mailing, "recipients": number} for mailing, number in found.absent.items()],
        "other_machines": list(found.others),
        "paused": list(found.waiting),
    }

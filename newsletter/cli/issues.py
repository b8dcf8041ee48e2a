"""`newsletter issue …`."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

import click
import rich_click
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.checks.finding import Finding, Severity
from newsletter.cli.arguments import ID, Moment, Numbers, by_whom, text_or_file
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.delivery import dispatching, samples, trials
from newsletter.delivery.archive import correcting
from newsletter.errors import NewsletterError
from newsletter.issues import approving, composing, editions, listing, publications, revisions
from newsletter.news import pool
from newsletter.news.models import NewsItem
from subscribers.actor import Actor
from subscribers.address import EmailAddress


class ApprovalOutdated(NewsletterError):
    """What was approved is no longer what would be sent."""

    def __init__(self, issue_id: int) -> None:
        super().__init__(
            f"Issue {issue_id} is no longer what was approved (its design, brand or sender changed). It is a draft "
            f"again: look at it, then `newsletter issue approve {issue_id} --by …`."
        )
        self.issue_id = issue_id


@click.group(cls=rich_click.RichGroup)
def issue() -> None:
    """Compose, check, approve and send an issue."""


@issue.command()
@click.argument("publication")
@click.option("--items", type=Numbers(), metavar="4,2,7", help="News items in reading order; the first is the lead.")
@click.option("--suggest", is_flag=True, help="Take the newest items the publication has not used.")
@click.option("--subject", default="", metavar="S", help="Else the lead story's title.")
def create(publication: str, items: tuple[int, ...] | None, suggest: bool, subject: str) -> None:  # noqa: FBT001
    """Make a draft. The last line is its id alone."""
    if bool(items) == suggest:
        raise click.UsageError("Say which news: either --items 4,2,7 or --suggest.")
    with opened() as app, app.writing() as session:
        found = publications.named(session, publication)
        made = composing.create(
            session,
            found,
            items=_chosen(session, items) if items else composing.suggested(session, found),
            subject=subject,
            by=Actor.command_line(),
            now=app.now(),
        )
    say(f"Issue {made.id} of “{publication}” is a draft.")
    click.echo(made.id)


@issue.command("list")
@as_json
def list_(json_: bool) -> None:  # noqa: FBT001
    """Show the issues, newest first."""
    with opened() as app, app.reading() as session:
        rows = [listing.as_json(row) for row in listing.every(session)]
    if json_:
        show_json(rows)
        return
    show_table(
        ("issue", "publication", "state", "subject"),
        ((row["id"], row["publication"], row["state"], row["subject"]) for row in rows),
        empty="There is no issue yet. `newsletter issue create PUBLICATION --suggest` makes one.",
    )


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR")
def render(issue_id: int, output: Path) -> None:
    """Write issue.html, issue.txt, issue.eml and findings.json as a sample reader would get them."""
    with opened() as app, app.reading() as session:
        edition = _edition(session, app, issue_id)
        sample = samples.sample(edition.compiled, secret=app.secret, public_url=app.site.public_url, now=app.now())
        files = {
            "issue.html": sample.html.encode(),
            "issue.txt": sample.text.encode(),
            "issue.eml": sample.message,
            "findings.json": json.dumps(_as_json(edition.findings), ensure_ascii=False, indent=2).encode(),
        }
    output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (output / name).write_bytes(content)
        click.echo(output / name)


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@as_json
@click.pass_context
def check(ctx: click.Context, issue_id: int, json_: bool) -> None:  # noqa: FBT001
    """Look for what keeps the issue from going out; exit status 1 where an error stands."""
    with opened() as app, app.reading() as session:
        edition = _edition(session, app, issue_id)
        findings, language = edition.findings, edition.frame.language
    if json_:
        show_json(_as_json(findings))
    else:
        _show(findings, language)
    if edition.errors:
        ctx.exit(1)


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@click.option("--to", "address", required=True, metavar="ADDR", help="Who gets the test.")
def test(issue_id: int, address: str) -> None:
    """Send the issue as it stands to one address. The last line is the mailing id alone."""
    recipient = EmailAddress.parse(address)
    with opened() as app, app.writing() as session:
        edition = _edition(session, app, issue_id)
        mailing = trials.send(
            session, edition, issue_id=issue_id, address=recipient, by=Actor.command_line(), now=app.now()
        )
    say(f"A test of issue {issue_id} waits for a worker (`newsletter worker --until-idle`).")
    click.echo(mailing.id)


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@click.option("--by", "address", metavar="EMAIL", help="Who submits; else the command line.")
def submit(issue_id: int, address: str | None) -> None:
    """Hand the issue to whoever approves."""
    with opened() as app, app.writing() as session:
        found = revisions.issue(session, issue_id)
        by = actor(session, address, publication_id=found.publication_id)
        approving.submit(session, found, by=by, now=app.now())
    click.echo(f"Issue {issue_id} is in review.")


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@click.option("--by", "address", required=True, metavar="EMAIL", help="An active staff user who may approve.")
def approve(issue_id: int, address: str) -> None:
    """Give the word that exactly this goes out."""
    with opened() as app:
        with app.reading() as session:
            ready = approving.made_ready(session, revisions.issue(session, issue_id), site=app.site)
        with app.writing() as session:
            found = revisions.issue(session, issue_id)
            by = actor(session, address, publication_id=found.publication_id)
            approval = approving.approve(session, found, site=app.site, by=by, now=app.now(), ready=ready)
    click.echo(f"Issue {issue_id} is approved, stored as {approval.compiled[:12]}.")


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@click.option("--at", type=Moment(), metavar="2026-12-01T10:00+01:00", help="When; else at once.")
def send(issue_id: int, at: dt.datetime | None) -> None:
    """Send what was approved. A worker does it when it is due; the last line is the mailing id alone."""
    by = Actor.command_line()
    with opened() as app:
        with app.writing() as session:
            found = revisions.issue(session, issue_id)
            was_approved = found.state == "approved"
            holds = approving.still_holds(session, found, site=app.site, by=by, now=app.now())
        if was_approved and not holds:
            raise ApprovalOutdated(issue_id)
        with app.writing() as session:
            found = revisions.issue(session, issue_id)
            mailing = dispatching.send(session, found, at=at, by=by, now=app.now())
    say(
        f"Issue {issue_id} goes out {f'at {at:%Y-%m-%d %H:%M} UTC' if at else 'at once'}; `newsletter worker` sends it."
    )
    click.echo(mailing.id)


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@click.option("--text", required=True, metavar="TEXT_OR_FILE", help="What was wrong and what is right; plain text.")
@by_whom
def correct(issue_id: int, text: str, address: str | None) -> None:
    """Put a dated correction above an issue in the archive; the issue itself stays as it was sent."""
    words = text_or_file(text)
    with opened() as app, app.writing() as session:
        made = correcting.correct(session, issue_id, text=words, by=actor(session, address), now=app.now())
        number = made.id
    click.echo(f"Issue {issue_id} has correction {number}.")


@issue.command()
@click.argument("issue_id", type=ID, metavar="ID")
@as_json
def corrections(issue_id: int, json_: bool) -> None:  # noqa: FBT001
    """Show what was put right in an issue, newest first."""
    with opened() as app, app.reading() as session:
        revisions.issue(session, issue_id)
        found = correcting.corrections_of(session, issue_id)
        rows = [{"id": each.id, "at": each.at.isoformat(), "by": each.author, "text": each.text} for each in found]
    if json_:
        show_json(rows)
        return
    show_table(
        ("correction", "at", "by", "text"),
        ((row["id"], row["at"], row["by"], row["text"]) for row in rows),
        empty=f"Issue {issue_id} was not corrected. `newsletter issue correct {issue_id} --text …` does so.",
    )


def _edition(session: Session, app: App, issue_id: int) -> editions.Edition:
    return editions.edition_of(session, revisions.issue(session, issue_id), app.site)


def _chosen(session: Session, ids: Sequence[int]) -> list[NewsItem]:
    return [pool.item(session, item_id) for item_id in ids]


def _as_json(findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    return [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "block": finding.block,
            "message": {"de": finding.de, "en": finding.en},
        }
        for finding in findings
    ]


def _show(findings: tuple[Finding, ...], language: str) -> None:
    for finding in findings:
        mark = click.style("✗", fg="red") if finding.severity is Severity.ERROR else click.style("!", fg="yellow")
        where = f" [{finding.block}]" if finding.block else ""
        click.echo(f"{mark} {finding.code}{where}: {finding.de if language == 'de' else finding.en}")
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    click.echo(f"Errors: {errors}, warnings: {len(findings) - errors}.")

"""`newsletter subscriber …`."""

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
import rich_click

from newsletter.app import App
from newsletter.cli.arguments import by_whom, is_file, text_of, text_or_file
from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, progress, say, show_json
from newsletter.i18n import LANGUAGES
from newsletter.readers import disclosing, erasing, proofs, signing_up
from subscribers import exporting, importing, lists, people
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.importing import Import, ProofFile, Report, Sheet, leftovers
from subscribers.people import Person
from subscribers.subscribing import ConfirmationDue

SHOWN_BAD_ROWS = 20


@click.group(cls=rich_click.RichGroup)
def subscriber() -> None:
    """The people on the lists."""


@subscriber.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--list", "list_slug", required=True, metavar="L")
@click.option("--consent-proof", metavar="TEXT_OR_FILE", help="What shows that they agreed; kept for each person.")
@click.option("--consent-wording", metavar="TEXT_OR_FILE", help="The exact words of the form they agreed to.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and change nothing.")
@as_json
def import_(  # noqa: PLR0917  # Click passes them by name
    file: Path,
    list_slug: str,
    consent_proof: str | None,
    consent_wording: str | None,
    dry_run: bool,  # noqa: FBT001  # Click passes flags so
    json_: bool,  # noqa: FBT001
) -> None:
    """Bring people in from a CSV file; delimiter and encoding are found out.

    With proof they are confirmed, without it they are pending. Nobody is mailed. Columns such as consent_at,
    consent_source, consent_ip and consent_text are kept as the proof of their row; of a scan or another file
    that is no text a copy is kept in the home.
    """
    wording = text_or_file(consent_wording) if consent_wording else None
    with opened() as app, importing.opened(file) as sheet:
        bad_rows = leftovers.path_of(app.settings.imports_folder, file)
        proof = _proof(app, consent_proof or "", wording=wording, dry_run=dry_run)
        report = _run(app, sheet, proof, list_slug=list_slug, bad_rows=bad_rows, dry_run=dry_run)
    if json_:
        kept = str(bad_rows) if report.bad_rows and not dry_run else None
        show_json({**dataclasses.asdict(report), "bad_rows_file": kept})
        return
    _tell(report, as_what="confirmed" if proof.is_given else "pending", kept=None if dry_run else bad_rows)


@subscriber.command()
@click.argument("email")
@click.option("--list", "list_slug", required=True, metavar="L")
@click.option("--requested-by", required=True, metavar="TEXT", help="Who asked for it, when and how; kept as evidence.")
@click.option("--salutation", default="")
@click.option("--title", default="")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--organisation", default="")
@click.option("--region", default="")
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="Else the list's.")
def add(email: str, list_slug: str, requested_by: str, language: str | None, **told: str) -> None:
    """Put somebody on a list who asked for it; a confirmation mail asks them."""
    address = EmailAddress.parse(email)
    with opened() as app, app.writing() as session:
        mailing_list = lists.named(session, list_slug)
        decision = signing_up.add_requested(
            session,
            mailing_list,
            address=address,
            requested_by=requested_by,
            person=Person(**told, language=language or mailing_list.language),
            secret=app.secret,
            by=Actor.command_line(),
            now=app.now(),
        )
    if isinstance(decision, ConfirmationDue):
        click.echo(f"{address.address} is pending; a confirmation mail waits for a worker.")
        return
    click.echo(f"Nothing was changed: {decision.reason}.")


@subscriber.command()
@click.argument("email")
def show(email: str) -> None:
    """Tell what is kept of a person, as JSON."""
    with opened() as app, app.reading() as session:
        found = exporting.show(session, EmailAddress.parse(email), by=Actor.command_line())
    show_json(found)


@subscriber.command()
@click.argument("email", required=False)
@click.option("--list", "list_slug", metavar="L", help="Instead of one person: everybody on this list, as CSV.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Instead of standard output.")
def export(email: str | None, list_slug: str | None, output: Path | None) -> None:
    """Write everything that is kept of a person as JSON, as the law lets them ask for; or a list as CSV."""
    if (email is None) == (list_slug is None):
        raise click.UsageError("Say whom: either EMAIL, or --list L.")
    with opened() as app, _written_to(output) as file:
        if list_slug is not None:
            _export_list(app, list_slug, file)
            return
        with app.writing() as session:
            person = people.known(session, EmailAddress.parse(email or ""))
            found = disclosing.disclose(session, person.id, by=Actor.command_line(), now=app.now())
        file.write(f"{json.dumps(found, ensure_ascii=False, indent=2)}\n")


@subscriber.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by_whom
def erase(email: str, yes: bool, address: str | None) -> None:  # noqa: FBT001
    """Erase everything that is kept of a person, for good; they are not imported again.

    The address is kept as a keyed hash alone. Coming back takes a sign-up of their own, and its confirmation.
    """
    wanted = EmailAddress.parse(email)
    with opened() as app:
        with app.reading() as session:
            people.known(session, wanted)
        if not yes:
            click.confirm(
                f"Erase {wanted.address}, and everything that is kept of them, for good?", abort=True, err=True
            )
        with app.writing() as session:
            person = people.known(session, wanted)
            erasing.erase(session, person.id, secret=app.secret, by=actor(session, address), now=app.now())
    click.echo(f"Subscriber {person.id} is erased. Backups made before still hold them.")


def _export_list(app: App, list_slug: str, file: TextIO) -> None:
    by = Actor.command_line()
    with app.writing() as session:
        mailing_list = lists.named(session, list_slug)
        exporting.begin(session, mailing_list, by=by, now=app.now())
    with app.reading() as session:
        file.writelines(exporting.lines(session, mailing_list, by=by))


@contextmanager
def _written_to(output: Path | None) -> Iterator[TextIO]:
    """A file that nobody else may read, or standard output."""
    if output is None:
        yield sys.stdout
        return
    with open(output, "w", encoding="utf-8", newline="", opener=_for_us_alone) as file:
        yield file


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


@dataclasses.dataclass(frozen=True, slots=True)
class _Proof:
    """What was said of the consent of all people of a file."""

    stated: str | None
    wording: str | None
    file: ProofFile | None

    @property
    def is_given(self) -> bool:
        return bool(self.stated and self.stated.strip()) or self.file is not None


def _proof(app: App, text_or_path: str, *, wording: str | None, dry_run: bool) -> _Proof:
    """Take the proof: a text as it is; a file is kept whole, and if it is a text, its words too."""
    path = Path(text_or_path)
    if not text_or_path or not is_file(path):
        return _Proof(text_or_file(text_or_path) if text_or_path else None, wording, None)
    kept = proofs.kept(path, app.settings.proofs_folder, dry_run=dry_run)
    return _Proof(text_of(path), wording, kept)


def _run(app: App, sheet: Sheet, proof: _Proof, *, list_slug: str, bad_rows: Path, dry_run: bool) -> Report:
    """Import chunk by chunk, each in its own transaction, so that readers and senders go on meanwhile."""
    with app.reading() as session:
        mailing_list = lists.named(session, list_slug)
    if not dry_run:
        bad_rows.parent.mkdir(parents=True, exist_ok=True)
    by = Actor.command_line()
    with (
        Import(
            sheet,
            mailing_list,
            proof=proof.stated,
            secret=app.secret,
            by=by,
            bad_rows=bad_rows,
            wording=proof.wording,
            proof_file=proof.file,
        ) as run,
        progress("Importing") as bar,
    ):
        for chunk in sheet.chunks():
            if dry_run:
                with app.reading() as session:
                    run.rehearse(session, chunk)
            else:
                with app.writing() as session:
                    run.take(session, chunk, now=app.now())
            bar.to(run.report().rows)
        return run.report()


def _tell(report: Report, *, as_what: str, kept: Path | None) -> None:
    would = "" if kept else "would be "
    rows = "1 row" if report.rows == 1 else f"{report.rows} rows"
    click.echo(f"{rows}: {report.imported} {would}imported as {as_what}.")
    for number, what in (
        (report.already_there, "on the list already, left as before"),
        (report.duplicates, "more than once in the file"),
        (report.suppressed, "suppressed, left out"),
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

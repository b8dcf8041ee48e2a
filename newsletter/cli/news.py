"""`newsletter news …`."""

from collections import Counter
from pathlib import Path

import click
import rich_click

from newsletter.cli.context import opened
from newsletter.cli.output import as_json, progress, say, show_json, show_table
from newsletter.errors import NewsletterError
from newsletter.issues import revisions
from newsletter.news import gathering, importing, pool
from newsletter.news.gathering import SourceResult
from newsletter.news.importing import Imported
from newsletter.news.models import SourceKind
from subscribers.actor import Actor


class SomeFailed(NewsletterError):
    """Some of what was asked for gave nothing; the rest is in the pool."""

    def __init__(self, failed: int, asked: int) -> None:
        super().__init__(f"{failed} of {asked} gave nothing; what the others gave is in the pool.")
        self.failed = failed


@click.group(cls=rich_click.RichGroup)
def news() -> None:
    """Sources, and the pool of news items."""


@news.command("add-source")
@click.argument("url")
@click.option("--kind", type=click.Choice([kind.value for kind in SourceKind]), default="feed", show_default=True)
def add_source(url: str, kind: str) -> None:
    """Ask an address for news from now on, whenever `news fetch` runs."""
    with opened() as app, app.writing() as session:
        source = pool.add_source(session, url, kind=SourceKind(kind), by=Actor.command_line(), now=app.now())
    click.echo(f"Source {source.id} is ready; `newsletter news fetch` asks it.")


@news.command()
def fetch() -> None:
    """Ask all sources; one that is broken never stops the others."""
    with opened() as app, progress("Asking sources") as bar:
        results = []
        for result in gathering.fetch_sources(app, app.gatherer, by=Actor.command_line(), now=app.now()):
            results.append(result)
            bar.to(len(results))
    if not results:
        click.echo("There is no source to ask. `newsletter news add-source URL` makes one.")
        return
    for result in results:
        _tell_source(result)
    failed = sum(bool(result.failure) for result in results)
    if failed:
        raise SomeFailed(failed, len(results))


@news.command("import")
@click.argument("what", nargs=-1, required=True, metavar="PATH_OR_URL…")
def import_(what: tuple[str, ...]) -> None:
    """Bring in a feed, a page, or a file (feed, .html, .txt, .md)."""
    failures: list[NewsletterError] = []
    with opened() as app:
        for path_or_url in what:
            try:
                imported = importing.import_from(
                    app, path_or_url, gatherer=app.gatherer, by=Actor.command_line(), now=app.now()
                )
            except NewsletterError as error:
                failures.append(error)
                if len(what) > 1:
                    say(f"✗ {error}")
            else:
                _tell_import(imported)
    if len(failures) == 1 == len(what):
        raise failures[0]
    if failures:
        raise SomeFailed(len(failures), len(what))


@news.command("list")
@click.option("--unused", is_flag=True, help="Only what no issue uses.")
@as_json
def list_(unused: bool, json_: bool) -> None:  # noqa: FBT001
    """Show the pool, newest first."""
    with opened() as app, app.reading() as session:
        used = revisions.uses(session)
        items = pool.items(session, without=tuple(used) if unused else ())
        sources = {source.id: source.url for source in pool.sources(session)}
    if json_:
        show_json(
            [pool.as_json(item, used.get(item.id, ()), sources.get(item.source_id or 0, item.origin)) for item in items]
        )
        return
    show_table(
        ("item", "date", "title", "used in"),
        ((item.id, item.date, item.title, ", ".join(map(str, used.get(item.id, ())))) for item in items),
        empty="The pool is empty. `newsletter news import PATH_OR_URL` or `newsletter news fetch` fills it.",
    )


def _tell_source(result: SourceResult) -> None:
    if result.failure:
        say(f"✗ {result.failure}")
        return
    click.echo(f"✓ {result.url}: {result.new} new, {result.changed} changed, {result.unchanged} unchanged")


def _tell_import(imported: Imported) -> None:
    outcomes = Counter(entry.outcome.value for entry in imported.kept)
    told = ", ".join(f"{outcomes[name]} {name}" for name in ("new", "changed", "unchanged") if outcomes[name])
    name = imported.origin if "://" in imported.origin else Path(imported.origin).name
    click.echo(f"✓ {name}: {told or 'nothing'}")

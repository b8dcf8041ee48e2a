"""`newsletter mailing progress`: how a mailing is getting on, once or until it ends."""

import contextlib
import datetime as dt
import time
from collections.abc import Iterable

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from newsletter.cli.arguments import ID
from newsletter.cli.context import opened
from newsletter.cli.output import as_json, show_json, show_line
from newsletter.delivery import progress as looking
from newsletter.delivery.progress import Failure, Progress

SHOWN_FAILURES = 10  # on a terminal; all of them in JSON


@click.command()
@click.argument("mailing_id", type=ID, metavar="ID")
@click.option("--follow", is_flag=True, help="Go on until the mailing is sent, cancelled or paused.")
@as_json
def progress(mailing_id: int, follow: bool, json_: bool) -> None:  # noqa: FBT001
    """Tell how fast a mailing goes, when it may end, and what failed. With --follow --json: an object a line."""
    with opened() as app:

        def look(now: dt.datetime) -> Progress:
            with app.reading() as session:
                return looking.progress(session, mailing_id, now=now)

        if follow:
            seen = looking.follow(look, clock=app.now, sleep=time.sleep)  # noqa: TID251  # the adapter gives it
            show_following(seen, json_=json_, console=Console())
        elif json_:
            show_json(look(app.now()).as_json())
        else:
            _show_once(look(app.now()))


def show_following(seen: Iterable[Progress], *, json_: bool, console: Console) -> None:
    """Show each as it comes: a picture that changes on a terminal, else a line for each that differs.

    Whoever has seen enough presses Ctrl+C, which ends the looking and nothing else.
    """
    with contextlib.suppress(KeyboardInterrupt):
        if json_:
            for one in seen:
                show_line(one.as_json())
        elif console.is_terminal:
            _show_pictures(seen, console)
        else:
            _show_lines(seen)


def picture(seen: Progress) -> RenderableType:
    """The bar with its numbers, and what failed below."""
    made = seen.statement
    bar = ProgressBar(
        total=max(made.recipients, 1),
        completed=seen.settled or int(not made.recipients),
        width=32,
        complete_style="blue",  # the usual red is for what is wrong
        finished_style="green",
    )
    shown = Table.grid(padding=(0, 2))
    shown.add_row(f"Mailing {made.mailing}: {made.state}", bar, f"{seen.settled} of {made.recipients}")
    return Group(shown, Text(", ".join(_numbers(seen))), *_failures(seen.failures))


def _show_once(seen: Progress) -> None:
    click.echo(_line(seen))
    width = len(str(max((failure.number for failure in seen.failures), default=0)))
    for failure in seen.failures:
        click.echo(f"{failure.number:>{width}}  {failure.state}: {_reason(failure)}")


def _show_pictures(seen: Iterable[Progress], console: Console) -> None:
    with Live(console=console, auto_refresh=False) as shown:
        for one in seen:
            shown.update(picture(one), refresh=True)


def _show_lines(seen: Iterable[Progress]) -> None:
    before = None
    for one in seen:
        if one.statement != before:
            click.echo(_line(one))
        before = one.statement


def _line(seen: Progress) -> str:
    """The mailing in one line: its state, what is done, what was accepted, how fast, and until when."""
    made = seen.statement
    done = f"{made.state}: {seen.settled} of {made.recipients} settled"
    return ", ".join((done, *_numbers(seen)))


def _numbers(seen: Progress) -> Iterable[str]:
    made = seen.statement
    yield f"{made.accepted} accepted"
    if made.deferred:
        yield f"{made.deferred} to be tried again"
    if seen.is_moving:
        yield f"{seen.per_second:g} a second"
    if seen.expected_end:
        yield f"ends about {seen.expected_end:%Y-%m-%d %H:%M:%S} UTC"


def _failures(failures: tuple[Failure, ...]) -> Iterable[RenderableType]:
    if not failures:
        return
    table = Table.grid(padding=(0, 2))
    for failure in failures[:SHOWN_FAILURES]:
        table.add_row(Text(str(failure.number), justify="right"), failure.state, Text(_reason(failure)))
    yield Text()
    yield table
    if len(failures) > SHOWN_FAILURES:
        yield Text(f"and {len(failures) - SHOWN_FAILURES} reasons more")


def _reason(failure: Failure) -> str:
    words = (failure.code, failure.enhanced, failure.reason, failure.reply)
    return " ".join(str(word) for word in words if word)

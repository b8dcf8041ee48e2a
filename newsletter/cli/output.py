"""How commands answer: tables for people, JSON for programs, progress on a terminal."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

UNWRAPPED_COLUMNS = 10_000  # of a pipe or a file: one row stays one line, for grep and cut

as_json = click.option("--json", "json_", is_flag=True, help="Answer in JSON, with English keys in any language.")


def show_json(value: object) -> None:
    """Print one JSON document, readable, umlauts as they are."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_line(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print a table, or the sentence `empty`, which says what to do next."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))  # Text: “[b]” in a title stays
    if not table.row_count:
        click.echo(empty)
        return
    console = Console()
    if not console.is_terminal:
        console.width = UNWRAPPED_COLUMNS
    with console.capture() as drawn:
        console.print(table)
    for line in drawn.get().splitlines():
        click.echo(line.rstrip())  # echo writes umlauts in any locale


def say(message: str) -> None:
    """Tell a person something beside the answer: on stderr, so that the answer stays clean.

    Where that goes to a full disk, or to nobody, the work goes on.
    """
    with suppress(OSError):
        click.echo(message, err=True)


@contextmanager
def progress(title: str) -> Iterator["Bar"]:
    """Show a progress bar on stderr while something long runs; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as shown:
        yield Bar(shown, shown.add_task(title, total=None))


class Bar:
    """A running progress bar."""

    def __init__(self, shown: Progress, task: TaskID) -> None:
        self._shown = shown
        self._task = task

    def to(self, done: int, total: int | None = None) -> None:
        """Show that so many are done, of so many where that is known."""
        self._shown.update(self._task, completed=done, total=total)

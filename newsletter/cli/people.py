"""`newsletter subscriber …`."""

from pathlib import Path

import click
import rich_click

from newsletter.cli.arguments import text_or_file
from newsletter.cli.context import opened
from newsletter.cli.output import as_json, say, show_json
from newsletter.readers import inviting
from subscribers import exporting, importing, lists
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.importing import Report


@click.group(cls=rich_click.RichGroup)
def subscriber() -> None:
    """The people on the lists."""

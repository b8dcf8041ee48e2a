"""`newsletter worker` and `newsletter serve`."""

import signal
import sys
import threading
from types import FrameType

import click
import rich_click

from newsletter.app import App
from newsletter.cli.context import opened
from newsletter.cli.output import say
from newsletter.errors import NewsletterError
from newsletter.settings import SettingsInvalid


class RelayTrouble(NewsletterError):
    """A relay does not take mail; what waits for it is unharmed and is tried again."""

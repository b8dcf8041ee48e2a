"""The command line: `newsletter …`.

Each file holds one group of commands and is imported when one of them is called, so that
`newsletter --help` is quick. Errors are one line on stderr with exit status 1; wrong usage is 2.
"""

import importlib
import sys
from typing import NoReturn

import click
import rich_click
from sqlalchemy.exc import DBAPIError

from newsletter.database import reason_of
from newsletter.errors import NewsletterError
from subscribers.errors import SubscribersError

_COMMANDS = {
    "init": ("installation", "init", "Make an installation, or bring one up to date."),
    "doctor": ("installation", "doctor", "Look for what keeps this installation from working."),
    "news": ("news", "news", "Sources, and the pool of news items."),
    "list": ("lists", "lists_group", "The lists people subscribe to."),
    "text": ("texts", "text", "What system mails and public pages say, per list and language."),
    "topic": ("topics", "topic", "The subjects of a list that its readers can choose."),
    "publication": ("publications", "publication", "The newsletters as readers know them."),
    "subscriber": ("people", "subscriber", "The people on the lists."),
    "issue": ("issues", "issue", "Compose, check, approve and send an issue."),
    "mailing": ("mailings", "mailing", "What was sent, to whom, and what became of it."),
    "alert": ("alerts", "alert", "What waits for a person."),
    "rate": ("rates", "rate", "How fast mail goes out; changeable while it does."),
    "suppression": ("suppressions", "suppression_group", "The addresses that are not mailed, and why."),
    "staff": ("staff", "staff_group", "Who works here, and what they may do."),
    "consent": ("consent", "consent", "The proof of who agreed to what."),
    "retention": ("keeping", "retention", "How long what is kept of people is kept."),
    "worker": ("work", "worker", "Send what is due."),
    "serve": ("work", "serve", "Serve the public pages, and send what is due."),
}


class _LazyGroup(rich_click.RichGroup):
    """A group that lists its commands from the table above and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        return click.Command(cmd_name, help=_COMMANDS[cmd_name][2]) if cmd_name in _COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        if listed is None or listed.name is None:
            return name, listed, rest
        module, attribute, _ = _COMMANDS[listed.name]
        return name, getattr(importlib.import_module(f"newsletter.cli.{module}"), attribute), rest


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Compose a newsletter from published news, have it approved, and send it to people who agreed to get it.",
)
@click.version_option(package_name="newsletter")
def cli() -> None:
    """Hold the commands."""


def main() -> NoReturn:
    """Run the command line, and end the process with its exit status."""
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.Abort:
        _fail("Stopped.")
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (NewsletterError, SubscribersError) as error:
        _fail(str(error))
    except DBAPIError as error:
        _fail(f"The database refused: {reason_of(error)}")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    sys.exit(1)

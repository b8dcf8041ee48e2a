"""`newsletter worker` and `newsletter serve`."""

import contextlib
import os
import signal
import sys
import threading
import time
from urllib.parse import urlsplit

import click
import rich_click

from newsletter.app import App, configure_log
from newsletter.cli.context import opened
from newsletter.cli.output import say
from newsletter.cli.supervising import Supervised
from newsletter.delivery.transports import open_transport
from newsletter.delivery.worker import Report, Worker
from newsletter.errors import NewsletterError
from newsletter.settings import Settings, SettingsInvalid

WORKER = (sys.executable, "-m", "newsletter", "worker", "--while-stdin")


class RelayTrouble(NewsletterError):
    """A relay does not take mail; what waits for it is unharmed and is tried again."""


@click.command(cls=rich_click.RichCommand)
@click.option("--until-idle", is_flag=True, help="End when nothing is due, and tell what is due later.")
@click.option("--while-stdin", is_flag=True, hidden=True, help="End when standard input does.")
def worker(until_idle: bool, while_stdin: bool) -> None:  # noqa: FBT001
    """Send what is due, until stopped."""
    stop = threading.Event()
    _stop_on_signals(stop)
    if while_stdin:
        _stop_at_end_of_stdin(stop)
    configure_log()
    with opened() as app:
        made = _worker(app, stop)
        if until_idle:
            _tell(made.run_until_idle())
            return
        made.run_forever()


@click.command(cls=rich_click.RichCommand)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--without-worker", is_flag=True, help="Serve the pages alone; workers run elsewhere.")
def serve(host: str, port: int, without_worker: bool) -> None:  # noqa: FBT001
    """Serve the public pages, and send what is due."""
    from newsletter.web import serving  # noqa: PLC0415  # a worker needs no web framework

    configure_log()
    with opened() as app, contextlib.ExitStack() as running:
        problems = app.settings.public_problems()
        if problems:
            raise SettingsInvalid(f"{' '.join(problems)} NEWSLETTER_DEMO=1 does without, on this machine alone.")
        listening = running.enter_context(serving.listen(host, port))
        if not without_worker:
            running.enter_context(Supervised(WORKER, say=say))
        say(f"Serving {app.settings.public_url} at {host}, port {port}. Ctrl+C ends it.")
        _warn_of_another_port(app.settings, listening.getsockname()[1])
        serving.serve(app, listening=listening)


def _warn_of_another_port(chosen: Settings, port: int) -> None:
    """On this machine alone no proxy stands between, so links to another port are dead."""
    if chosen.is_loopback and urlsplit(chosen.public_url).port != port:
        say(f"Links in mails lead to {chosen.public_url}: NEWSLETTER_BASE_URL=http://127.0.0.1:{port} leads them here.")


def _worker(app: App, stop: threading.Event) -> Worker:
    return Worker(
        app.database,
        transport=open_transport(app.settings.smtp_url),
        secret=app.secret,
        public_url=app.settings.public_url,
        clock=app.now,
        sleep=time.sleep,  # noqa: TID251  # the adapter gives what the worker takes as an argument
        stop=stop,
    )


def _stop_on_signals(stop: threading.Event) -> None:
    """The first signal asks for a gentle end; a second one is a crash, which the ledger survives."""

    def ask(number: int, frame: object) -> None:
        del frame
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)


def _stop_at_end_of_stdin(stop: threading.Event) -> None:
    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # sys.stdin itself would be locked when the process ends first
            pass
        stop.set()

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _tell(report: Report) -> None:
    for waiting in report.waiting:
        click.echo(f"Mailing {waiting.mailing_id} is paused: {waiting.reason}")
    if report.due_at:
        click.echo(f"Nothing is due before {report.due_at:%Y-%m-%d %H:%M:%S} UTC.")
    else:
        click.echo("Nothing is due.")
    if report.trouble:
        raise RelayTrouble(report.trouble)

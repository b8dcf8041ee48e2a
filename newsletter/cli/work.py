"""`newsletter worker` and `newsletter serve`."""

import contextlib
import datetime as dt
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import click
import rich_click

from newsletter.app import App, configure_log
from newsletter.cli.context import opened
from newsletter.cli.output import say
from newsletter.cli.supervising import Supervised
from newsletter.delivery.journals import Journals
from newsletter.delivery.messages import Messages
from newsletter.delivery.transports import open_transport
from newsletter.delivery.worker import Report, Stop, Worker, report
from newsletter.errors import NewsletterError
from newsletter.settings import Settings, SettingsInvalid

MOST_PROCESSES = 64


class RelayTrouble(NewsletterError):
    """Mail cannot be sent for now; what waits is unharmed and is tried again."""


class WorkersFailed(NewsletterError):
    """Sender processes ended with an error of their own."""


@click.command(cls=rich_click.RichCommand)
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, MOST_PROCESSES), help="Senders.")
@click.option("--until-idle", is_flag=True, help="End when nothing is due, and tell what is due later.")
@click.option("--child", type=int, hidden=True, help="Be this one of the processes: end with standard input.")
def worker(processes: int, until_idle: bool, child: int | None) -> None:  # noqa: FBT001
    """Send what is due, until stopped.

    The connections that NEWSLETTER_SMTP_URL allows are shared among the processes.
    """
    configure_log()
    with opened() as app:
        if child is not None:
            _be_child(app, child, processes, until_idle=until_idle)
        elif processes == 1:
            _work_here(app, until_idle=until_idle)
        else:
            _work_beside(app, processes, until_idle=until_idle)


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
            running.enter_context(Supervised(_command(0, 1), say=say))
        say(f"Serving {app.settings.public_url} at {host}, port {port}. Ctrl+C ends it.")
        _warn_of_another_port(app.settings, listening.getsockname()[1])
        serving.serve(app, listening=listening)


def _warn_of_another_port(chosen: Settings, port: int) -> None:
    """On this machine alone no proxy stands between, so links to another port are dead."""
    if chosen.is_loopback and urlsplit(chosen.public_url).port != port:
        say(f"Links in mails lead to {chosen.public_url}: NEWSLETTER_BASE_URL=http://127.0.0.1:{port} leads them here.")


def _work_here(app: App, *, until_idle: bool) -> None:
    stop = Stop()
    _stop_on_signals(stop.ask)
    made = _worker(app, stop)
    if until_idle:
        _tell(made.run_until_idle())
        return
    made.run_forever()


def _be_child(app: App, slot: int, processes: int, *, until_idle: bool) -> None:
    """Work as one of several; what is left is told by the parent."""
    stop = Stop()
    _stop_on_signals(stop.ask)
    _stop_at_end_of_stdin(stop)
    total = open_transport(app.settings.smtp_url).connections
    made = _worker(app, stop, connections=max(1, total // processes + (slot < total % processes)))
    if until_idle:
        made.run_until_idle()
        return
    made.run_forever()


def _work_beside(app: App, processes: int, *, until_idle: bool) -> None:
    """Start the processes, each new and with one thread, and watch over them."""
    transport = open_transport(app.settings.smtp_url)
    useful = min(processes, transport.connections)
    if useful < processes:
        say(f"{useful} of {processes} processes are started: NEWSLETTER_SMTP_URL allows {useful} connections at most.")
    commands = [_command(slot, useful, until_idle=until_idle) for slot in range(useful)]
    with Supervised(*commands, say=say, until_done=until_idle) as running:
        _stop_on_signals(running.stop)
        running.wait()
    if running.failures:
        raise WorkersFailed(f"{running.failures} of {useful} sender processes failed; what they said stands above.")
    if until_idle:
        with app.reading() as session:
            found = report(session, transport.name, now=app.now())
        _tell(found)


def _command(slot: int, processes: int, *, until_idle: bool = False) -> tuple[str, ...]:
    command = (sys.executable, "-m", "newsletter", "worker", "--child", str(slot), "--processes", str(processes))
    return (*command, "--until-idle") if until_idle else command


def _worker(app: App, stop: Stop, *, connections: int | None = None) -> Worker:
    settings = app.settings
    return Worker(
        app.database,
        transport=open_transport(settings.smtp_url),
        journals=Journals(settings.journal_folder, monotonic=time.monotonic),
        messages=Messages(app.secret, settings.public_url),
        clock=app.now,
        monotonic=time.monotonic,
        sleep=time.sleep,  # noqa: TID251  # the adapter gives what the worker takes as an argument
        stop=stop,
        connections=connections,
        lost_after=dt.timedelta(minutes=settings.lost_after_minutes),
    )


def _stop_on_signals(stop: Callable[[], None]) -> None:
    """The first signal asks for a gentle end; a second one is a crash, which the ledger survives."""

    def ask(number: int, frame: object) -> None:
        del frame
        stop()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)


def _stop_at_end_of_stdin(stop: Stop) -> None:
    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # sys.stdin itself would be locked when the process ends first
            pass
        stop.ask()

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _tell(found: Report) -> None:
    for waiting in found.waiting:
        click.echo(f"Mailing {waiting.mailing_id} is paused: {waiting.reason}")
    if found.due_at:
        click.echo(f"Nothing is due before {found.due_at:%Y-%m-%d %H:%M:%S} UTC.")
    else:
        click.echo("Nothing is due.")
    if found.trouble:
        raise RelayTrouble(found.trouble)

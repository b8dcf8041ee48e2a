"""`newsletter worker` and `newsletter serve`."""

import contextlib
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import click
import rich_click

from newsletter.app import App, configure_log
from newsletter.cli.context import opened
from newsletter.cli.output import say
from newsletter.cli.supervising import Supervised
from newsletter.delivery.jobs import NO_ENGINE
from newsletter.delivery.journals import Journals
from newsletter.delivery.messages import Messages
from newsletter.delivery.transports import open_transport
from newsletter.delivery.worker import ALONE, Report, Share, Stop, Worker, report
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
@click.option("--while-stdin", is_flag=True, hidden=True, help="End with standard input, too.")
@click.option("--child", type=int, hidden=True, help="Be this one of the sender processes.")
def worker(processes: int, until_idle: bool, while_stdin: bool, child: int | None) -> None:  # noqa: FBT001
    """Send what is due, until stopped.

    The connections that the relays allow are shared among the processes. Any number of machines may run a
    worker on one PostgreSQL.
    """
    configure_log()
    with opened() as app:
        if child is not None:
            _be_child(app, Share(child, processes), until_idle=until_idle)
        elif not until_idle:
            _work(app, _useful(app, processes), while_stdin=while_stdin)
        elif processes == 1:
            _work_off(app)
        else:
            _work_off_beside(app, _useful(app, processes))


@click.command(cls=rich_click.RichCommand)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, MOST_PROCESSES), help="Senders.")
@click.option("--without-worker", is_flag=True, help="Serve the pages alone; workers run elsewhere.")
def serve(host: str, port: int, processes: int, without_worker: bool) -> None:  # noqa: FBT001
    """Serve the public pages, send what is due, and do what else is due at its time."""
    from newsletter.web import serving  # noqa: PLC0415  # a worker needs no web framework

    configure_log()
    with opened() as app, contextlib.ExitStack() as running:
        problems = app.settings.public_problems()
        if problems:
            raise SettingsInvalid(f"{' '.join(problems)} NEWSLETTER_DEMO=1 does without, on this machine alone.")
        listening = running.enter_context(serving.listen(host, port))
        if not without_worker:
            running.enter_context(Supervised(_with_pages(processes), say=say))
        say(f"Serving {app.settings.public_url} at {host}, port {port}. Ctrl+C ends it.")
        _warn_of_another_port(app.settings, listening.getsockname()[1])
        serving.serve(app, listening=listening)


def _warn_of_another_port(chosen: Settings, port: int) -> None:
    """On this machine alone no proxy stands between, so links to another port are dead."""
    if chosen.is_loopback and urlsplit(chosen.public_url).port != port:
        say(f"Links in mails lead to {chosen.public_url}: NEWSLETTER_BASE_URL=http://127.0.0.1:{port} leads them here.")


def _work(app: App, processes: int, *, while_stdin: bool) -> None:
    from newsletter.service import Service  # noqa: PLC0415  # only here is the engine needed

    stopped = threading.Event()
    _stop_on_signals(stopped.set)
    if while_stdin:
        _at_end_of_stdin(stopped.set)
    Service(app, partial(_start, processes), processes=processes, say=say).run(stopped)


def _work_off(app: App) -> None:
    """Do what is due, in this process and without an engine: the ledger knows all."""
    app.database.bind(NO_ENGINE)
    stop = Stop()
    _stop_on_signals(stop.ask)
    _tell(app, _worker(app, stop, ALONE).run_until_idle())


def _work_off_beside(app: App, processes: int) -> None:
    """The same in several processes, each new and with one thread, that are watched over."""
    commands = [_command(slot, processes, until_idle=True) for slot in range(processes)]
    with Supervised(*commands, say=say, until_done=True) as running:
        _stop_on_signals(running.stop)
        running.wait()
    if running.failures:
        raise WorkersFailed(f"{running.failures} of {processes} sender processes failed; what they said stands above.")
    with app.reading() as session:
        found = report(session, [open_transport(url).name for url in app.settings.relay_urls], now=app.now())
    _tell(app, found)


def _be_child(app: App, share: Share, *, until_idle: bool) -> None:
    """Send as one of several; what is left is told, or sent, by the parent."""
    app.database.bind(NO_ENGINE)
    stop = Stop()
    _stop_on_signals(stop.ask)
    made = _worker(app, stop, share)
    if until_idle:
        _at_end_of_stdin(stop.ask)
        made.run_until_idle()
    else:
        made.run_assigned(socket.socket(fileno=os.dup(sys.stdin.fileno())))


def _useful(app: App, processes: int) -> int:
    """So many processes as get a connection each."""
    allowed = max(open_transport(url).connections for url in app.settings.relay_urls)
    if allowed < processes:
        say(f"{allowed} of {processes} processes are started: the relays allow {allowed} connections at most.")
    return min(processes, allowed)


def _start(processes: int, slot: int, channel: socket.socket) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(_command(slot, processes), stdin=channel.fileno())  # noqa: S603  # our own command


def _with_pages(processes: int) -> tuple[str, ...]:
    return (sys.executable, "-m", "newsletter", "worker", "--processes", str(processes), "--while-stdin")


def _command(slot: int, processes: int, *, until_idle: bool = False) -> tuple[str, ...]:
    command = (sys.executable, "-m", "newsletter", "worker", "--child", str(slot), "--processes", str(processes))
    return (*command, "--until-idle") if until_idle else command


def _worker(app: App, stop: Stop, share: Share) -> Worker:
    settings = app.settings
    return Worker(
        app.database,
        transports=[open_transport(url) for url in settings.relay_urls],
        journals=Journals(settings.journal_folder, monotonic=time.monotonic),
        messages=Messages(app.secret, settings.public_url),
        clock=app.now,
        monotonic=time.monotonic,
        sleep=time.sleep,  # noqa: TID251  # the adapter gives what the worker takes as an argument
        stop=stop,
        share=share,
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


def _at_end_of_stdin(stop: Callable[[], None]) -> None:
    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # sys.stdin itself would be locked when the process ends first
            pass
        stop()

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _tell(app: App, found: Report) -> None:
    """Say what is left; of what waits for a person, also those who are not here."""
    app.attendant().go_round()
    for waiting in found.waiting:
        click.echo(f"Mailing {waiting.mailing_id} is paused: {waiting.reason}")
    if found.due_at:
        click.echo(f"Nothing is due before {found.due_at:%Y-%m-%d %H:%M:%S} UTC.")
    else:
        click.echo("Nothing is due.")
    if found.trouble:
        raise RelayTrouble(found.trouble)

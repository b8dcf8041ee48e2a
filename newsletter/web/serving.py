"""Running the web application: uvicorn, quietly, until it is told to stop.

    with listen("127.0.0.1", 8000) as listening:
        serve(app, listening=listening)

Nothing is printed but the log. The server's own access log stays off, because paths hold tokens. On
SIGTERM or SIGINT answers under way are finished, then `serve` returns.
"""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.web.application import create

# How long answers under way may take once the server is told to stop.
GRACE_S = 20


class PortUnusable(NewsletterError):
    """The server cannot listen where it was told to."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"The pages cannot be served at {host}, port {port}: {reason}. Choose another with --port.")
        self.host = host
        self.port = port


def serve(app: App, *, listening: socket.socket) -> None:
    """Serve the public pages until SIGTERM or SIGINT; the installation and the socket stay open."""
    with _returning_when_stopped():
        server_of(app).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """Take the port, 0 for any free one, before anything else is begun.

    Raises:
        PortUnusable: the port is taken, forbidden, or the host is none of this machine.
    """
    if port not in range(2**16):
        raise PortUnusable(host, port, "there is no such port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise PortUnusable(host, port, error.strerror or str(error)) from error


def server_of(app: App) -> uvicorn.Server:
    """The server, not yet running: `run(sockets=[listen(…)])` runs it, `should_exit` ends it."""
    return uvicorn.Server(
        uvicorn.Config(
            create(app),
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="off",
            ws="none",
            proxy_headers=False,  # whose X-Forwarded-For is believed is our setting, not uvicorn's default
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


@contextmanager
def _returning_when_stopped() -> Iterator[None]:
    """Let a stop be a return: uvicorn repeats the signal once it is done, and that would be an error."""
    before = {number: signal.signal(number, _nothing) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(number: int, frame: FrameType | None) -> None:
    del number, frame

"""A Maildir as a relay: for trying things out, and for a mail program to look into.

Each message is one file in `new`, written to `tmp` first and on disk before it counts as accepted.
The octets are exactly those a relay would have got, line ends too. Who it was for stands in `To`.
"""

import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from newsletter.delivery.transports.urls import shortened
from newsletter.delivery.verdicts import Reply, Step
from newsletter.errors import NewsletterError


class MaildirUnusable(NewsletterError):
    """A folder cannot be written to."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The Maildir {folder} cannot be written to: {reason}")
        self.folder = folder


class MaildirTransport:
    """Writes messages into one Maildir."""

    connections = 1  # a disk gains nothing by more

    def __init__(self, folder: Path) -> None:
        """Take the folder; it and its `tmp`, `new` and `cur` are made when first used."""
        self.name = shortened(f"maildir:{folder}")
        self._folder = folder

    def connection(self) -> "MaildirConnection":
        """Make a connection; nothing is held open."""
        return MaildirConnection(self._folder)

    def check(self) -> None:
        """See whether messages can be written.

        Raises:
            MaildirUnusable: they cannot.
        """
        trouble = _made(self._folder)
        if trouble:
            raise MaildirUnusable(self._folder, trouble.text)
        if not os.access(self._folder / "tmp", os.W_OK) or not os.access(self._folder / "new", os.W_OK):
            raise MaildirUnusable(self._folder, "permission denied.")


class MaildirConnection:
    """Writes one message after another."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._folder = folder

    async def connect(self) -> Reply | None:
        """Make the folders; None where they are there."""
        return _made(self._folder)

    async def send(
        self, sender: str, recipient: str, message: bytes, *, begin: Callable[[], Awaitable[bool]]
    ) -> Reply | None:
        """Write one message, `begin` being asked before it can be seen; never raises for what the disk does."""
        del sender, recipient
        trouble = _made(self._folder)
        if trouble:
            return trouble
        name = f"{secrets.token_hex(12)}.{socket.gethostname().replace('/', '_')}"
        draft, final = self._folder / "tmp" / name, self._folder / "new" / name
        step = Step.BODY
        try:
            _write(draft, message)
            if not await begin():
                draft.unlink()
                return None
            step = Step.FINAL_DOT  # once renamed, a mail program may show it, whatever happens next
            draft.rename(final)
            _sync(final.parent)
        except OSError as error:
            draft.unlink(missing_ok=True)
            return Reply(step, None, "", _words(error))
        return Reply(Step.FINAL_DOT, 250, "2.0.0", f"written as {name}")

    async def close(self) -> None:
        """Nothing is held open."""

    def abort(self, reason: str) -> None:
        """Nothing is held open."""


def _made(folder: Path) -> Reply | None:
    """Make the folders; None where they are there."""
    try:
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return Reply(Step.CONNECT, None, "", _words(error))
    return None


def _write(path: Path, message: bytes) -> None:
    with path.open("xb") as file:
        file.write(message)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Put the new name itself on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _words(error: OSError) -> str:
    return f"{error.strerror or error} ({error.filename})" if error.filename else str(error.strerror or error)

"""A real SMTP server with inboxes, so that the demo reads what a reader would read."""

import socket
import time
from collections import defaultdict
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """Keeps every mail it is given, by recipient, in order of arrival."""

    def __init__(self) -> None:
        """Bind nothing yet; `with` starts and stops the server."""
        self.mails: dict[str, list[bytes]] = defaultdict(list)
        self._port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port, enable_SMTPUTF8=True)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """The address as NEWSLETTER_SMTP_URL wants it."""
        return f"smtp://127.0.0.1:{self._port}?tls=none"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail (aiosmtpd calls this)."""
        del server, session
        for recipient in envelope.rcpt_tos:
            self.mails[recipient].append(_octets(envelope.content))
        return "250 2.0.0 kept"

    def last(self, address: str, *, count: int, within_s: float) -> EmailMessage:
        """Wait until an address has `count` mails, and read the last one as a mail program would.

        Raises:
            TimeoutError: it does not come.
        """
        end = time.monotonic() + within_s
        while len(self.mails[address]) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{address} has {len(self.mails[address])} mails, not {count}")
            time.sleep(0.05)  # noqa: TID251  # a person waits for the post
        return message_from_bytes(self.mails[address][count - 1], policy=policy.default)


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _octets(content: bytes | str | None) -> bytes:
    return content if isinstance(content, bytes) else (content or "").encode()

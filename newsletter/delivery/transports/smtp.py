"""A relay as a transport: one connection, reused for many messages.

    transport = SmtpTransport(SmtpUrl(host="mail.example.org", port=587, tls=Tls.REQUIRED))
    transport.send("press@example.org", "anna@example.org", message)

How a conversation goes is in `conversation`; here is when one begins and ends.
"""

from types import TracebackType
from typing import Self

from newsletter.delivery.transports.conversation import Conversation, Failed, Timeouts
from newsletter.delivery.transports.urls import SmtpUrl
from newsletter.delivery.verdicts import CLOSING, Reply, Step
from newsletter.errors import NewsletterError

MESSAGES_PER_CONNECTION = 100  # many relays close after about as many


class RelayUnusable(NewsletterError):
    """A relay does not let us in."""

    def __init__(self, name: str, reply: Reply) -> None:
        super().__init__(f"The relay {name} is of no use ({reply.step.label}): {reply.line}")
        self.name = name
        self.reply = reply


class SmtpTransport:
    """One connection to a relay, opened when needed and renewed after `MESSAGES_PER_CONNECTION`."""

    def __init__(self, url: SmtpUrl, timeouts: Timeouts | None = None) -> None:
        """Take the relay; nothing is connected yet."""
        self.name = url.name
        self._url = url
        self._timeouts = timeouts or Timeouts()
        self._conversation: Conversation | None = None
        self._sent = 0

    def connect(self) -> Reply | None:
        """Be connected, encrypted and logged in; None where all is well, else the failing reply."""
        if self._conversation is not None and self._sent < MESSAGES_PER_CONNECTION:
            return None
        self.close()
        conversation = Conversation(self._url, self._timeouts)
        try:
            conversation.open()
        except Failed as failed:
            conversation.close()
            return failed.reply
        self._conversation, self._sent = conversation, 0
        return None

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand over one message with CRLF line ends; the reply tells how far it came.

        A relay may have closed a connection that was idle. Where that shows at the first command,
        nothing of the message was sent, and a fresh connection is tried once.
        """
        was_used = self._conversation is not None and self._sent > 0
        reply = self._send_once(sender, recipient, message)
        if was_used and reply.step is Step.MAIL and reply.code in (None, CLOSING):
            return self._send_once(sender, recipient, message)
        return reply

    def check(self) -> None:
        """Connect and log in, without sending anything.

        Raises:
            RelayUnusable: with the step and the reply.
        """
        trouble = self.connect()
        if trouble:
            raise RelayUnusable(self.name, trouble)

    def close(self) -> None:
        """Say goodbye where somebody listens; a second time does nothing."""
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send_once(self, sender: str, recipient: str, message: bytes) -> Reply:
        trouble = self.connect()
        if trouble:
            return trouble
        conversation = self._conversation
        assert conversation is not None  # noqa: S101  # connect() said so
        self._sent += 1
        reply = conversation.send(sender, recipient, message)
        if not conversation.is_open:
            self._conversation = None
        return reply

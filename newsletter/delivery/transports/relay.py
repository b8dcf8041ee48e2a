"""A relay as a transport: connections to it, each reused for many messages.

    transport = SmtpTransport(SmtpUrl(host="mail.example.org", port=587, tls=Tls.REQUIRED))
    connection = transport.connection()
    await connection.send("press@example.org", "anna@example.org", message, begin=begin)

How a conversation goes is in `transports.smtp.conversation`; here is when one begins and ends.
"""

import asyncio

from newsletter.delivery.transports.smtp.conversation import Begin, Conversation, Timeouts
from newsletter.delivery.transports.smtp.replies import Failed
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
    """One relay."""

    def __init__(self, url: SmtpUrl, timeouts: Timeouts | None = None) -> None:
        """Take the relay; nothing is connected yet."""
        self.name = url.name
        self.connections = url.connections
        self._url = url
        self._timeouts = timeouts or Timeouts()

    def connection(self) -> "SmtpConnection":
        """Make a connection that opens when it is used."""
        return SmtpConnection(self._url, self._timeouts)

    def check(self) -> None:
        """Connect and log in, without sending anything.

        Raises:
            RelayUnusable: with the step and the reply.
        """
        trouble = asyncio.run(_trouble(self.connection()))
        if trouble:
            raise RelayUnusable(self.name, trouble)


class SmtpConnection:
    """One connection, opened when needed and renewed after `MESSAGES_PER_CONNECTION`."""

    def __init__(self, url: SmtpUrl, timeouts: Timeouts) -> None:
        """Take the relay; nothing is connected yet."""
        self._url = url
        self._timeouts = timeouts
        self._conversation = Conversation(url, timeouts)
        self._sent = 0

    async def connect(self) -> Reply | None:
        """Be connected, encrypted and logged in; None where all is well, else the failing reply."""
        if self._conversation.is_open and self._sent < MESSAGES_PER_CONNECTION:
            return None
        await self.close()
        self._conversation, self._sent = Conversation(self._url, self._timeouts), 0
        try:
            await self._conversation.open()
        except Failed as failed:
            return failed.reply
        return None

    async def send(self, sender: str, recipient: str, message: bytes, *, begin: Begin) -> Reply | None:
        """Hand over one message with CRLF line ends; the reply tells how far it came.

        A relay may have closed a connection that was idle. Where that shows at the first command,
        nothing of the message was sent, and a fresh connection is tried once.
        """
        was_used = self._conversation.is_open and self._sent > 0
        reply = await self._send_once(sender, recipient, message, begin)
        if was_used and reply is not None and reply.step is Step.MAIL and reply.code in (None, CLOSING):
            return await self._send_once(sender, recipient, message, begin)
        return reply

    async def close(self) -> None:
        """Say goodbye where somebody listens; a second time does nothing."""
        await self._conversation.close()

    def abort(self, reason: str) -> None:
        """Hang up at once."""
        self._conversation.abort(reason)

    async def _send_once(self, sender: str, recipient: str, message: bytes, begin: Begin) -> Reply | None:
        trouble = await self.connect()
        if trouble:
            return trouble
        self._sent += 1
        return await self._conversation.send(sender, recipient, message, begin=begin)


async def _trouble(connection: SmtpConnection) -> Reply | None:
    trouble = await connection.connect()
    await connection.close()
    return trouble

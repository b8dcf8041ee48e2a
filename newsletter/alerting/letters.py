"""Handing over a few messages at once, apart from the ledger and with little patience.

    replies = hand_over("smtp://second.example.net", letters)

The seam to the transports: whatever they become, it is this one function.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.delivery.sending import Connection
from newsletter.delivery.transports.maildir import MaildirTransport
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.smtp.conversation import Timeouts
from newsletter.delivery.transports.urls import SmtpUrl, parse
from newsletter.delivery.verdicts import Reply, Scope, verdict_on

# A relay that takes longer is of no use to an alert. The final dot has more: relays look through a message there.
PATIENCE = Timeouts(connect_s=5, command_s=5, data_s=5, block_s=5, final_dot_s=30)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person, with CRLF line ends."""

    sender: str
    recipient: str
    octets: bytes


def hand_over(url: str, letters: Sequence[Letter], timeouts: Timeouts = PATIENCE) -> tuple[Reply, ...]:
    """Hand over letters on one connection; the replies in their order, fewer where the relay takes no more.

    Raises:
        TransportUrlInvalid: the URL cannot be meant so.
    """
    parsed = parse(url)
    transport = SmtpTransport(parsed, timeouts) if isinstance(parsed, SmtpUrl) else MaildirTransport(parsed.folder)
    return asyncio.run(_handed_over(transport.connection(), letters))


async def _handed_over(connection: Connection, letters: Sequence[Letter]) -> tuple[Reply, ...]:
    replies: list[Reply] = []
    trouble = await connection.connect()
    if trouble is not None:
        return (trouble,)
    for letter in letters:
        reply = await connection.send(letter.sender, letter.recipient, letter.octets, begin=_always)
        assert reply is not None  # noqa: S101  # only who declines to begin gets none
        replies.append(reply)
        if verdict_on(reply).scope is Scope.RELAY:
            break
    await connection.close()
    return tuple(replies)


async def _always() -> bool:
    """There is no ledger to be asked."""
    return True

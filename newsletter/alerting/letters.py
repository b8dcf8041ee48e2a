"""Handing over a few messages at once, apart from the ledger and with little patience.

    replies = hand_over("smtp://second.example.net", letters)

The seam to the transports: whatever they become, it is this one function.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.delivery.transports.conversation import Timeouts
from newsletter.delivery.transports.maildir import MaildirTransport
from newsletter.delivery.transports.smtp import SmtpTransport
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
    made = SmtpTransport(parsed, timeouts) if isinstance(parsed, SmtpUrl) else MaildirTransport(parsed.folder)
    replies: list[Reply] = []
    with made as transport:
        for letter in letters:
            replies.append(transport.send(letter.sender, letter.recipient, letter.octets))
            if verdict_on(replies[-1]).scope is Scope.RELAY:
                break
    return tuple(replies)

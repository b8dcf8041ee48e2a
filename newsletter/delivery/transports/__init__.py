"""Ways to hand over messages, opened by URL.

    transport = open_transport("smtp://user:pass@mail.example.org:587")
    transport.check()

`smtp://` and `smtps://` speak to a relay, `maildir:` writes files. A new one implements
`sending.Transport` and `sending.Connection` and gets a line in `open_transport`.
"""

from newsletter.delivery.transports.maildir import MaildirTransport
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.urls import MaildirUrl, SmtpUrl, parse


def open_transport(url: str) -> SmtpTransport | MaildirTransport:
    """Make the transport of a URL; nothing is connected before it is used.

    Raises:
        TransportUrlInvalid: the URL cannot be meant so.
    """
    match parse(url):
        case SmtpUrl() as found:
            return SmtpTransport(found)
        case MaildirUrl() as found:
            return MaildirTransport(found.folder)

r"""The commands of an envelope, and a message as DATA wants it; pure.

    >>> command("RCPT TO:<anna@example.org>", Step.RCPT)
    b'RCPT TO:<anna@example.org>\r\n'

Every command passes `command`, the one place that refuses what would end a line early.
"""

import base64
import re

from newsletter.delivery.transports.smtp.extensions import Extensions
from newsletter.delivery.transports.smtp.replies import Failed
from newsletter.delivery.verdicts import Reply, Step

FINAL_DOT = b".\r\n"

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_DOT_FIRST = re.compile(rb"\n\.")  # finds it in a fourth of the time that `in` takes


def command(text: str, step: Step) -> bytes:
    """One command as octets.

    Raises:
        Failed: it holds a control character.
    """
    if _CONTROL.search(text):
        raise Failed(Reply(step, 553, "5.1.3", "an address with a control character is never sent"))
    return f"{text}\r\n".encode()


def mail(sender: str, recipient: str, message: bytes, extensions: Extensions) -> bytes:
    """MAIL FROM with the parameters this message needs.

    Raises:
        Failed: the relay cannot take this message, so there is no use in asking.
    """
    parameters = _size(message, extensions) + _eight_bit(sender, recipient, message, extensions)
    return command(f"MAIL FROM:<{sender}>{parameters}", Step.MAIL)


def dot_stuffed(message: bytes) -> bytes:
    """RFC 5321, section 4.5.2; what `assembly` builds never needs it."""
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    if message.startswith(b"."):
        message = b"." + message
    return message.replace(b"\r\n.", b"\r\n..") if _DOT_FIRST.search(message) else message


def base64_of(text: str) -> str:
    """UTF-8 in base64, as AUTH has it (RFC 4616)."""
    return base64.b64encode(text.encode()).decode("ascii")


def _size(message: bytes, extensions: Extensions) -> str:
    """SIZE: RFC 1870."""
    limit = extensions.size_limit
    if limit is not None and limit < len(message):
        words = f"the message has {len(message)} octets, the relay takes {limit}"
        raise Failed(Reply(Step.MAIL, 552, "5.3.4", words))
    return f" SIZE={len(message)}" if extensions.size else ""


def _eight_bit(sender: str, recipient: str, message: bytes, extensions: Extensions) -> str:
    """SMTPUTF8 (RFC 6531) for an address outside ASCII, 8BITMIME (RFC 6152) with it: all else in a message is ASCII."""
    if sender.isascii() and recipient.isascii() and message.isascii():
        return ""
    if not extensions.utf8:
        step = Step.RCPT if sender.isascii() else Step.MAIL
        raise Failed(Reply(step, 553, "5.6.7", "the relay takes no address outside ASCII (SMTPUTF8)"))
    return " BODY=8BITMIME SMTPUTF8" if extensions.eight_bit else " SMTPUTF8"

"""An issue as a sample reader would get it, before anybody does.

    sample = samples.sample(compiled, secret=secret, public_url=url, now=now)
    sample.message  # the bytes of issue.eml

The links are those of a test mail: real pages that change nothing.
"""

import datetime as dt
from dataclasses import dataclass

from newsletter.delivery.assembly import Assembly, filled
from newsletter.delivery.models import MailingKind
from newsletter.delivery.recipients import LinkMaker, recipient_of
from newsletter.rendering.compiled import CompiledIssue
from subscribers.secret import Secret

SAMPLE_ADDRESS = "erika.mustermann@example.org"
SAMPLE_FIELDS = {
    "salutation": "Frau",
    "title": "Dr.",
    "first_name": "Erika",
    "last_name": "Mustermann",
    "organisation": "Muster GmbH",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """The two parts as text with LF, and the whole message as bytes with CRLF."""

    html: str
    text: str
    message: bytes


def sample(compiled: CompiledIssue, *, secret: Secret, public_url: str, now: dt.datetime) -> Sample:
    """Fill a compiled issue for a person who does not exist.

    Raises:
        HeaderInvalid, SlotInvalid: it cannot become messages.
    """
    recipient = recipient_of(SAMPLE_ADDRESS, SAMPLE_FIELDS, language=compiled.language)
    links = LinkMaker(secret, public_url).links(MailingKind.TEST, 0, is_measured=compiled.is_measured)
    domain = compiled.sender.address.rpartition("@")[2]
    return Sample(
        html=filled(compiled.html, recipient, links, escaped=True),
        text=filled(compiled.text, recipient, links, escaped=False),
        message=Assembly(compiled).message(recipient, links, message_id=f"<sample@{domain}>", date=now),
    )

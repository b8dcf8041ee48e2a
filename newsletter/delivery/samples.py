"""An issue as a sample reader would get it, before anybody does.

    sample = samples.sample(compiled, secret=secret, public_url=url, now=now)
    sample.message  # the bytes of issue.eml

The links are those of a test mail: real pages that change nothing.
"""

import datetime as dt
from dataclasses import dataclass

from newsletter.delivery.assembly import Assembly, filled
from newsletter.delivery.models import MailingKind
from newsletter.delivery.recipients import LinkMaker, Links, Recipient, recipient_of
from newsletter.rendering.compiled import CompiledIssue
from subscribers.secret import Secret

SAMPLE_ADDRESS = "erika.mustermann@example.org"
SAMPLE_TOKEN = "1-1764000000-0123456789abcdef.SampleSampleSampleSamplez"  # noqa: S105  # as long as one, and none
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
    return _sample(compiled, recipient, links, now=now)


def preview(compiled: CompiledIssue, *, secret: Secret, public_url: str) -> tuple[str, str]:
    """The two parts of `sample` alone, HTML and text, which take half as long.

    Raises:
        SlotInvalid: a slot is no expression, or asks for something that is not there.
    """
    recipient = recipient_of(SAMPLE_ADDRESS, SAMPLE_FIELDS, language=compiled.language)
    links = LinkMaker(secret, public_url).links(MailingKind.TEST, 0, is_measured=compiled.is_measured)
    html = filled(compiled.html, recipient, links, escaped=True)
    return html, filled(compiled.text, recipient, links, escaped=False)


def letter(compiled: CompiledIssue, *, link: str, public_url: str, now: dt.datetime) -> Sample:
    """Fill a system mail for a person who does not exist; its one link, if it has one, leads to a page that says so."""
    recipient = recipient_of(SAMPLE_ADDRESS, SAMPLE_FIELDS, language=compiled.language)
    links = Links(**{link: f"{public_url}/{link}/{SAMPLE_TOKEN}"}) if link else Links()
    return _sample(compiled, recipient, links, now=now)


def _sample(compiled: CompiledIssue, recipient: Recipient, links: Links, *, now: dt.datetime) -> Sample:
    domain = compiled.sender.address.rpartition("@")[2]
    return Sample(
        html=filled(compiled.html, recipient, links, escaped=True),
        text=filled(compiled.text, recipient, links, escaped=False),
        message=Assembly(compiled).message(recipient, links, message_id=f"<sample@{domain}>", date=now),
    )

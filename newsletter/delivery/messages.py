"""The bytes of one row: stored compiled mail and frozen fields, put together.

    messages.build(session, lease, row, date=now)

A worker keeps the last compiled mails ready, because windows of one mailing follow each other and each holds readers
of all its variants.
"""

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.content import variants
from newsletter.delivery import message_ids
from newsletter.delivery.assembly import Assembly
from newsletter.delivery.ledger import Lease, Row
from newsletter.delivery.models import MailingKind
from newsletter.delivery.recipients import LinkMaker, recipient_of
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue
from subscribers.secret import Secret

KEPT = 3 * variants.MOST  # prepared mails; each is about as large as its message


@dataclass(frozen=True, slots=True)
class Message:
    """What goes over the wire: envelope and octets."""

    sender: str
    recipient: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """One compiled mail, ready for recipients."""

    compiled: CompiledIssue
    assembly: Assembly
    is_measured: bool


class Messages:
    """Builds messages for one installation."""

    def __init__(self, secret: Secret, public_url: str) -> None:
        """Take what links and Message-IDs are made with."""
        self._links = LinkMaker(secret, public_url)
        self._key = message_ids.key_of(secret)
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    def kept(self, digest: str) -> Prepared | None:
        """The compiled mail, where it is one of the last ones."""
        return self._prepared.get(digest)

    def prepare(self, session: Session, digest: str) -> Prepared:
        """Load and encode a compiled mail.

        Raises:
            HeaderInvalid, SlotInvalid: it cannot become messages.
        """
        compiled = compilations.load(session, digest)
        self._prepared[digest] = Prepared(compiled, Assembly(compiled), compiled.is_measured)
        if len(self._prepared) > KEPT:
            self._prepared.popitem(last=False)
        return self._prepared[digest]

    def build(self, prepared: Prepared, lease: Lease, row: Row, *, date: dt.datetime) -> Message:
        """Build one recipient's message. The same row and date give the same octets.

        Raises:
            HeaderInvalid, SlotInvalid: a value of this recipient cannot be filled in.
        """
        compiled = prepared.compiled
        domain = compiled.sender.address.rpartition("@")[2]
        octets = prepared.assembly.message(
            recipient_of(row.address, row.fields, language=compiled.language),
            self._links.links(
                lease.kind,
                lease.mailing_id,
                subscription_id=row.subscription_id,
                fields=row.fields,
                is_measured=prepared.is_measured,
            ),
            message_id=message_ids.message_id(
                self._key,
                domain,
                issue_id=lease.issue_id if lease.kind is MailingKind.ISSUE else None,
                subscriber_id=row.subscriber_id,
                mailing_id=lease.mailing_id,
                position=row.position,
            ),
            date=date,
            feedback_id=feedback_id(lease, domain),
        )
        return Message(compiled.sender.address, row.address, octets)


def feedback_id(lease: Lease, domain: str) -> str:
    """The four fields by which Gmail groups complaints: issue, mailing, kind, and the constant sender.

    Source: https://support.google.com/a/answer/6254652
    """
    return f"{lease.issue_id or 0}:{lease.mailing_id}:{lease.kind.value}:{domain.replace('.', '-')[:15]}"

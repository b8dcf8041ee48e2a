"""Telling an address what was done by the links in its issues: in whose name, and how often a day."""

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.issues.models import Publication
from newsletter.readers.errors import ListNotOpen
from newsletter.readers.signing_up import publication_of
from subscribers.audit import AuditEntry
from subscribers.models import MailingList, Subscription

# Whoever holds a link can do and undo for ever; nobody's mailbox is filled by that.
MAILS_A_DAY = 3


def sender_among(session: Session, subscriptions: Iterable[Subscription]) -> Publication | None:
    """Whose name a mail bears: the first publication that any of these lists has."""
    for each in subscriptions:
        with suppress(ListNotOpen):
            return publication_of(session, session.get_one(MailingList, each.list_id))
    return None


def told_enough(session: Session, action: str, subject: str, *, now: dt.datetime) -> bool:
    """Tell whether the last day saw as many such mails as a day may, by their rows in the audit log."""
    told = select(func.count()).where(
        AuditEntry.subject == subject, AuditEntry.action == action, AuditEntry.at > now - dt.timedelta(days=1)
    )
    return session.scalars(told).one() >= MAILS_A_DAY

"""Why people leave a list: one of a few answers, given after leaving or not at all, and counted.

    leave_reasons.give(session, subscription, LeaveReason.TOO_MUCH, by=by, now=now)
    leave_reasons.counts(session, news)  # {"too much": 12, …}

Nothing is written that a person typed. An answer is a row of the audit log.
"""

import datetime as dt
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.audit import AuditEntry
from subscribers.models import MailingList, Subscription, SubscriptionState

ACTION = "list.leave_reason"


class LeaveReason(StrEnum):
    """What somebody who left may answer."""

    TOO_MUCH = "too much"
    NOT_FOR_ME = "not for me"
    NEVER_ASKED = "never asked for it"
    UNREADABLE = "hard to read"
    OTHER = "other"


def give(session: Session, subscription: Subscription, reason: LeaveReason, *, by: Actor, now: dt.datetime) -> bool:
    """Count an answer; False where none is due: the person has not left, or has answered already."""
    by.require(CHANGE_OWN_CHOICES)
    if subscription.state != SubscriptionState.LEFT.value or _has_answered(session, subscription):
        return False
    subject = _subject(subscription.list_id)
    audit.record(session, ACTION, subject, by=by, now=now, reason=reason.value, subscription=subscription.id)
    return True


def counts(session: Session, mailing_list: MailingList) -> dict[str, int]:
    """How often each answer was given for a list: a number for each `LeaveReason` value, also 0."""
    reason = AuditEntry.details["reason"].as_string()
    counted = session.execute(
        select(reason, func.count())
        .where(AuditEntry.subject == _subject(mailing_list.id), AuditEntry.action == ACTION)
        .group_by(reason)
    )
    return {each.value: 0 for each in LeaveReason} | dict(counted.all())


def _has_answered(session: Session, subscription: Subscription) -> bool:
    session.flush()
    given = select(AuditEntry.id).where(
        AuditEntry.subject == _subject(subscription.list_id),
        AuditEntry.action == ACTION,
        AuditEntry.at >= subscription.changed_at,
        AuditEntry.details["subscription"].as_integer() == subscription.id,
    )
    return session.scalar(given.limit(1)) is not None


def _subject(list_id: int) -> str:
    return f"list:{list_id}"

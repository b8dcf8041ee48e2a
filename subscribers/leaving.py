"""Leaving everything at once, and taking back a leaving that was not the person's own.

    ended = leaving.leave_everything(session, subscriber, source="…", secret=secret, by=by, now=now)
    leaving.undo(session, ended[0], left_at=now, secret=secret, by=by, now=later)

Leaving one list is `subscribing.leave`. Whoever leaves everything is suppressed as well, so that no later
import brings them back; only their own sign-up does. What was left at one moment is taken back together.
"""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audit, consent, subscribing, subscriptions, suppression
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.errors import TokenExpired
from subscribers.models import (
    AGREEING,
    ConsentKind,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.orm import current
from subscribers.secret import Secret

SOURCE_OF_UNDOING = "undo mail"


def leave_everything(
    session: Session, subscriber: Subscriber, *, source: str, secret: Secret, by: Actor, now: dt.datetime
) -> tuple[Subscription, ...]:
    """End every subscription of a person; gives those that were confirmed until now."""
    by.require(CHANGE_OWN_CHOICES)
    ended = []
    for subscription in _locked(session, subscriber):
        left = subscribing.leave(session, subscription, source=source, secret=secret, by=by, now=now)
        if left.was_confirmed:
            ended.append(subscription)
    suppression.add_hash(session, subscriber.suppression_key, SuppressionReason.LEFT, by=by, now=now)
    return tuple(ended)


def undo(
    session: Session, subscription: Subscription, *, left_at: dt.datetime, secret: Secret, by: Actor, now: dt.datetime
) -> tuple[Subscription, ...]:
    """Take back what a person left at one moment; gives the subscriptions that are confirmed again.

    What was agreed before goes on, so nobody has to confirm again. The record says that it was
    the address's owner who asked for it, by the mail that only they got.

    Raises:
        TokenExpired: something has happened since: the person came and went again, or is suppressed or erased.
    """
    by.require(CHANGE_OWN_CHOICES)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    together = left_together(session, subscription, left_at=left_at)
    for each in together:
        _restore(session, each, subscriber, secret=secret, by=by, now=now)
    held = [SuppressionReason.LEFT]
    suppression.lift_hash(session, subscriber.suppression_key, reasons=held, by=by, now=now)
    audit.record(session, "subscription.undo_leaving", f"subscription:{subscription.id}", by=by, now=now)
    return together


def left_together(session: Session, subscription: Subscription, *, left_at: dt.datetime) -> tuple[Subscription, ...]:
    """What a person left at one moment and would get again; locked, where the session may write.

    Raises:
        TokenExpired: the subscription is not among them, or something has happened since.
    """
    subscriber = current(session, Subscriber, subscription.subscriber_id)
    if subscriber is None or subscriber.erased_at is not None or _is_stopped(session, subscriber):
        raise TokenExpired(subscription.id)
    together = tuple(each for each in _locked(session, subscriber) if _left_then(session, each, left_at))
    if subscription not in together:
        raise TokenExpired(subscription.id)
    return together


def _restore(
    session: Session,
    subscription: Subscription,
    subscriber: Subscriber,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> None:
    subscription.undo_leaving(now=now)
    subscriptions.record(
        session,
        subscription,
        ConsentKind.LEAVING_UNDONE,
        source=SOURCE_OF_UNDOING,
        evidence={"address": subscriber.address},
        secret=secret,
        by=by,
        now=now,
    )


def _locked(session: Session, subscriber: Subscriber) -> list[Subscription]:
    """All subscriptions of a person as they stand now, locked where the session may write, always in the same order."""
    wanted = select(Subscription.id).where(Subscription.subscriber_id == subscriber.id).order_by(Subscription.id)
    found = [current(session, Subscription, key) for key in session.scalars(wanted).all()]
    return [each for each in found if each is not None]


def _left_then(session: Session, subscription: Subscription, left_at: dt.datetime) -> bool:
    """Tell whether the agreement to it ended at that moment, and no new one has begun.

    What else came since does not count, such as a sign-up that nobody confirmed: anybody can do that under any address,
    and it must not take from the owner what they may take back.
    """
    if subscription.state == SubscriptionState.CONFIRMED.value:
        return False
    agreed, ended_at = False, None
    for record in consent.history(session, subscription.subscriber_id):
        if record.list_id != subscription.list_id:
            continue
        if ConsentKind(record.kind) in AGREEING:
            agreed = True
        elif record.kind == ConsentKind.LEFT.value and agreed:
            agreed, ended_at = False, record.at
    return not agreed and ended_at == left_at


def _is_stopped(session: Session, subscriber: Subscriber) -> bool:
    """Tell whether the address is suppressed by more than a leaving.

    That one the owner takes back, as by a sign-up: whoever has an issue may have left everything after the one list.
    """
    return bool(suppression.reasons_of(session, subscriber.suppression_key) - {SuppressionReason.LEFT})

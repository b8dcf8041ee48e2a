"""Erasing and telling what is kept of a person, over whatever holders there are.

    forgetting.erase(session, 7, holders=holders, secret=secret, by=by, now=now)

An erased person's row stays, empty: consent records and the ledger point to it, and keep telling how many there were.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audit, subscriptions, suppression
from subscribers.actor import CHANGE_OWN_CHOICES, MANAGE_PEOPLE, Actor, ActorKind, Permission
from subscribers.errors import PersonGone
from subscribers.holders import DataSubject, Found, Holder, subject_of
from subscribers.models import ConsentKind, Subscriber, Subscription, SubscriptionState, SuppressionReason
from subscribers.orm import current
from subscribers.secret import Secret

SOURCE = "erasure"


def erase(
    session: Session, subscriber_id: int, *, holders: Sequence[Holder], secret: Secret, by: Actor, now: dt.datetime
) -> None:
    """End every subscription, keep the address from being imported again, and have all holders erase.

    A person who is erased already stays so.

    Raises:
        NotPermitted: the actor may neither manage people nor is a reader.
        PersonGone: there is no such person.
    """
    by.require(_right(by))
    subscriber = current(session, Subscriber, subscriber_id)
    if subscriber is None:
        raise PersonGone(subscriber_id)
    if subscriber.erased_at is not None:
        return
    of = subject_of(subscriber)
    _end_subscriptions(session, of, secret=secret, by=by, now=now)
    suppression.add_hash(session, of.suppression_key, SuppressionReason.ERASED, by=by, now=now)
    have_erased(session, of, holders=holders, now=now)
    audit.record(session, "subscriber.erase", f"subscriber:{subscriber_id}", by=by, now=now)


def disclose(
    session: Session, subscriber_id: int, *, holders: Sequence[Holder], by: Actor, now: dt.datetime
) -> dict[str, object]:
    """Everything the holders have of a person, by their names; `made_at` tells when.

    Raises:
        NotPermitted: the actor may neither manage people nor is a reader.
        PersonGone: there is no such person, or they were erased.
    """
    by.require(_right(by))
    subscriber = current(session, Subscriber, subscriber_id)
    if subscriber is None or subscriber.erased_at is not None:
        raise PersonGone(subscriber_id)
    of = subject_of(subscriber)
    found: dict[str, Found] = {holder.name: holder.disclose(session, of) for holder in holders}
    audit.record(session, "subscriber.disclose", f"subscriber:{subscriber_id}", by=by, now=now)
    return {"made_at": now.isoformat(timespec="seconds"), **found}


def have_erased(session: Session, of: DataSubject, *, holders: Sequence[Holder], now: dt.datetime) -> None:
    """Have all holders erase; no suppression is set, and nobody is asked whether that is right.

    `holders` begin with that of people. From then on whoever adds something to the person waits, on PostgreSQL, until
    all of it is committed, and whatever was added before is seen by the holders that follow.
    """
    session.flush()
    for holder in holders:
        holder.erase(session, of, now=now)


def _right(by: Actor) -> Permission:
    return CHANGE_OWN_CHOICES if by.kind is ActorKind.READER else MANAGE_PEOPLE


def _end_subscriptions(session: Session, of: DataSubject, *, secret: Secret, by: Actor, now: dt.datetime) -> None:
    going = select(Subscription).where(
        Subscription.subscriber_id == of.subscriber_id, Subscription.state != SubscriptionState.LEFT.value
    )
    for subscription in session.scalars(going.order_by(Subscription.id).with_for_update()):
        subscription.move(SubscriptionState.LEFT, now=now)
        kind = ConsentKind.LEFT
        subscriptions.record(session, subscription, kind, source=SOURCE, evidence={}, secret=secret, by=by, now=now)

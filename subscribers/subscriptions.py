"""One person's relation to one list: finding it, and keeping its history."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.actor import Actor
from subscribers.models import ConsentKind, MailingList, Subscriber, Subscription, SubscriptionState
from subscribers.secret import Secret


def find_or_add(
    session: Session, subscriber: Subscriber, mailing_list: MailingList, *, source: str, now: dt.datetime
) -> Subscription:
    """A person's relation to a list, locked; made as pending where there was none."""
    wanted = (
        select(Subscription)
        .where(Subscription.subscriber_id == subscriber.id, Subscription.list_id == mailing_list.id)
        .with_for_update()  # two requests at once: the second waits, and then sees that the first has just asked
    )
    found = session.scalar(wanted)
    if found is not None:
        return found
    added = Subscription(
        subscriber_id=subscriber.id,
        list_id=mailing_list.id,
        state=SubscriptionState.PENDING.value,
        source=source,
        created_at=now,
        changed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(added)
    except IntegrityError:
        return session.scalars(wanted).one()
    return added


def record(
    session: Session,
    subscription: Subscription,
    kind: ConsentKind,
    *,
    source: str,
    evidence: Mapping[str, Any],
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    wording: str | None = None,
) -> None:
    """Add what happened to a subscription to its person's consent chain."""
    consent.append(
        session,
        subscription.subscriber_id,
        list_id=subscription.list_id,
        kind=kind,
        source=source,
        wording=wording,
        evidence=evidence,
        secret=secret,
        by=by,
        now=now,
    )

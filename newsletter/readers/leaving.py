"""Leaving: what the page behind an unsubscribe link shows and does, and the one-click POST (RFC 8058).

Looking changes nothing; a POST ends the subscription, a second one answers the same. Somebody who is
gone altogether is told so kindly: the link still works, there is just nothing left to end.

Whoever has an issue has its link. So each leaving is told to the address itself (`undoing.offer`).
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.readers import undoing
from subscribers import leave_reasons, subscribing, suppression, tokens
from subscribers import leaving as leaving_all
from subscribers.actor import Actor
from subscribers.address import masked
from subscribers.leave_reasons import LeaveReason
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, SuppressionReason
from subscribers.orm import current
from subscribers.secret import Secret

BY_LINK = "unsubscribe link"
BY_ONE_CLICK = "one-click"
BY_LINK_EVERYTHING = "unsubscribe link, everything"


@dataclass(frozen=True, slots=True)
class Leaving:
    """What an unsubscribe link is about.

    `left` is true where the reader gets nothing (more) of the list, `everything` where nothing of any list.
    `other_lists` tells whether there are other lists at all, not whether the reader is on one. In a test mail
    (`test`), and where the person was erased, nothing is known: the texts are empty, and `left` is true for the erased.
    """

    list_name: str = ""
    list_slug: str = ""
    language: str = ""
    masked_address: str = ""
    left: bool = False
    everything: bool = False
    other_lists: bool = False
    test: bool = False


def leaving_of(session: Session, token: str, *, secret: Secret) -> Leaving:
    """Tell what a token would end; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
    """
    read = tokens.read_leave(secret, token)
    return _TEST if read.subscription_id is None else _shown(session, _subscription(session, read))


def leave(
    session: Session,
    token: str,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    source: str = BY_LINK,
    undo_mail: bool = True,
) -> Leaving:
    """End the subscription, at once and as often as asked. The link of a test mail ends nothing.

    Raises:
        TokenInvalid: the token was not made here; nothing is changed.
    """
    read = tokens.read_leave(secret, token)
    subscription = _subscription(session, read)
    if subscription is not None:
        left = subscribing.leave(session, subscription, source=source, secret=secret, by=by, now=now)
        if left.was_confirmed and undo_mail:
            undoing.offer(session, [subscription], via=subscription, secret=secret, by=by, now=now)
    return _TEST if read.subscription_id is None else _shown(session, subscription)


def leave_everything(
    session: Session, token: str, *, secret: Secret, by: Actor, now: dt.datetime, undo_mail: bool = True
) -> Leaving:
    """End every subscription of the person; the one of the link need not be among them any more.

    Raises:
        TokenInvalid: the token was not made here; nothing is changed.
    """
    read = tokens.read_leave(secret, token)
    if read.subscription_id is None:
        return _TEST
    subscription = session.get(Subscription, read.subscription_id)
    subscriber = None if subscription is None else current(session, Subscriber, subscription.subscriber_id)
    if subscription is not None and subscriber is not None and subscriber.erased_at is None:
        ended = leaving_all.leave_everything(
            session, subscriber, source=BY_LINK_EVERYTHING, secret=secret, by=by, now=now
        )
        if ended and undo_mail:
            undoing.offer(session, ended, via=subscription, secret=secret, by=by, now=now)
    return _shown(session, subscription)


def give_reason(
    session: Session, token: str, reason: LeaveReason, *, secret: Secret, by: Actor, now: dt.datetime
) -> Leaving:
    """Count why somebody left; whoever has not left, or has answered before, is just shown how they stand.

    Raises:
        TokenInvalid: the token was not made here; nothing is changed.
    """
    read = tokens.read_leave(secret, token)
    subscription = _subscription(session, read)
    if subscription is not None:
        leave_reasons.give(session, subscription, reason, by=by, now=now)
    return _TEST if read.subscription_id is None else _shown(session, subscription)


_TEST = Leaving(test=True)
_GONE = Leaving(left=True)


def _subscription(session: Session, read: tokens.Leave) -> Subscription | None:
    if read.subscription_id is None:
        return None
    return current(session, Subscription, read.subscription_id)


def _shown(session: Session, subscription: Subscription | None) -> Leaving:
    if subscription is None:
        return _GONE
    mailing_list = session.get_one(MailingList, subscription.list_id)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    held = suppression.reasons_of(session, subscriber.suppression_key)
    return Leaving(
        list_name=mailing_list.name,
        list_slug=mailing_list.slug,
        language=subscriber.language or mailing_list.language,
        masked_address=masked(subscriber.address) if subscriber.erased_at is None else "",
        left=subscription.state == SubscriptionState.LEFT.value,
        everything=subscriber.erased_at is not None or SuppressionReason.LEFT in held,
        other_lists=session.scalars(select(func.count()).select_from(MailingList)).one() > 1,
    )

"""Leaving: what the page behind an unsubscribe link shows and does, and the one-click POST (RFC 8058).

Looking changes nothing; a POST ends the subscription, a second one answers the same. Somebody who is
gone altogether is told so kindly: the link still works, there is just nothing left to end.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from subscribers import subscribing, tokens
from subscribers.actor import Actor
from subscribers.address import masked
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState
from subscribers.orm import current
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class Leaving:
    """What an unsubscribe link is about.

    `left` is true where the reader gets nothing (more). In a test mail (`test`), and where the person
    was erased, nothing is known: the texts are empty, and `left` is true for the erased.
    """

    list_name: str
    list_slug: str
    language: str
    masked_address: str
    left: bool
    test: bool


def leaving_of(session: Session, token: str, *, secret: Secret) -> Leaving:
    """Tell what a token would end; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
    """
    read = tokens.read_leave(secret, token)
    subscription = _subscription(session, read)
    return _TEST if read.subscription_id is None else _shown(session, subscription)


def leave(session: Session, token: str, *, secret: Secret, by: Actor, now: dt.datetime) -> Leaving:
    """End the subscription, at once and as often as asked. The link of a test mail ends nothing.

    Raises:
        TokenInvalid: the token was not made here; nothing is changed.
    """
    read = tokens.read_leave(secret, token)
    subscription = _subscription(session, read)
    if subscription is not None:
        subscribing.leave(session, subscription, source="unsubscribe link", secret=secret, by=by, now=now)
    return _TEST if read.subscription_id is None else _shown(session, subscription)


_TEST = Leaving("", "", "", "", left=False, test=True)
_GONE = Leaving("", "", "", "", left=True, test=False)


def _subscription(session: Session, read: tokens.Leave) -> Subscription | None:
    if read.subscription_id is None:
        return None
    return current(session, Subscription, read.subscription_id)


def _shown(session: Session, subscription: Subscription | None) -> Leaving:
    if subscription is None:
        return _GONE
    mailing_list = session.get_one(MailingList, subscription.list_id)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    return Leaving(
        list_name=mailing_list.name,
        list_slug=mailing_list.slug,
        language=subscriber.language or mailing_list.language,
        masked_address=masked(subscriber.address) if subscriber.erased_at is None else "",
        left=subscription.state == SubscriptionState.LEFT.value,
        test=False,
    )

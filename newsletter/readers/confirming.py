"""Confirming: what the page behind the link of a confirmation mail shows and does.

Looking changes nothing; the button's POST confirms. A token counts for the address that it was
mailed to, and until its reader leaves.

Who asks twice gets two mails, and the link of either counts: mails overtake each other, readers press
the one they find, and both went to the same inbox. Whoever left and asks again presses a newer one.
"""

import datetime as dt
import hmac
from dataclasses import dataclass

from sqlalchemy.orm import Session

from subscribers import subscribing, tokens
from subscribers.actor import Actor
from subscribers.address import masked
from subscribers.errors import TokenExpired
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState
from subscribers.orm import current
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """What a confirmation is about. `already` is true where it was pressed before."""

    list_name: str
    list_slug: str
    language: str
    masked_address: str
    already: bool


def confirmation_of(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> PendingConfirmation:
    """Tell what a token would confirm; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
        TokenExpired: it is too old, or the reader has left, is gone or has another address since;
            having left stays so for it when the reader asks again.
    """
    subscription, subscriber = _subject(session, token, secret=secret, now=now)
    already = subscription.state == SubscriptionState.CONFIRMED.value
    return _shown(session, subscription, subscriber, already=already)


def confirm(
    session: Session, token: str, *, secret: Secret, by: Actor, now: dt.datetime, ip: str | None = None
) -> PendingConfirmation:
    """Confirm; a second press answers the same with `already`. `ip` as far as settings keep it.

    Raises:
        TokenInvalid, TokenExpired: as `confirmation_of`; nothing is changed.
    """
    subscription, subscriber = _subject(session, token, secret=secret, now=now)
    confirmed = subscribing.confirm(session, subscription, secret=secret, by=by, now=now, ip=ip)
    return _shown(session, subscription, subscriber, already=confirmed.already)


def _subject(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> tuple[Subscription, Subscriber]:
    read = tokens.read_confirmation(secret, token, now=now)
    subscription = current(session, Subscription, read.subscription_id)
    if subscription is None or subscription.state == SubscriptionState.LEFT.value:
        raise TokenExpired(read.subscription_id)
    if subscription.state == SubscriptionState.PENDING.value and _is_older(read, subscription):
        raise TokenExpired(read.subscription_id)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    digest = tokens.address_digest(secret, subscriber.address_key)
    if subscriber.erased_at is not None or not hmac.compare_digest(digest, read.address_digest):
        raise TokenExpired(read.subscription_id)
    return subscription, subscriber


def _is_older(read: tokens.Confirmation, subscription: Subscription) -> bool:
    """Tell whether a token was made before this request; a subscription becomes pending by the first, or after leaving.

    A token knows its time in whole seconds.
    """
    return read.issued_at < subscription.changed_at.replace(microsecond=0)


def _shown(
    session: Session, subscription: Subscription, subscriber: Subscriber, *, already: bool
) -> PendingConfirmation:
    mailing_list = session.get_one(MailingList, subscription.list_id)
    return PendingConfirmation(
        list_name=mailing_list.name,
        list_slug=mailing_list.slug,
        language=subscriber.language or mailing_list.language,
        masked_address=masked(subscriber.address),
        already=already,
    )

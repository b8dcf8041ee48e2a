"""Confirming: what the page behind the link of a confirmation mail shows and does.

Looking changes nothing; the button's POST confirms. A token counts for the address that it was
mailed to, and until its reader leaves.
"""

import datetime as dt
import hmac
from dataclasses import dataclass

from sqlalchemy.orm import Session

from subscribers import measuring, subscribing, tokens
from subscribers.actor import Actor
from subscribers.address import masked
from subscribers.errors import TokenExpired
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, Wording
from subscribers.orm import current
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """What a confirmation is about. `already` is true where it was pressed before.

    `measuring` are the words on measuring that were agreed to at sign-up, which the confirmation has to
    show and to send back (`measuring_digest`) for them to count; empty where there is nothing to confirm.
    """

    list_name: str
    list_slug: str
    language: str
    masked_address: str
    already: bool
    measuring: str = ""
    measuring_digest: str = ""


def confirmation_of(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> PendingConfirmation:
    """Tell what a token would confirm; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
        TokenExpired: it is too old, or the reader has left, is gone or has another address since.
    """
    subscription, subscriber = _subject(session, token, secret=secret, now=now)
    already = subscription.state == SubscriptionState.CONFIRMED.value
    return _shown(session, subscription, subscriber, already=already)


def confirm(
    session: Session,
    token: str,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    ip: str | None = None,
    shown: str = "",
) -> PendingConfirmation:
    """Confirm; a second press answers the same with `already`. `ip` as far as settings keep it.

    `shown` is the digest of the words on measuring that stood beside the button.

    Raises:
        TokenInvalid, TokenExpired: as `confirmation_of`; nothing is changed.
    """
    subscription, subscriber = _subject(session, token, secret=secret, now=now)
    confirmed = subscribing.confirm(session, subscription, secret=secret, by=by, now=now, ip=ip, shown=shown)
    return _shown(session, subscription, subscriber, already=confirmed.already)


def _subject(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> tuple[Subscription, Subscriber]:
    read = tokens.read_confirmation(secret, token, now=now)
    subscription = current(session, Subscription, read.subscription_id)
    if subscription is None or subscription.state == SubscriptionState.LEFT.value:
        raise TokenExpired(read.subscription_id)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    digest = tokens.address_digest(secret, subscriber.address_key)
    if subscriber.erased_at is not None or not hmac.compare_digest(digest, read.address_digest):
        raise TokenExpired(read.subscription_id)
    return subscription, subscriber


def _shown(
    session: Session, subscription: Subscription, subscriber: Subscriber, *, already: bool
) -> PendingConfirmation:
    mailing_list = session.get_one(MailingList, subscription.list_id)
    words = None if already else _agreed_to(session, subscription)
    return PendingConfirmation(
        list_name=mailing_list.name,
        list_slug=mailing_list.slug,
        language=subscriber.language or mailing_list.language,
        masked_address=masked(subscriber.address),
        already=already,
        measuring=words.text if words else "",
        measuring_digest=words.digest if words else "",
    )


def _agreed_to(session: Session, subscription: Subscription) -> Wording | None:
    asked = measuring.asked_at_sign_up(session, subscription)
    return session.get(Wording, asked.wording) if asked is not None and asked.agreed else None

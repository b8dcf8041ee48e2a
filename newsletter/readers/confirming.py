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

from subscribers import measuring, subscribing, tokens, topics
from subscribers.actor import Actor
from subscribers.address import masked
from subscribers.errors import TokenExpired
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, Wording
from subscribers.orm import current
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """What a confirmation is about. `already` is true where it was pressed before.

    `topics` are the names of those that the sign-up chose; none where that is all of them.
    `measuring` are the words on measuring that were agreed to at sign-up, which the confirmation has to
    show and to send back (`measuring_digest`) for them to count; empty where there is nothing to confirm.
    """

    subscription_id: int
    list_name: str
    list_slug: str
    language: str
    masked_address: str
    already: bool
    topics: tuple[str, ...]
    measuring: str = ""
    measuring_digest: str = ""


def confirmation_of(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> PendingConfirmation:
    """Tell what a token would confirm; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
        TokenExpired: it is too old, or the reader has left, is gone or has another address since;
            having left stays so for it when the reader asks again.
    """
    subscription, subscriber, asked_before = _subject(session, token, secret=secret, now=now)
    already = subscription.state == SubscriptionState.CONFIRMED.value
    return _shown(session, subscription, subscriber, already=already, asked_before=asked_before)


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
    subscription, subscriber, asked_before = _subject(session, token, secret=secret, now=now)
    confirmed = subscribing.confirm(
        session, subscription, secret=secret, by=by, now=now, ip=ip, asked_before=asked_before, shown=shown
    )
    return _shown(session, subscription, subscriber, already=confirmed.already, asked_before=asked_before)


_ISSUED = dt.timedelta(seconds=1)  # a token tells the second in which it was asked for


def _subject(
    session: Session, token: str, *, secret: Secret, now: dt.datetime
) -> tuple[Subscription, Subscriber, dt.datetime]:
    """Whom the token is about, and the time before which its mail was asked for."""
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
    return subscription, subscriber, read.issued_at + _ISSUED


def _is_older(read: tokens.Confirmation, subscription: Subscription) -> bool:
    """Tell whether a token was made before this request; a subscription becomes pending by the first, or after leaving.

    A token knows its time in whole seconds.
    """
    return read.issued_at < subscription.changed_at.replace(microsecond=0)


def _shown(
    session: Session,
    subscription: Subscription,
    subscriber: Subscriber,
    *,
    already: bool,
    asked_before: dt.datetime,
) -> PendingConfirmation:
    mailing_list = session.get_one(MailingList, subscription.list_id)
    language = subscriber.language or mailing_list.language
    asked = () if already else topics.asked(session, subscription, before=asked_before) or ()
    words = None if already else _agreed_to(session, subscription)
    return PendingConfirmation(
        subscription_id=subscription.id,
        list_name=mailing_list.name,
        list_slug=mailing_list.slug,
        language=language,
        masked_address=masked(subscriber.address),
        already=already,
        topics=tuple(topics.name_of(topic, language=language) for topic in asked),
        measuring=words.text if words else "",
        measuring_digest=words.digest if words else "",
    )


def _agreed_to(session: Session, subscription: Subscription) -> Wording | None:
    asked = measuring.asked_at_sign_up(session, subscription)
    return session.get(Wording, asked.wording) if asked is not None and asked.agreed else None

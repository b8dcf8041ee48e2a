"""Undoing: the mail that follows each leaving, and the page behind its button.

Whoever was forwarded an issue can press its unsubscribe link. So the address itself is told, by a mail that
nobody else gets, and its owner takes the leaving back with one press. A stranger can cause one such mail: the
next leaving needs somebody who came back, and only the owner can.
"""

import datetime as dt
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.mails import left as left_mail
from newsletter.readers import telling
from subscribers import audit, leaving, tokens
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.address import masked
from subscribers.errors import TokenExpired
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState
from subscribers.orm import current
from subscribers.secret import Secret

_ACTION = "subscription.offer_undo"


@dataclass(frozen=True, slots=True)
class Undoing:
    """What an undo link is about; `restored` where the person gets the lists (again)."""

    list_names: tuple[str, ...]
    list_slug: str
    language: str
    masked_address: str
    restored: bool


def offer(
    session: Session,
    ended: Sequence[Subscription],
    *,
    via: Subscription,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Mail the person that these subscriptions, confirmed until this moment, have ended, and how to take that back.

    Whoever ends a subscription of somebody who may not be the person calls it, in the same transaction; `via` is the
    subscription of the link that was used. A complaint is answered by no mail.
    """
    by.require(CHANGE_OWN_CHOICES)
    first = ended[0]
    mailing_list = session.get_one(MailingList, first.list_id)
    subscriber = session.get_one(Subscriber, first.subscriber_id)
    publication = telling.sender_among(session, [*ended, via])
    subject = f"subscription:{first.id}"
    # Who was forwarded the undo mail as well could leave and come back for ever.
    if publication is None or telling.told_enough(session, _ACTION, subject, now=now):
        return
    left_mail.send(
        session,
        first,
        subscriber,
        publication=publication,
        list_names=_names(session, ended),
        language=subscriber.language or mailing_list.language,
        token=tokens.undo(secret, first.id, address_key=subscriber.address_key, left_at=first.changed_at),
        by=by,
        now=now,
    )
    audit.record(session, _ACTION, subject, by=by, now=now)


def undoing_of(session: Session, token: str, *, secret: Secret, now: dt.datetime) -> Undoing:
    """Tell what a token would take back; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
        TokenExpired: it is too old, or something has happened since.
    """
    subscription, subscriber, left_at = _subject(session, token, secret=secret, now=now)
    if subscription.state == SubscriptionState.CONFIRMED.value:
        return _shown(session, [subscription], subscriber, restored=True)
    together = leaving.left_together(session, subscription, left_at=left_at)
    return _shown(session, [subscription, *together], subscriber, restored=False)


def undo(session: Session, token: str, *, secret: Secret, by: Actor, now: dt.datetime) -> Undoing:
    """Take the leaving back; a second press answers the same.

    Raises:
        TokenInvalid, TokenExpired: as `undoing_of`; nothing is changed.
    """
    subscription, subscriber, left_at = _subject(session, token, secret=secret, now=now)
    if subscription.state == SubscriptionState.CONFIRMED.value:
        return _shown(session, [subscription], subscriber, restored=True)
    restored = leaving.undo(session, subscription, left_at=left_at, secret=secret, by=by, now=now)
    return _shown(session, [subscription, *restored], subscriber, restored=True)


def _subject(
    session: Session, token: str, *, secret: Secret, now: dt.datetime
) -> tuple[Subscription, Subscriber, dt.datetime]:
    read = tokens.read_undo(secret, token, now=now)
    found = session.get(Subscription, read.subscription_id)
    subscriber = None if found is None else current(session, Subscriber, found.subscriber_id)
    subscription = current(session, Subscription, read.subscription_id)
    if subscription is None or subscriber is None or subscriber.erased_at is not None:
        raise TokenExpired(read.subscription_id)
    digest = tokens.address_digest(secret, subscriber.address_key)
    if not hmac.compare_digest(digest, read.address_digest):
        raise TokenExpired(read.subscription_id)
    return subscription, subscriber, read.left_at


def _names(session: Session, subscriptions: Sequence[Subscription]) -> tuple[str, ...]:
    """The lists' names, each once, in the order given."""
    return tuple(dict.fromkeys(session.get_one(MailingList, each.list_id).name for each in subscriptions))


def _shown(
    session: Session, subscriptions: Sequence[Subscription], subscriber: Subscriber, *, restored: bool
) -> Undoing:
    mailing_list = session.get_one(MailingList, subscriptions[0].list_id)
    return Undoing(
        list_names=_names(session, subscriptions),
        list_slug=mailing_list.slug,
        language=subscriber.language or mailing_list.language,
        masked_address=masked(subscriber.address),
        restored=restored,
    )

"""Measuring: what the page behind the link of a measured mail shows and does.

Looking changes nothing; a button's POST stops measuring, at once and for mails delivered before, or
agrees to it again. As often as asked, the answer is the same.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.readers import noticing
from newsletter.readers.saved import Outcome, Saved
from subscribers import measuring, tokens
from subscribers.actor import Actor
from subscribers.address import masked
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState
from subscribers.orm import current
from subscribers.secret import Secret

SOURCE = "measuring page"


@dataclass(frozen=True, slots=True)
class MeasuringChoice:
    """What a link on measuring is about.

    `measured` is None where the reader was never asked. `may_agree` is true where the list asks and the reader
    receives it. In a test mail (`test`), and where the person was erased, nothing is known and the texts are empty.
    """

    list_name: str
    list_slug: str
    language: str
    masked_address: str
    measured: bool | None
    may_agree: bool
    test: bool


def choice_of(session: Session, token: str, *, secret: Secret) -> MeasuringChoice:
    """Tell what a reader chose; changes nothing.

    Raises:
        TokenInvalid: the token was not made here.
    """
    read = tokens.read_measuring(secret, token)
    return _TEST if read.subscription_id is None else _shown(session, _subscription(session, read))


def stop(
    session: Session, token: str, *, secret: Secret, by: Actor, now: dt.datetime, ip: str | None = None
) -> MeasuringChoice:
    """Measure the reader no more. The link of a test mail changes nothing.

    Raises:
        TokenInvalid: the token was not made here; nothing is changed.
    """
    read = tokens.read_measuring(secret, token)
    subscription = _subscription(session, read)
    if subscription is not None:
        measuring.refuse(session, subscription, source=SOURCE, secret=secret, by=by, now=now, ip=ip)
    return _TEST if read.subscription_id is None else _shown(session, subscription)


def agree(
    session: Session,
    token: str,
    *,
    wording: str,
    language: str,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    ip: str | None = None,
) -> MeasuringChoice:
    """Let the reader be measured, where that may be asked, and tell them so by mail.

    `wording` is the text that was shown.

    Raises:
        TokenInvalid: the token was not made here; nothing is changed.
        ChangedTooOften: as `noticing.tell`. The caller must not commit.
    """
    read = tokens.read_measuring(secret, token)
    subscription = _subscription(session, read)
    shown = _shown(session, subscription)
    if subscription is not None and shown.may_agree:
        measuring.agree(
            session,
            subscription,
            wording=wording,
            language=language,
            source=SOURCE,
            secret=secret,
            by=by,
            now=now,
            ip=ip,
        )
        saved = Saved(shown.list_name, Outcome.MEASURED)
        noticing.tell(session, [saved], via=subscription, language=shown.language, by=by, now=now)
    return _TEST if read.subscription_id is None else _shown(session, subscription)


_TEST = MeasuringChoice("", "", "", "", measured=None, may_agree=False, test=True)
_GONE = MeasuringChoice("", "", "", "", measured=False, may_agree=False, test=False)


def _subscription(session: Session, read: tokens.Measuring) -> Subscription | None:
    if read.subscription_id is None:
        return None
    found = session.get(Subscription, read.subscription_id)
    # The person first, as on the settings page: of two who save at once none waits for the other.
    subscriber = None if found is None else current(session, Subscriber, found.subscriber_id)
    if subscriber is None or subscriber.erased_at is not None:
        return None
    return current(session, Subscription, read.subscription_id)


def _shown(session: Session, subscription: Subscription | None) -> MeasuringChoice:
    if subscription is None:
        return _GONE
    mailing_list = session.get_one(MailingList, subscription.list_id)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    receives = subscription.state == SubscriptionState.CONFIRMED.value
    return MeasuringChoice(
        list_name=mailing_list.name,
        list_slug=mailing_list.slug,
        language=subscriber.language or mailing_list.language,
        masked_address=masked(subscriber.address),
        measured=subscription.measured if receives or subscription.measured is None else False,
        may_agree=receives and not subscription.measured and mailing_list.asks_measuring,
        test=False,
    )

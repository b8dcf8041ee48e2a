"""May a reader be measured: what is opened and clicked? A consent of its own, beside the one to receive.

    measuring.agree(session, subscription, wording=words, language="de", source="measuring page", …)
    measuring.may_record(session, subscription.id)  # True, until the reader says otherwise

`Subscription.measured` has three values: never asked (None), yes and no. Nobody is measured who did
not say yes. Saying no holds at once, also for mails delivered before: whoever is about to record an
opening or a click asks `may_record` first. Leaving the list ends it too.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from subscribers import audit, consent, subscriptions
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.errors import NotReceiving
from subscribers.models import (
    ConsentEvidence,
    ConsentKind,
    ConsentRecord,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from subscribers.secret import Secret

SIGN_UP = "sign-up"  # where the choice was made that a confirmation puts into effect


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose on a sign-up form that asked; `wording` is the exact text beside the box."""

    wording: str
    agreed: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A choice that waits for its confirmation; `wording` is the digest of the words that were shown."""

    wording: str
    agreed: bool


def agree(
    session: Session,
    subscription: Subscription,
    *,
    wording: str,
    language: str,
    source: str,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    ip: str | None = None,
) -> bool:
    """Let a reader be measured from now on; tell whether that is new. `wording` is the exact text agreed to.

    Raises:
        NotReceiving: the subscription is not confirmed; nothing was changed.
    """
    by.require(CHANGE_OWN_CHOICES)
    if subscription.state != SubscriptionState.CONFIRMED.value:
        raise NotReceiving(subscription.id)
    if subscription.measured:
        return False
    digest = consent.keep_wording(session, wording, language=language, now=now)
    _set(session, subscription, agreed=True, wording=digest, source=source, ip=ip, secret=secret, by=by, now=now)
    return True


def refuse(
    session: Session,
    subscription: Subscription,
    *,
    source: str,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    ip: str | None = None,
) -> bool:
    """Measure a reader no more, whatever was delivered before; tell whether that is new."""
    by.require(CHANGE_OWN_CHOICES)
    if subscription.measured is False:
        return False
    _set(session, subscription, agreed=False, wording=None, source=source, ip=ip, secret=secret, by=by, now=now)
    return True


def take_effect(
    session: Session,
    subscription: Subscription,
    *,
    shown: str,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    ip: str | None = None,
) -> None:
    """Do what was chosen at sign-up, as its confirmation was just pressed.

    A yes counts only if the confirmation showed its words: `shown` is their digest. So nobody agrees by a
    box that a stranger ticked. Who was measured before they left, and is not asked again, no longer is.
    """
    by.require(CHANGE_OWN_CHOICES)
    asked = asked_at_sign_up(session, subscription)
    was_asked = asked is not None and (not asked.agreed or asked.wording == shown)
    agreed = was_asked and asked is not None and asked.agreed
    if not agreed and (subscription.measured is False or (subscription.measured is None and not was_asked)):
        return
    wording = asked.wording if was_asked and asked is not None else None
    _set(session, subscription, agreed=agreed, wording=wording, source=SIGN_UP, ip=ip, secret=secret, by=by, now=now)


def asked_at_sign_up(session: Session, subscription: Subscription) -> Asked | None:
    """What the last request for this list chose; None where its form did not ask."""
    data = session.scalar(
        select(ConsentEvidence.data)
        .join(ConsentRecord, ConsentRecord.id == ConsentEvidence.record_id)
        .where(
            ConsentRecord.subscriber_id == subscription.subscriber_id,
            ConsentRecord.list_id == subscription.list_id,
            ConsentRecord.kind == ConsentKind.REQUESTED.value,
        )
        .order_by(ConsentRecord.sequence.desc())
        .limit(1)
    )
    chosen = (data or {}).get("measuring")
    return Asked(chosen["wording"], chosen["agreed"]) if chosen else None


def evidence_of(session: Session, choice: Choice | None, *, language: str, now: dt.datetime) -> dict[str, Any]:
    """The part of a request's evidence that keeps the choice until it is confirmed; empty where nobody asked."""
    if choice is None:
        return {}
    digest = consent.keep_wording(session, choice.wording, language=language, now=now)
    return {"measuring": {"agreed": choice.agreed, "wording": digest}}


def may_record(session: Session, subscription_id: int) -> bool:
    """Tell whether an opening or a click of this reader may be recorded, at this very moment."""
    allowed = (
        select(Subscription.id)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(Subscription.id == subscription_id, Subscriber.erased_at.is_(None), is_measured())
    )
    return session.scalar(allowed) is not None


def is_measured() -> ColumnElement[bool]:
    """Tell in SQL, over `Subscription`, who gets the measured variant; never NULL."""
    return and_(Subscription.measured.is_(True), Subscription.state == SubscriptionState.CONFIRMED.value)


def _set(
    session: Session,
    subscription: Subscription,
    *,
    agreed: bool,
    wording: str | None,
    source: str,
    ip: str | None,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> None:
    subscription.measured = agreed
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    subscriptions.record(
        session,
        subscription,
        ConsentKind.MEASURING_AGREED if agreed else ConsentKind.MEASURING_REFUSED,
        source=source,
        wording=wording,
        evidence={"address": subscriber.address, "ip": ip},
        secret=secret,
        by=by,
        now=now,
    )
    action = "measuring.agree" if agreed else "measuring.refuse"
    audit.record(session, action, f"subscription:{subscription.id}", by=by, now=now, source=source)

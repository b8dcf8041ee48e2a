"""Joining a list and leaving it: ask, confirm, leave.

    match subscribing.request(session, news, address=address, person=person, …):
        case ConfirmationDue() as due: …  # somebody above mails the confirmation
        case NothingDue(): …  # answer the visitor exactly the same

Nothing here mails anybody. A decision never tells a visitor whether an address is known; only staff
is shown a `NothingDue` reason. Leaving ends one list and holds at once. What was asked counts once the
address's owner confirms; topics wait until then in the evidence of the request (`topics.asked`).
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audit, consent, measuring, people, subscriptions, suppression, topics
from subscribers.actor import CHANGE_OWN_CHOICES, MANAGE_PEOPLE, Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.errors import RequestUnproven
from subscribers.measuring import Choice
from subscribers.models import (
    ConsentKind,
    ConsentRecord,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.people import Person
from subscribers.secret import Secret

__all__ = [
    "ConfirmationDue",
    "Confirmed",
    "Left",
    "NothingDue",
    "Person",
    "Reason",
    "add_requested",
    "confirm",
    "leave",
    "request",
]

# A second confirmation mail within this time helps nobody: the first is still on its way. And it
# would let a stranger fill an inbox by pressing the button of our form.
CONFIRMATION_PAUSE = dt.timedelta(minutes=10)

# What a confirmation, once pressed, ends. Whoever is blocked by staff stays blocked.
LIFTED_BY_ANY_CONFIRMATION = frozenset({SuppressionReason.LEFT, SuppressionReason.BOUNCED, SuppressionReason.ERASED})
LIFTED_BY_OWN_REQUEST = LIFTED_BY_ANY_CONFIRMATION | {SuppressionReason.COMPLAINED}


class Reason(StrEnum):
    """Why a request leads to no confirmation mail; for staff's eyes alone."""

    ALREADY_CONFIRMED = "confirmed already"
    ASKED_RECENTLY = "a confirmation mail went out a few minutes ago"
    COMPLAINED = "reported our mail as spam; only the reader can come back, by the sign-up page"
    BLOCKED = "blocked by staff"


@dataclass(frozen=True, slots=True)
class ConfirmationDue:
    """Somebody asked; mail the confirmation to `address`, in `language`."""

    subscription_id: int
    subscriber_id: int
    address: EmailAddress
    language: str


@dataclass(frozen=True, slots=True)
class NothingDue:
    """Nobody is mailed, and nothing was changed."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The person gets the list's issues; `already` is true when that was so before."""

    already: bool
    lifted: frozenset[SuppressionReason]


@dataclass(frozen=True, slots=True)
class Left:
    """The person gets nothing more; `already` is true when that was so before, `was_confirmed` when this ended mail."""

    already: bool
    was_confirmed: bool = False


def request(
    session: Session,
    mailing_list: MailingList,
    *,
    address: EmailAddress,
    person: Person,
    wording: str,
    source: str,
    ip: str | None,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    wording_language: str = "",
    topic_slugs: Collection[str] | None = None,
    measured: Choice | None = None,
) -> ConfirmationDue | NothingDue:
    """Ask for a list under an address, as anybody can: it counts once the address's owner confirms.

    `wording` is the exact text shown beside the button, in `wording_language` where that is not the
    person's; `source` is where it was, such as `page`, and `ip` what the settings allow to keep of the
    visitor's. `topic_slugs` are what was chosen: empty for every topic, None where none were asked.
    `measured` is what was chosen where the form asked. Topics and measuring take effect with the confirmation.
    """
    by.require(CHANGE_OWN_CHOICES)
    proof: dict[str, Any] = {"ip": ip}
    if topic_slugs is not None:
        proof[topics.ASKED] = sorted(topic_slugs)
    asked = _Request(address, person, source, wording, wording_language, proof, measured)
    return _ask(session, mailing_list, asked, refused=_REFUSED_TO_READERS, secret=secret, by=by, now=now)


def add_requested(
    session: Session,
    mailing_list: MailingList,
    *,
    address: EmailAddress,
    requested_by: str,
    person: Person,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> ConfirmationDue | NothingDue:
    """Ask for a list on behalf of somebody who asked staff; `requested_by` says who, when and how.

    Raises:
        RequestUnproven: `requested_by` is empty.
    """
    by.require(MANAGE_PEOPLE)
    if not requested_by.strip():
        raise RequestUnproven
    proof = {"requested_by": requested_by.strip(), "entered_by": by.name}
    asked = _Request(address, person, "staff", None, "", proof)
    return _ask(session, mailing_list, asked, refused=_REFUSED_TO_STAFF, secret=secret, by=by, now=now)


def confirm(
    session: Session,
    subscription: Subscription,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    ip: str | None = None,
    asked_before: dt.datetime | None = None,
    shown: str = "",
) -> Confirmed:
    """Take the press of the confirmation's button; a second press changes nothing.

    Takes over the topics of the request, which is the last one before `asked_before`: what somebody else
    asked since, under the same address, is not what this mail asked about. `shown` is the digest of the words on
    measuring that stood beside the button, empty where none did.

    Lifts the suppressions that were older than the request: what came after it, such as a
    complaint, is not answered by a mail that was asked for before.

    Raises:
        WrongMove: the person has left since; only a new request leads back.
    """
    by.require(CHANGE_OWN_CHOICES)
    already = subscription.state == SubscriptionState.CONFIRMED.value
    if not already:
        subscription.move(SubscriptionState.CONFIRMED, now=now)
        topics.choose_as_asked(session, subscription, before=asked_before, by=by, now=now)
        subscription.paused_until = None  # a pause of before the person left
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    lifted = _lift(session, subscriber, subscription, by=by, now=now)
    if already and not lifted:
        return Confirmed(already=True, lifted=lifted)
    evidence = {"address": subscriber.address, "ip": ip}
    kind = ConsentKind.CONFIRMED
    source = "confirmation mail"
    subscriptions.record(session, subscription, kind, source=source, evidence=evidence, secret=secret, by=by, now=now)
    measuring.take_effect(session, subscription, shown=shown, secret=secret, by=by, now=now, ip=ip)
    audit.record(session, "subscription.confirm", f"subscription:{subscription.id}", by=by, now=now)
    return Confirmed(already=already, lifted=lifted)


def leave(
    session: Session, subscription: Subscription, *, source: str, secret: Secret, by: Actor, now: dt.datetime
) -> Left:
    """End a subscription, also one not yet confirmed; a second time changes nothing.

    Holds at once, also for mail already planned: the audience is asked again before each message.
    """
    by.require(CHANGE_OWN_CHOICES)
    if subscription.state == SubscriptionState.LEFT.value:
        return Left(already=True)
    was_confirmed = subscription.state == SubscriptionState.CONFIRMED.value
    subscription.move(SubscriptionState.LEFT, now=now)
    kind = ConsentKind.LEFT
    subscriptions.record(session, subscription, kind, source=source, evidence={}, secret=secret, by=by, now=now)
    audit.record(session, "subscription.leave", f"subscription:{subscription.id}", by=by, now=now, source=source)
    return Left(already=False, was_confirmed=was_confirmed)


_REFUSED_TO_READERS = {SuppressionReason.BLOCKED: Reason.BLOCKED}
_REFUSED_TO_STAFF = _REFUSED_TO_READERS | {SuppressionReason.COMPLAINED: Reason.COMPLAINED}


@dataclass(frozen=True, slots=True)
class _Request:
    address: EmailAddress
    person: Person
    source: str
    wording: str | None
    wording_language: str
    proof: Mapping[str, Any]
    measured: Choice | None = None


def _ask(
    session: Session,
    mailing_list: MailingList,
    asked: _Request,
    *,
    refused: Mapping[SuppressionReason, Reason],
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> ConfirmationDue | NothingDue:
    suppression_key = suppression.key_of(asked.address.key, key=suppression.hashing_key(secret))
    held = suppression.reasons_of(session, suppression_key)
    for suppressed, reason in refused.items():
        if suppressed in held:
            return NothingDue(reason)
    subscriber = people.find_or_add(session, asked.address, asked.person, suppression_key=suppression_key, now=now)
    subscription = subscriptions.find_or_add(session, subscriber, mailing_list, source=asked.source, now=now)
    pointless = _pointless(subscription, suppressed=bool(held), now=now)
    if pointless is not None:
        return NothingDue(pointless)
    if not people.is_confirmed_anywhere(session, subscriber):
        people.describe(subscriber, asked.address, asked.person)
    _await_confirmation(subscription, source=asked.source, now=now)
    language = asked.person.language or mailing_list.language
    wording = None
    if asked.wording:
        shown_in = asked.wording_language or language
        wording = consent.keep_wording(session, asked.wording, language=shown_in, now=now)
    evidence = {
        "address": asked.address.address,
        "person": asked.person.told(),
        **asked.proof,
        **measuring.evidence_of(session, asked.measured, language=language, now=now),
    }
    subscriptions.record(
        session,
        subscription,
        ConsentKind.REQUESTED,
        source=asked.source,
        wording=wording,
        evidence=evidence,
        secret=secret,
        by=by,
        now=now,
    )
    audit.record(session, "subscription.request", f"subscription:{subscription.id}", by=by, now=now)
    return ConfirmationDue(subscription.id, subscriber.id, EmailAddress.parse(subscriber.address), language)


def _pointless(subscription: Subscription, *, suppressed: bool, now: dt.datetime) -> Reason | None:
    """Tell why a confirmation mail would be pointless; a confirmed person who is suppressed may come back."""
    if subscription.state == SubscriptionState.CONFIRMED.value and not suppressed:
        return Reason.ALREADY_CONFIRMED
    sent = subscription.confirmation_sent_at
    if sent is not None and now - sent < CONFIRMATION_PAUSE:
        return Reason.ASKED_RECENTLY
    return None


def _await_confirmation(subscription: Subscription, *, source: str, now: dt.datetime) -> None:
    if subscription.state == SubscriptionState.LEFT.value:
        subscription.move(SubscriptionState.PENDING, now=now)
    if subscription.state == SubscriptionState.PENDING.value:
        subscription.source = source
    subscription.confirmation_sent_at = now


def _lift(
    session: Session, subscriber: Subscriber, subscription: Subscription, *, by: Actor, now: dt.datetime
) -> frozenset[SuppressionReason]:
    asked = session.execute(
        select(ConsentRecord.at, ConsentRecord.actor)
        .where(
            ConsentRecord.subscriber_id == subscriber.id,
            ConsentRecord.list_id == subscription.list_id,
            ConsentRecord.kind == ConsentKind.REQUESTED.value,
        )
        .order_by(ConsentRecord.sequence.desc())
        .limit(1)
    ).first()
    if asked is None:
        return frozenset()
    own = asked.actor == ActorKind.READER.value
    reasons = LIFTED_BY_OWN_REQUEST if own else LIFTED_BY_ANY_CONFIRMATION
    return suppression.lift_hash(
        session, subscriber.suppression_key, reasons=reasons, by=by, now=now, set_before=asked.at
    )

"""Another address for the same person: the lists, the choices and the proof stay, the mail goes elsewhere.

    match changing_address.change(session, subscriber, to=address, …):
        case AddressChanged(before): …  # tell the old mailbox
        case AddressNotChanged(reason): …

Called when the owner of both mailboxes has said so, in one by a link and in the other by a button. What was planned
for the old address is then excluded: the audience is asked again before each message.

Two people are never made one. Their chains of consent could not be joined without being written anew, and of two
choices on one list one would be lost; so who has both addresses on our lists ends one of the two by hand.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import audit, errands, people, subscriptions, suppression
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.address import EmailAddress
from subscribers.models import ConsentKind, Subscriber, Subscription, SubscriptionState, SuppressionReason
from subscribers.secret import Secret
from subscribers.subscribing import LIFTED_BY_ANY_CONFIRMATION

SOURCE = "mail to the new address"
# Nobody gets around them by another address, and nobody is mailed in spite of them.
HINDRANCES = frozenset({SuppressionReason.BLOCKED, SuppressionReason.COMPLAINED})


class Hindrance(StrEnum):
    """Why an address was not changed."""

    TAKEN = "somebody is known under that address already"
    SUPPRESSED = "one of the two addresses is not mailed"


@dataclass(frozen=True, slots=True)
class AddressChanged:
    """The person's mail goes to the new address; `before` is where it went."""

    before: EmailAddress


@dataclass(frozen=True, slots=True)
class AddressNotChanged:
    """Nothing was changed."""

    hindrance: Hindrance


def may_be_mailed(session: Session, address: EmailAddress, *, secret: Secret) -> bool:
    """Tell whether somebody may be asked at that address whether it is theirs; for the program's eyes alone."""
    return not HINDRANCES & _held(session, address, secret=secret)


def change(
    session: Session,
    subscriber: Subscriber,
    *,
    to: EmailAddress,
    subscription: Subscription,
    asked_at: dt.datetime,
    ip: str | None,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> AddressChanged | AddressNotChanged:
    """Take over the new address, with a record in the chain for each list that the person is on.

    `subscription` is the one whose link led here: it has the record of who is on no list any more. Lifts what of
    suppressions a confirmation lifts, as far as they are older than `asked_at`, when the new mailbox was asked.
    """
    by.require(CHANGE_OWN_CHOICES)
    before = EmailAddress.parse(subscriber.address)
    if HINDRANCES & (_held(session, before, secret=secret) | _held(session, to, secret=secret)):
        return AddressNotChanged(Hindrance.SUPPRESSED)
    if not _moved(session, subscriber, to, secret=secret):
        return AddressNotChanged(Hindrance.TAKEN)
    suppression.lift_hash(
        session,
        subscriber.suppression_key,
        reasons=LIFTED_BY_ANY_CONFIRMATION,
        by=by,
        now=now,
        set_before=asked_at,
    )
    evidence = {"address": to.address, "before": before.address, "ip": ip}
    kind = ConsentKind.ADDRESS_CHANGED
    for each in _on(session, subscriber) or (subscription,):
        subscriptions.record(session, each, kind, source=SOURCE, evidence=evidence, secret=secret, by=by, now=now)
    errands.close(session, subscriber.id)
    audit.record(session, "subscriber.change-address", f"subscriber:{subscriber.id}", by=by, now=now)
    return AddressChanged(before)


def _held(session: Session, address: EmailAddress, *, secret: Secret) -> frozenset[SuppressionReason]:
    return suppression.reasons_of(session, suppression.key_of(address.key, key=suppression.hashing_key(secret)))


def _moved(session: Session, subscriber: Subscriber, to: EmailAddress, *, secret: Secret) -> bool:
    """Write the new address; False where it is somebody else's, also since this very moment."""
    other = people.find(session, to)
    if other is not None and other.id != subscriber.id:
        return False
    try:
        with session.begin_nested():
            subscriber.address, subscriber.address_key = to.address, to.key
            subscriber.suppression_key = suppression.key_of(to.key, key=suppression.hashing_key(secret))
            subscriber.provider = to.provider.value
    except IntegrityError:
        session.refresh(subscriber)
        return False
    return True


def _on(session: Session, subscriber: Subscriber) -> tuple[Subscription, ...]:
    """What the person has not left, by list."""
    mine = select(Subscription).where(
        Subscription.subscriber_id == subscriber.id, Subscription.state != SubscriptionState.LEFT.value
    )
    return tuple(session.scalars(mine.order_by(Subscription.list_id)))

"""Who may get an issue: everybody a list reaches now, and why somebody planned earlier no longer is.

Planning takes people in keyset chunks, by an `INSERT … SELECT` of its own over

    audience.confirmed(list_id, now=now).where(Subscription.subscriber_id > cursor)
    .order_by(Subscription.subscriber_id).limit(5_000)

A sender that reads a window of planned deliveries joins each row to what is true at that moment:

    select(Delivery, audience.exclusion(Delivery.address_key, now=now))
    .outerjoin(Subscription, Subscription.id == Delivery.subscription_id)
    .outerjoin(Subscriber, Subscriber.id == Subscription.subscriber_id)

Both are plain SQL over the two tables of this package, so that the ledger settles a window in one
statement. Use the tables as they are: an alias of `Subscriber` or `Subscription` is not seen here.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Exists, Select, and_, case, exists, func, null, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from subscribers import lists
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, Suppression, SuppressionReason


class Exclusion(StrEnum):
    """Why somebody who was planned may not get the mail now."""

    LEFT = "left"  # left the list, or never confirmed it
    SUPPRESSED = "suppressed"
    PAUSED = "paused"  # wants nothing until a day that has not come
    ADDRESS_CHANGED = "address changed"
    ERASED = "erased"


def confirmed(list_id: int, *, now: dt.datetime) -> Select[*tuple[Any, ...]]:
    """Select everybody who may get an issue of the list at that moment: confirmed, not paused, suppressed or erased.

    Columns: subscriber_id, subscription_id, address, address_key, provider, salutation, title,
    first_name, last_name, organisation, language. No order is set. `Subscription.subscriber_id` is
    the column to page by: it ends the index that this select walks.
    """
    return (
        select(
            Subscription.subscriber_id.label("subscriber_id"),
            Subscription.id.label("subscription_id"),
            Subscriber.address,
            Subscriber.address_key,
            Subscriber.provider,
            Subscriber.salutation,
            Subscriber.title,
            Subscriber.first_name,
            Subscriber.last_name,
            Subscriber.organisation,
            Subscriber.language,
        )
        .select_from(Subscription)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(
            Subscription.list_id == list_id,
            Subscription.state == SubscriptionState.CONFIRMED.value,
            ~_is_paused(now),
            Subscriber.erased_at.is_(None),
            ~_suppressed(),
        )
    )


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many people a list reaches, and how many it does not for each reason; everybody counts once."""

    active: int
    pending: int
    left: int
    paused: int
    suppressed: int
    erased: int

    @property
    def confirmed(self) -> int:
        """How many are on the list, whether an issue reaches them now or not."""
        return self.active + self.paused + self.suppressed + self.erased


def numbers(session: Session, mailing_list: MailingList, *, now: dt.datetime) -> Numbers:
    """Count who would get an issue of a list at that moment, and who would not."""
    states = lists.counts(session, mailing_list)
    why = exclusion(Subscriber.address_key, now=now)
    # Of most people no reason holds, and asking for it costs more than asking whether there is one.
    counted = session.execute(
        select(why, func.count())
        .select_from(Subscription)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(
            Subscription.list_id == mailing_list.id,
            Subscription.state == SubscriptionState.CONFIRMED.value,
            or_(_is_paused(now), Subscriber.erased_at.is_not(None), _suppressed()),
        )
        .group_by(why)
    )
    found = dict(counted.all())
    return Numbers(
        active=states[SubscriptionState.CONFIRMED.value] - sum(found.values()),
        pending=states[SubscriptionState.PENDING.value],
        left=states[SubscriptionState.LEFT.value],
        paused=found.get(Exclusion.PAUSED.value, 0),
        suppressed=found.get(Exclusion.SUPPRESSED.value, 0),
        erased=found.get(Exclusion.ERASED.value, 0),
    )


def exclusion(
    address_key: ColumnElement[str] | InstrumentedAttribute[str], *, now: dt.datetime
) -> ColumnElement[str | None]:
    """Tell in SQL why an issue may not go to a planned recipient at that moment: NULL while it may.

    `address_key` is the column that holds the normalised address as planned. The statement joins
    `Subscription` and `Subscriber`, both by OUTER JOIN: a row that is gone counts as erased. The
    value is that of an `Exclusion`; where several hold, the first of erased, left, suppressed,
    paused, address changed.
    """
    return case(
        (or_(Subscriber.id.is_(None), Subscriber.erased_at.is_not(None)), Exclusion.ERASED.value),
        (
            or_(Subscription.id.is_(None), Subscription.state != SubscriptionState.CONFIRMED.value),
            Exclusion.LEFT.value,
        ),
        (_suppressed(), Exclusion.SUPPRESSED.value),
        (_is_paused(now), Exclusion.PAUSED.value),
        (Subscriber.address_key != address_key, Exclusion.ADDRESS_CHANGED.value),
        else_=null(),
    )


def system_exclusion(address_key: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[str | None]:
    """Tell in SQL why a system mail, such as a confirmation, may not go out: NULL while it may.

    Joined as for `exclusion`. A bounce or a complaint counts when it came after the person last
    asked: the person's own sign-up is what lifts it, and its confirmation mail must get through.
    Somebody blocked by staff gets nothing.
    """
    return case(
        (or_(Subscriber.id.is_(None), Subscriber.erased_at.is_not(None)), Exclusion.ERASED.value),
        (_suppressed_for_system_mail(), Exclusion.SUPPRESSED.value),
        (Subscriber.address_key != address_key, Exclusion.ADDRESS_CHANGED.value),
        else_=null(),
    )


def _is_paused(now: dt.datetime) -> ColumnElement[bool]:
    """True or false, never NULL: a condition that is negated must hold for who never paused."""
    return and_(Subscription.paused_until.is_not(None), Subscription.paused_until > now)


def _suppressed() -> Exists:
    return exists().where(Suppression.address_hash == Subscriber.suppression_key).correlate(Subscriber)


def _suppressed_for_system_mail() -> Exists:
    since_asked = or_(
        Subscription.confirmation_sent_at.is_(None),
        Suppression.at > Subscription.confirmation_sent_at,
    )
    unreachable = Suppression.reason.in_((SuppressionReason.BOUNCED.value, SuppressionReason.COMPLAINED.value))
    return (
        exists()
        .where(
            Suppression.address_hash == Subscriber.suppression_key,
            or_(Suppression.reason == SuppressionReason.BLOCKED.value, and_(unreachable, since_asked)),
        )
        .correlate(Subscriber, Subscription)
    )

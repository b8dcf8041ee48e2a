"""People whose time is over: who never confirmed, who was imported without proof, who left, who was erased.

Each `…_due` counts subscriptions, people or pieces of evidence; each `…_step` takes the next few in the session's
transaction and tells how many, 0 when none is left. Each is looked at once more under its lock, because somebody may
have confirmed in this very moment.
"""

import datetime as dt

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from newsletter.readers.retention.facts import Facts
from subscribers import forgetting, suppression
from subscribers.actor import Actor
from subscribers.holders import subject_of
from subscribers.importing.sorting import SOURCE as IMPORTED
from subscribers.models import (
    ConsentEvidence,
    ConsentKind,
    ConsentRecord,
    ErrandState,
    Subscriber,
    Subscription,
    SubscriptionState,
    SubscriptionTopic,
    SuppressionReason,
)
from subscribers.orm import current

LATELY = dt.timedelta(days=2)
AT_ONCE = 40  # people; less than a tenth of a second on SQLite
EVIDENCE_AT_ONCE = 1_000


def unconfirmed_due(session: Session, facts: Facts) -> int:
    """How many sign-ups were never confirmed."""
    return _number(session, _waiting(facts, imported=False))


def unconfirmed_step(session: Session, facts: Facts) -> int:
    """Take the next of them away."""
    return _take_away(session, facts, imported=False)


def new_addresses_due(session: Session, facts: Facts) -> int:
    """How many addresses were typed as somebody's new one, and never confirmed by who owns them."""
    return session.scalar(select(func.count()).select_from(ErrandState).where(_was_asked(facts.before))) or 0


def new_addresses_step(session: Session, facts: Facts) -> int:
    """Forget all of them: one of an hour ago opens nothing any more."""
    blanked = update(ErrandState).where(_was_asked(facts.before)).values(address="")
    forgotten = session.execute(
        blanked.returning(ErrandState.subscriber_id).execution_options(synchronize_session=False)
    )
    return len(forgotten.all())


def imported_due(session: Session, facts: Facts) -> int:
    """How many imported people wait for a proof that did not come."""
    return _number(session, _waiting(facts, imported=True))


def imported_step(session: Session, facts: Facts) -> int:
    """Take the next of them away."""
    return _take_away(session, facts, imported=True)


def left_due(session: Session, facts: Facts) -> int:
    """How many left subscriptions have evidence, or a person, that need not be kept any longer."""
    return _number(session, _left(facts))


def left_step(session: Session, facts: Facts) -> int:
    """Erase the evidence of the next of them, and who has left all lists; an import does not bring them back."""
    ids = session.execute(_left(facts).limit(AT_ONCE)).all()
    for subscriber_id, subscription_id in ids:
        subscriber, subscription = _locked(session, subscriber_id, subscription_id)
        if subscriber is None or subscription is None or not _has_left(subscriber, subscription):
            continue
        _erase_evidence(session, subscription, after=0)
        if not _is_kept(session, subscriber.id, facts):
            left = SuppressionReason.LEFT
            suppression.add_hash(session, subscriber.suppression_key, left, by=Actor.worker(), now=facts.now)
            _forget(session, subscriber, facts)
    return len(ids)


def erased_due(session: Session, facts: Facts) -> int:
    """How many pieces of evidence of erased people need not be kept any longer."""
    return _number(session, _evidence_of_erased(facts))


def erased_step(session: Session, facts: Facts) -> int:
    """Erase the next of them."""
    ids = session.scalars(_evidence_of_erased(facts).limit(EVIDENCE_AT_ONCE)).all()
    session.execute(
        delete(ConsentEvidence).where(ConsentEvidence.record_id.in_(ids)).execution_options(synchronize_session=False)
    )
    return len(ids)


def lately_erased(session: Session, facts: Facts) -> tuple[int, ...]:
    """Who was erased in the last two days, by number."""
    lately = select(Subscriber.id).where(Subscriber.erased_at >= facts.now - LATELY).order_by(Subscriber.id)
    return tuple(session.scalars(lately))


def erase_again(session: Session, subscriber_id: int, facts: Facts) -> None:
    """Erase what came in while somebody was being erased, such as a mail that was planned in that very moment.

    The person's number is all that is left to look by, so only tables are looked through.
    """
    of = subject_of(session.get_one(Subscriber, subscriber_id))
    tables = [holder for holder in facts.holders if holder.tables]
    forgetting.have_erased(session, of, holders=tables, now=facts.now)


def _number(session: Session, rows: Select[*tuple[int, ...]]) -> int:
    return session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0


def _waiting(facts: Facts, *, imported: bool) -> Select[*tuple[int, ...]]:
    of_kind = Subscription.source == IMPORTED if imported else Subscription.source != IMPORTED
    waiting = select(Subscription.subscriber_id, Subscription.id).where(_has_waited(facts.before), of_kind)
    return waiting.order_by(Subscription.id)


def _was_asked(before: dt.datetime) -> ColumnElement[bool]:
    return and_(ErrandState.address != "", ErrandState.asked_at < before)


def _has_waited(before: dt.datetime) -> ColumnElement[bool]:
    asked_at = func.coalesce(Subscription.confirmation_sent_at, Subscription.changed_at)
    return and_(
        Subscription.state == SubscriptionState.PENDING.value, Subscription.changed_at < before, asked_at < before
    )


def _take_away(session: Session, facts: Facts, *, imported: bool) -> int:
    ids = session.execute(_waiting(facts, imported=imported).limit(AT_ONCE)).all()
    for subscriber_id, subscription_id in ids:
        subscriber, subscription = _locked(session, subscriber_id, subscription_id)
        still = select(Subscription.id).where(Subscription.id == subscription_id, _has_waited(facts.before))
        if subscriber is None or subscription is None or session.scalar(still) is None:
            continue
        _end_waiting(session, subscription)
        if not _is_on_any_list(session, subscriber.id) and subscriber.erased_at is None:
            _forget(session, subscriber, facts)
    return len(ids)


def _end_waiting(session: Session, subscription: Subscription) -> None:
    """Take a subscription away; whoever had left the list before and asked once more has left it as before."""
    left = session.execute(
        select(ConsentRecord.sequence, ConsentRecord.at)
        .where(*_of_list(subscription), ConsentRecord.kind == ConsentKind.LEFT.value)
        .order_by(ConsentRecord.sequence.desc())
        .limit(1)
    ).first()
    _erase_evidence(session, subscription, after=left.sequence if left else 0)
    if left is not None:
        subscription.move(SubscriptionState.LEFT, now=left.at)
        subscription.confirmation_sent_at = None
        session.flush()
        return
    session.execute(delete(SubscriptionTopic).where(SubscriptionTopic.subscription_id == subscription.id))
    session.delete(subscription)
    session.flush()


def _left(facts: Facts) -> Select[*tuple[int, ...]]:
    evidence = (
        exists()
        .where(ConsentEvidence.record_id == ConsentRecord.id)
        .where(ConsentRecord.subscriber_id == Subscription.subscriber_id, ConsentRecord.list_id == Subscription.list_id)
    )
    other = aliased(Subscription)
    kept = exists().where(other.subscriber_id == Subscription.subscriber_id, _keeps(other, facts.before))
    return (
        select(Subscription.subscriber_id, Subscription.id)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(
            Subscription.state == SubscriptionState.LEFT.value,
            Subscription.changed_at < facts.before,
            Subscriber.erased_at.is_(None),
            or_(evidence, ~kept),
        )
        .order_by(Subscription.id)
    )


def _keeps(subscription: type[Subscription], before: dt.datetime) -> ColumnElement[bool]:
    """Tell whether a subscription is a reason to keep its person."""
    return or_(subscription.state != SubscriptionState.LEFT.value, subscription.changed_at >= before)


def _is_kept(session: Session, subscriber_id: int, facts: Facts) -> bool:
    kept = exists().where(Subscription.subscriber_id == subscriber_id, _keeps(Subscription, facts.before))
    return bool(session.scalar(select(kept)))


def _is_on_any_list(session: Session, subscriber_id: int) -> bool:
    return bool(session.scalar(select(exists().where(Subscription.subscriber_id == subscriber_id))))


def _has_left(subscriber: Subscriber, subscription: Subscription) -> bool:
    return subscription.state == SubscriptionState.LEFT.value and subscriber.erased_at is None


def _locked(
    session: Session, subscriber_id: int, subscription_id: int
) -> tuple[Subscriber | None, Subscription | None]:
    """Both, in the order in which whoever erases a person locks them."""
    subscriber = current(session, Subscriber, subscriber_id)
    return subscriber, current(session, Subscription, subscription_id)


def _erase_evidence(session: Session, subscription: Subscription, *, after: int) -> None:
    records = select(ConsentRecord.id).where(*_of_list(subscription), ConsentRecord.sequence > after)
    session.execute(
        delete(ConsentEvidence)
        .where(ConsentEvidence.record_id.in_(records))
        .execution_options(synchronize_session=False)
    )


def _of_list(subscription: Subscription) -> tuple[ColumnElement[bool], ...]:
    return (
        ConsentRecord.subscriber_id == subscription.subscriber_id,
        ConsentRecord.list_id == subscription.list_id,
    )


def _forget(session: Session, subscriber: Subscriber, facts: Facts) -> None:
    """Erase a person whom nothing is a reason to keep, with all evidence that is left."""
    of = subject_of(subscriber)
    forgetting.have_erased(session, of, holders=facts.holders, now=facts.now)


def _evidence_of_erased(facts: Facts) -> Select[*tuple[int, ...]]:
    return (
        select(ConsentEvidence.record_id)
        .join(ConsentRecord, ConsentRecord.id == ConsentEvidence.record_id)
        .join(Subscriber, Subscriber.id == ConsentRecord.subscriber_id)
        .where(Subscriber.erased_at <= facts.before)
        .order_by(ConsentEvidence.record_id)
    )

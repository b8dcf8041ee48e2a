"""The holders of this package's tables: people, what they chose, the evidence of it, and why they are not mailed."""

import datetime as dt
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from subscribers.audit import AuditEntry
from subscribers.holders import DataSubject, Found, Holder
from subscribers.models import (
    ConsentEvidence,
    ConsentRecord,
    ErrandState,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionTopic,
    Suppression,
    Topic,
    Wording,
)
from subscribers.people import LIMITS


def holders(*, keep_evidence: bool = False) -> tuple[Holder, ...]:
    """All of this package, that of people first. `keep_evidence` leaves the evidence to its own clock."""
    return (
        Holder("person", (Subscriber,), _person, _erase_person),
        Holder("subscriptions", (Subscription, SubscriptionTopic), _subscriptions, _erase_subscriptions),
        Holder("errands", (ErrandState,), _errands, _erase_errands),
        Holder("consent", (ConsentEvidence,), _consent, _keep_evidence if keep_evidence else _erase_evidence),
        Holder("suppressions", (Suppression,), _suppressions, _erase_notes),
        Holder("acts", (), _acts, _erase_nothing),
    )


def erased_key(subscriber_id: int) -> str:
    """What stands in the place of a person's address key: unique, and no address."""
    return f"erased:{subscriber_id}"


def evidence_of(subscriber_id: int) -> Any:
    """Select the records of a person, by their ids, for statements about their evidence."""
    return select(ConsentRecord.id).where(ConsentRecord.subscriber_id == subscriber_id)


def _person(session: Session, of: DataSubject) -> Found:
    found = session.get_one(Subscriber, of.subscriber_id)
    told = {name: getattr(found, name) for name in LIMITS}
    known = {"provider": found.provider, "known_since": found.created_at.isoformat()}
    return [{"id": found.id, "address": found.address, "address_as_compared": found.address_key, **told, **known}]


def _erase_person(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    person = session.get_one(Subscriber, of.subscriber_id)
    person.address, person.address_key, person.suppression_key = "", erased_key(person.id), ""
    person.provider = "other"
    for name in LIMITS:
        setattr(person, name, "")
    person.erased_at = person.erased_at or now
    session.flush()


def _subscriptions(session: Session, of: DataSubject) -> Found:
    rows = session.execute(
        select(Subscription, MailingList)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(Subscription.subscriber_id == of.subscriber_id)
        .order_by(MailingList.slug)
    )
    return [
        {
            "list": mailing_list.slug,
            "name": mailing_list.name,
            "state": subscription.state,
            "source": subscription.source,
            "asked": subscription.created_at.isoformat(),
            "since": subscription.changed_at.isoformat(),
            "measured": subscription.measured,
            "topics": _topics(session, subscription),
            "paused_until": _moment(subscription.paused_until),
        }
        for subscription, mailing_list in rows
    ]


def _topics(session: Session, subscription: Subscription) -> list[str] | None:
    """The topics that were chosen; None where all of the list's are wanted."""
    if not subscription.topics_chosen:
        return None
    chosen = select(Topic.slug).join(SubscriptionTopic, SubscriptionTopic.topic_id == Topic.id)
    return list(
        session.scalars(chosen.where(SubscriptionTopic.subscription_id == subscription.id).order_by(Topic.position))
    )


def _erase_subscriptions(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    del now
    theirs = select(Subscription.id).where(Subscription.subscriber_id == of.subscriber_id)
    session.execute(
        delete(SubscriptionTopic)
        .where(SubscriptionTopic.subscription_id.in_(theirs))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Subscription)
        .where(Subscription.subscriber_id == of.subscriber_id)
        .values(measured=None, topics_chosen=False, paused_until=None)
    )


def _errands(session: Session, of: DataSubject) -> Found:
    rows = session.scalars(
        select(ErrandState).where(ErrandState.subscriber_id == of.subscriber_id).order_by(ErrandState.errand)
    )
    return [{"errand": row.errand, "asked": row.asked_at.isoformat(), "address": row.address} for row in rows]


def _erase_errands(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    del now
    theirs = ErrandState.subscriber_id == of.subscriber_id
    session.execute(delete(ErrandState).where(theirs).execution_options(synchronize_session=False))


def _consent(session: Session, of: DataSubject) -> Found:
    rows = session.execute(
        select(ConsentRecord, MailingList.slug, Wording.text, ConsentEvidence.data)
        .join(MailingList, MailingList.id == ConsentRecord.list_id)
        .outerjoin(Wording, Wording.digest == ConsentRecord.wording)
        .outerjoin(ConsentEvidence, ConsentEvidence.record_id == ConsentRecord.id)
        .where(ConsentRecord.subscriber_id == of.subscriber_id)
        .order_by(ConsentRecord.sequence)
    )
    return [
        {
            "sequence": record.sequence,
            "list": slug,
            "kind": record.kind,
            "at": record.at.isoformat(),
            "source": record.source,
            "words_shown": words,
            "evidence": evidence,
        }
        for record, slug, words, evidence in rows
    ]


def _erase_evidence(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    del now
    session.execute(
        delete(ConsentEvidence)
        .where(ConsentEvidence.record_id.in_(evidence_of(of.subscriber_id)))
        .execution_options(synchronize_session=False)
    )


def _keep_evidence(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    """It may be needed to prove that mail was asked for; its clock runs from now on."""


def _suppressions(session: Session, of: DataSubject) -> Found:
    rows = session.scalars(
        select(Suppression).where(Suppression.address_hash == of.suppression_key).order_by(Suppression.reason)
    )
    return [{"reason": row.reason, "at": row.at.isoformat(), "note": row.note} for row in rows]


def _erase_notes(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    """The keyed hash stays, so that nobody is mailed who must not be; what staff wrote beside it goes."""
    del now
    session.execute(update(Suppression).where(Suppression.address_hash == of.suppression_key).values(note=""))


def _acts(session: Session, of: DataSubject) -> Found:
    """What was done by or to the person; who of the staff did it is not theirs to know."""
    subscriptions = session.scalars(select(Subscription.id).where(Subscription.subscriber_id == of.subscriber_id))
    person = f"subscriber:{of.subscriber_id}"
    subjects = [person, *(f"subscription:{number}" for number in subscriptions)]
    rows = session.scalars(
        select(AuditEntry)
        .where(or_(AuditEntry.subject.in_(subjects), AuditEntry.actor_name == person))
        .order_by(AuditEntry.id)
    )
    return [{"at": row.at.isoformat(), "act": row.action, "by": row.actor_kind} for row in rows]


def _erase_nothing(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    """The log knows a person by number alone, and the number tells nothing once the person is erased."""


def _moment(value: dt.datetime | None) -> str | None:
    return value.isoformat() if value else None

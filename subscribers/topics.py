"""The topics of a list: staff makes them, a reader chooses among them.

    culture = topics.add(session, news, "culture", names={"de": "Kultur", "en": "Culture"}, by=by, now=now)
    topics.choose(session, subscription, {culture.id}, by=by, now=now)
    topics.chosen(session, subscription)  # frozenset({culture.id})

Who never chose gets every topic, also those that are made later.
"""

import datetime as dt
from collections.abc import Collection, Mapping

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import CHANGE_OWN_CHOICES, MANAGE_PEOPLE, Actor
from subscribers.errors import TopicExists, TopicNameInvalid, TopicNotFound
from subscribers.lists import check_slug
from subscribers.models import (
    ConsentEvidence,
    ConsentKind,
    ConsentRecord,
    MailingList,
    Subscription,
    SubscriptionTopic,
    Topic,
)
from subscribers.orm import current

NAME_LIMIT = 120
ASKED = "topics"  # the key of a request's evidence that holds the short names


def add(
    session: Session, mailing_list: MailingList, slug: str, *, names: Mapping[str, str], by: Actor, now: dt.datetime
) -> Topic:
    """Make a topic, after the others; `names` by language, as readers see it.

    Raises:
        SlugInvalid, TopicNameInvalid, TopicExists: nothing was made.
    """
    by.require(MANAGE_PEOPLE)
    check_slug(slug)
    named_so = _names(slug, names)
    last = session.scalar(select(func.max(Topic.position)).where(Topic.list_id == mailing_list.id))
    made = Topic(list_id=mailing_list.id, slug=slug, names=named_so, position=(last or 0) + 1)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise TopicExists(slug, mailing_list.slug) from error
    audit.record(session, "topic.add", f"topic:{made.id}", by=by, now=now, list=mailing_list.slug, slug=slug)
    return made


def rename(session: Session, topic: Topic, *, names: Mapping[str, str], by: Actor, now: dt.datetime) -> None:
    """Give a topic other names; a language that is not among them keeps its name.

    Raises:
        TopicNameInvalid: nothing was changed.
    """
    by.require(MANAGE_PEOPLE)
    topic.names = {**topic.names, **_names(topic.slug, names)}
    audit.record(session, "topic.rename", f"topic:{topic.id}", by=by, now=now, names=topic.names)


def move(session: Session, topic: Topic, *, places: int, by: Actor, now: dt.datetime) -> None:
    """Move a topic up (below 0) or down the list by so many places, and not beyond its ends."""
    by.require(MANAGE_PEOPLE)
    mailing_list = session.get_one(MailingList, topic.list_id)
    current(session, MailingList, topic.list_id)  # one move after the other
    others = [each for each in of_list(session, mailing_list) if each.id != topic.id]
    before = sum(each.position < topic.position for each in others)
    others.insert(max(0, before + places), topic)
    for position, each in enumerate(others, start=1):
        each.position = position
    audit.record(session, "topic.move", f"topic:{topic.id}", by=by, now=now, position=topic.position)


def remove(session: Session, topic: Topic, *, by: Actor, now: dt.datetime) -> int:
    """Delete a topic, and tell how many had chosen it. Who had chosen it alone has then chosen none."""
    by.require(MANAGE_PEOPLE)
    session.get(Topic, topic.id, with_for_update=True)  # whoever is choosing it ends first
    chosen_so = delete(SubscriptionTopic).where(SubscriptionTopic.topic_id == topic.id)
    gone = session.execute(chosen_so.returning(SubscriptionTopic.subscription_id)).all()
    session.delete(topic)
    audit.record(session, "topic.remove", f"topic:{topic.id}", by=by, now=now, slug=topic.slug, chosen_by=len(gone))
    return len(gone)


def of_list(session: Session, mailing_list: MailingList) -> tuple[Topic, ...]:
    """The topics of a list, in the order in which readers see them."""
    topics = select(Topic).where(Topic.list_id == mailing_list.id)
    return tuple(session.scalars(topics.order_by(Topic.position, Topic.id)))


def named(session: Session, mailing_list: MailingList, slug: str) -> Topic:
    """Find a topic by its short name.

    Raises:
        TopicNotFound: the list has none of this name.
    """
    found = next((topic for topic in of_list(session, mailing_list) if topic.slug == slug), None)
    if found is None:
        raise TopicNotFound(slug, mailing_list.slug)
    return found


def name_of(topic: Topic, *, language: str) -> str:
    """A topic's name in a language, else in the first it has."""
    names: dict[str, str] = topic.names
    return names.get(language) or next(iter(names.values()), topic.slug)


def chosen_by(session: Session, topic: Topic) -> int:
    """How many readers chose a topic by name; who never chose gets it too."""
    chosen_so = select(func.count()).select_from(SubscriptionTopic).where(SubscriptionTopic.topic_id == topic.id)
    return session.scalar(chosen_so) or 0


def chosen(session: Session, subscription: Subscription) -> frozenset[int] | None:
    """The ids of the topics that a reader chose; None for who never chose, and so gets everything."""
    if not subscription.topics_chosen:
        return None
    ids = select(SubscriptionTopic.topic_id).where(SubscriptionTopic.subscription_id == subscription.id)
    return frozenset(session.scalars(ids))


def choose(
    session: Session, subscription: Subscription, topic_ids: Collection[int] | None, *, by: Actor, now: dt.datetime
) -> None:
    """Let a reader get these topics alone; with None every topic again, as before the first choice.

    A topic that was deleted since the reader saw it, or is another list's, is passed over.
    """
    by.require(CHANGE_OWN_CHOICES)
    current(session, Subscription, subscription.id)  # of two choices at once, one is whole
    mine = SubscriptionTopic.subscription_id == subscription.id
    session.execute(delete(SubscriptionTopic).where(mine))
    ids = _ids_of_list(session, subscription.list_id) & set(topic_ids or ())
    if ids:
        rows = [{"subscription_id": subscription.id, "topic_id": topic_id} for topic_id in sorted(ids)]
        session.execute(insert(SubscriptionTopic), rows)
    subscription.topics_chosen = topic_ids is not None
    subject = f"subscription:{subscription.id}"
    audit.record(session, "subscription.choose", subject, by=by, now=now, topics=sorted(ids), all=topic_ids is None)


def asked(
    session: Session, subscription: Subscription, *, before: dt.datetime | None = None
) -> tuple[Topic, ...] | None:
    """The topics that the last request (before a time) chose, of those the list has; None where it was not asked.

    They wait in the evidence of the request's record until the address's owner confirms. So what a stranger
    chooses under somebody's address changes nothing, and is erased with the evidence.
    """
    data = (
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
    if before is not None:
        data = data.where(ConsentRecord.at < before)
    slugs = (session.scalar(data) or {}).get(ASKED)
    if slugs is None:
        return None
    topics = of_list(session, session.get_one(MailingList, subscription.list_id))
    return tuple(topic for topic in topics if topic.slug in slugs)


def choose_as_asked(
    session: Session, subscription: Subscription, *, before: dt.datetime | None, by: Actor, now: dt.datetime
) -> None:
    """Let a reader who confirms get what the request chose: with no topic chosen, every topic."""
    topics = asked(session, subscription, before=before)
    if topics is not None:
        choose(session, subscription, [topic.id for topic in topics] or None, by=by, now=now)


def _ids_of_list(session: Session, list_id: int) -> set[int]:
    # Locked, so that none is deleted between here and the end of the choice.
    topics = select(Topic.id).where(Topic.list_id == list_id).with_for_update(read=True, key_share=True)
    return set(session.scalars(topics))


def _names(slug: str, names: Mapping[str, str]) -> dict[str, str]:
    cleaned = {language: " ".join(name.split()) for language, name in names.items()}
    if not cleaned or not all(0 < len(name) <= NAME_LIMIT and name.isprintable() for name in cleaned.values()):
        raise TopicNameInvalid(slug)
    return cleaned

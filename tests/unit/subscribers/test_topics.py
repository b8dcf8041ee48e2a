import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import topics
from subscribers.actor import Actor
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted, SlugInvalid, TopicExists, TopicNameInvalid, TopicNotFound
from subscribers.models import MailingList, SubscriptionTopic, Topic
from tests.support.people import NOW, STAFF, VISITOR, a_list, a_subscription


def a_topic(session: Session, mailing_list: MailingList, slug: str, **names: str) -> Topic:
    named = names or {"de": slug.title()}
    return topics.add(session, mailing_list, slug, names=named, by=STAFF, now=NOW)


def test_topics_come_in_the_order_in_which_they_were_made(session: Session) -> None:
    news, other = a_list(session), a_list(session, "other")
    a_topic(session, news, "sport")
    a_topic(session, news, "culture")
    a_topic(session, other, "sport")

    assert [topic.slug for topic in topics.of_list(session, news)] == ["sport", "culture"]


def test_a_topic_is_moved_by_places_and_not_beyond_the_ends(session: Session) -> None:
    news = a_list(session)
    sport, culture, traffic = (a_topic(session, news, slug) for slug in ("sport", "culture", "traffic"))

    topics.move(session, traffic, places=-1, by=STAFF, now=NOW)
    assert [topic.slug for topic in topics.of_list(session, news)] == ["sport", "traffic", "culture"]

    topics.move(session, sport, places=-1, by=STAFF, now=NOW)
    topics.move(session, culture, places=1, by=STAFF, now=NOW)
    assert [topic.slug for topic in topics.of_list(session, news)] == ["sport", "traffic", "culture"]

    with pytest.raises(NotPermitted):
        topics.move(session, sport, places=1, by=VISITOR, now=NOW)


def test_a_second_topic_of_the_same_short_name_is_refused_and_the_first_stays(session: Session) -> None:
    news = a_list(session)
    a_topic(session, news, "sport", de="Sport")

    with pytest.raises(TopicExists, match="has a topic “sport” already"):
        a_topic(session, news, "sport", de="Anders")

    assert topics.named(session, news, "sport").names == {"de": "Sport"}


@pytest.mark.parametrize("names", [{}, {"de": " "}, {"de": "x" * 121}, {"de": "a\0b"}, {"de": "Sport", "en": ""}])
def test_a_topic_needs_names_of_one_line(session: Session, names: dict[str, str]) -> None:
    news = a_list(session)

    with pytest.raises(TopicNameInvalid):
        topics.add(session, news, "sport", names=names, by=STAFF, now=NOW)


def test_a_short_name_of_a_topic_has_small_letters_digits_and_hyphens(session: Session) -> None:
    with pytest.raises(SlugInvalid):
        a_topic(session, a_list(session), "Kultur & Kunst")


def test_a_name_is_shown_in_the_language_asked_for_else_in_the_first_there_is(session: Session) -> None:
    topic = a_topic(session, a_list(session), "culture", de="Kultur", en="Culture")

    assert topics.name_of(topic, language="en") == "Culture"
    assert topics.name_of(topic, language="fr") == "Kultur"


def test_renaming_keeps_the_names_of_other_languages(session: Session) -> None:
    topic = a_topic(session, a_list(session), "culture", de="Kultur", en="Culture")

    topics.rename(session, topic, names={"de": "Kunst und  Kultur"}, by=STAFF, now=NOW)
    session.flush()
    session.expire(topic)

    assert topic.names == {"de": "Kunst und Kultur", "en": "Culture"}


def test_who_never_chose_gets_everything(session: Session) -> None:
    news = a_list(session)
    a_topic(session, news, "sport")

    assert topics.chosen(session, a_subscription(session, news)) is None


def test_a_choice_replaces_the_one_before(session: Session) -> None:
    news = a_list(session)
    sport, culture = a_topic(session, news, "sport"), a_topic(session, news, "culture")
    subscription = a_subscription(session, news)

    topics.choose(session, subscription, {sport.id, culture.id}, by=VISITOR, now=NOW)
    topics.choose(session, subscription, {culture.id}, by=VISITOR, now=NOW)

    assert topics.chosen(session, subscription) == frozenset({culture.id})


def test_choosing_nothing_is_a_choice_and_none_takes_it_back(session: Session) -> None:
    news = a_list(session)
    a_topic(session, news, "sport")
    subscription = a_subscription(session, news)

    topics.choose(session, subscription, (), by=VISITOR, now=NOW)
    assert topics.chosen(session, subscription) == frozenset()

    topics.choose(session, subscription, None, by=VISITOR, now=NOW)
    assert topics.chosen(session, subscription) is None


def test_a_topic_of_another_list_cannot_be_chosen(session: Session) -> None:
    news, other = a_list(session), a_list(session, "other")
    foreign, sport = a_topic(session, other, "sport"), a_topic(session, news, "sport")
    subscription = a_subscription(session, news)

    topics.choose(session, subscription, {foreign.id, sport.id, 10**6}, by=VISITOR, now=NOW)

    assert topics.chosen(session, subscription) == frozenset({sport.id})


def test_removing_a_topic_takes_it_from_every_choice(session: Session) -> None:
    news = a_list(session)
    sport, culture = a_topic(session, news, "sport"), a_topic(session, news, "culture")
    subscription = a_subscription(session, news)
    topics.choose(session, subscription, {sport.id, culture.id}, by=VISITOR, now=NOW)

    assert topics.remove(session, sport, by=STAFF, now=NOW) == 1

    assert topics.chosen(session, subscription) == frozenset({culture.id})
    assert session.scalars(select(SubscriptionTopic.topic_id)).all() == [culture.id]
    with pytest.raises(TopicNotFound, match="no topic “sport”"):
        topics.named(session, news, "sport")


def test_a_reader_may_choose_but_not_make_topics(session: Session) -> None:
    news = a_list(session)

    with pytest.raises(NotPermitted):
        topics.add(session, news, "sport", names={"de": "Sport"}, by=VISITOR, now=NOW)
    with pytest.raises(NotPermitted):
        topics.choose(session, a_subscription(session, news), (), by=_nobody(), now=NOW)


def test_a_choice_is_in_the_audit_log(session: Session) -> None:
    news = a_list(session)
    sport = a_topic(session, news, "sport")
    subscription = a_subscription(session, news)

    topics.choose(session, subscription, {sport.id}, by=VISITOR, now=NOW)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "subscription.choose")).one()
    assert (entry.subject, entry.details) == (f"subscription:{subscription.id}", {"topics": [sport.id], "all": False})


def _nobody() -> Actor:
    return Actor(VISITOR.kind, "nobody", frozenset())

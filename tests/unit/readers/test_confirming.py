import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.readers import confirming
from newsletter.readers.confirming import PendingConfirmation
from subscribers import subscribing, suppression, tokens, topics
from subscribers.address import EmailAddress
from subscribers.errors import TokenExpired, TokenInvalid
from subscribers.models import MailingList, Subscriber, Subscription, SuppressionReason, Topic
from subscribers.people import Person
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription, asked

IN_TIME = NOW + dt.timedelta(days=14)


@pytest.fixture
def subscription(session: Session) -> Subscription:
    return a_subscription(session, a_list(session), confirmed=False)


@pytest.fixture
def token(subscription: Subscription) -> str:
    return tokens.confirmation(SECRET, subscription.id, address_key="anna@example.org", now=NOW)


def confirm(session: Session, token: str, *, now: dt.datetime = IN_TIME) -> PendingConfirmation:
    return confirming.confirm(session, token, secret=SECRET, by=VISITOR, now=now)


def look(session: Session, token: str) -> PendingConfirmation:
    return confirming.confirmation_of(session, token, secret=SECRET, now=IN_TIME)


def test_looking_changes_nothing(session: Session, subscription: Subscription, token: str) -> None:
    shown = confirming.confirmation_of(session, token, secret=SECRET, now=IN_TIME)

    assert shown == PendingConfirmation(
        subscription_id=subscription.id,
        list_name="Presse-Newsletter",
        list_slug="news",
        language="de",
        masked_address="a…@e…",
        already=False,
        topics=(),
    )
    assert subscription.state == "pending"
    assert not session.new
    assert not session.dirty


def test_a_press_confirms_and_a_second_says_so(session: Session, subscription: Subscription, token: str) -> None:
    assert not confirm(session, token).already
    assert subscription.state == "confirmed"

    assert confirm(session, token).already
    assert confirming.confirmation_of(session, token, secret=SECRET, now=IN_TIME).already


def test_after_fourteen_days_the_token_has_expired(session: Session, subscription: Subscription, token: str) -> None:
    with pytest.raises(TokenExpired) as expired:
        confirm(session, token, now=IN_TIME + dt.timedelta(seconds=1))

    assert expired.value.subscription_id == subscription.id
    assert subscription.state == "pending"


def test_a_reader_who_left_does_not_come_back_by_an_old_mail(
    session: Session, subscription: Subscription, token: str
) -> None:
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)

    with pytest.raises(TokenExpired):
        confirm(session, token)

    assert subscription.state == "left"


def test_who_left_and_asks_again_comes_back_by_the_new_mail_alone(
    session: Session, subscription: Subscription, token: str
) -> None:
    later = NOW + dt.timedelta(hours=1)
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=later)
    asked(session, session.get_one(MailingList, subscription.list_id), now=later)
    new = tokens.confirmation(SECRET, subscription.id, address_key="anna@example.org", now=later)

    for act in (confirm, look):
        with pytest.raises(TokenExpired):
            act(session, token)
    assert subscription.state == "pending"

    assert not confirm(session, new).already


@pytest.mark.parametrize("pressed", [0, 1])
def test_of_two_mails_that_were_asked_for_either_confirms(
    session: Session, subscription: Subscription, token: str, pressed: int
) -> None:
    later = NOW + dt.timedelta(hours=1, microseconds=7)
    asked(session, session.get_one(MailingList, subscription.list_id), now=later)
    both = (token, tokens.confirmation(SECRET, subscription.id, address_key="anna@example.org", now=later))

    assert not confirm(session, both[pressed]).already
    assert confirm(session, both[1 - pressed]).already


def test_a_token_of_the_very_moment_of_the_request_counts(session: Session) -> None:
    moment = NOW + dt.timedelta(microseconds=999_999)
    subscription = a_subscription(session, a_list(session), confirmed=False, now=moment)
    token = tokens.confirmation(SECRET, subscription.id, address_key="anna@example.org", now=moment)

    assert not confirm(session, token).already


def test_a_token_mailed_to_another_address_is_worth_nothing(
    session: Session, subscription: Subscription, token: str
) -> None:
    session.get_one(Subscriber, subscription.subscriber_id).address_key = "new@example.org"

    with pytest.raises(TokenExpired):
        confirm(session, token)

    assert subscription.state == "pending"


def test_who_was_erased_is_told_kindly(session: Session, subscription: Subscription, token: str) -> None:
    session.get_one(Subscriber, subscription.subscriber_id).erased_at = NOW
    with pytest.raises(TokenExpired):
        confirm(session, token)

    gone = tokens.confirmation(SECRET, 999, address_key="anna@example.org", now=NOW)
    with pytest.raises(TokenExpired):
        confirming.confirmation_of(session, gone, secret=SECRET, now=NOW)


def test_a_leave_token_confirms_nothing(session: Session, subscription: Subscription) -> None:
    with pytest.raises(TokenInvalid):
        confirm(session, tokens.leave(SECRET, subscription.id))


def a_request(session: Session, news: MailingList, *topic_slugs: str, now: dt.datetime) -> str:
    """Somebody types Anna's address and chooses topics; the token of the mail that goes out."""
    due = subscribing.request(
        session,
        news,
        address=EmailAddress.parse("anna@example.org"),
        person=Person(),
        wording="Ja.",
        source="page",
        ip=None,
        secret=SECRET,
        by=VISITOR,
        now=now,
        topic_slugs=topic_slugs,
    )
    assert isinstance(due, subscribing.ConfirmationDue)
    return tokens.confirmation(SECRET, due.subscription_id, address_key="anna@example.org", now=now)


@pytest.fixture
def news(session: Session) -> MailingList:
    made = a_list(session)
    for slug, name in (("sport", "Sport"), ("culture", "Kultur")):
        topics.add(session, made, slug, names={"de": name}, by=STAFF, now=NOW)
    return made


def chosen(session: Session) -> list[str] | None:
    (subscription,) = session.scalars(select(Subscription))
    ids = topics.chosen(session, subscription)
    return None if ids is None else sorted(session.get_one(Topic, topic_id).slug for topic_id in ids)


def test_topics_count_once_the_address_is_confirmed(session: Session, news: MailingList) -> None:
    token = a_request(session, news, "culture", now=NOW)
    assert chosen(session) is None

    assert confirming.confirmation_of(session, token, secret=SECRET, now=NOW).topics == ("Kultur",)
    assert chosen(session) is None

    confirm(session, token)
    assert chosen(session) == ["culture"]


def test_the_button_of_a_mail_chooses_what_that_mail_was_asked_for(session: Session, news: MailingList) -> None:
    first = a_request(session, news, "culture", now=NOW)
    a_request(session, news, "sport", now=NOW + dt.timedelta(minutes=20))  # a stranger types the address

    confirm(session, first)

    assert chosen(session) == ["culture"]


def test_who_ticked_no_topic_gets_every_topic(session: Session, news: MailingList) -> None:
    confirm(session, a_request(session, news, now=NOW))

    assert chosen(session) is None


def test_a_topic_that_was_removed_since_is_not_missed(session: Session, news: MailingList) -> None:
    token = a_request(session, news, "sport", "culture", "never-was", now=NOW)
    topics.remove(session, topics.named(session, news, "sport"), by=STAFF, now=NOW)

    confirm(session, token)

    assert chosen(session) == ["culture"]


def test_a_stranger_changes_nothing_of_what_a_confirmed_reader_chose(session: Session, news: MailingList) -> None:
    confirm(session, a_request(session, news, "culture", now=NOW))

    later = NOW + dt.timedelta(days=1)
    anna = session.scalars(select(Subscription)).one()
    suppression.add(
        session, EmailAddress.parse("anna@example.org"), SuppressionReason.BOUNCED, secret=SECRET, by=STAFF, now=later
    )
    token = a_request(session, news, "sport", now=later + dt.timedelta(hours=1))  # a way back for who bounced
    confirm(session, token)

    assert anna.state == "confirmed"
    assert chosen(session) == ["culture"]


def test_coming_back_is_a_fresh_choice(session: Session, news: MailingList) -> None:
    confirm(session, a_request(session, news, "culture", now=NOW))
    anna = session.scalars(select(Subscription)).one()
    subscribing.leave(session, anna, source="x", secret=SECRET, by=VISITOR, now=NOW)

    token = a_request(session, news, "sport", now=NOW + dt.timedelta(hours=1))
    assert chosen(session) == ["culture"]
    confirm(session, token)

    assert chosen(session) == ["sport"]

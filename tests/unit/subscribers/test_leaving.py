"""Leaving everything, and taking a leaving back."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audience, consent, leaving, subscribing, suppression
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.errors import NotPermitted, TokenExpired
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, SuppressionReason
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription, asked

ANNA = EmailAddress.parse("anna@example.org")
LATER = NOW + dt.timedelta(days=2)
NOBODY = Actor(VISITOR.kind, "nobody", frozenset())


@pytest.fixture
def news(session: Session) -> MailingList:
    return a_list(session)


@pytest.fixture
def events(session: Session) -> MailingList:
    return a_list(session, "events")


def the_person(session: Session, subscription: Subscription) -> Subscriber:
    return session.get_one(Subscriber, subscription.subscriber_id)


def leave(session: Session, subscription: Subscription, now: dt.datetime = NOW) -> None:
    subscribing.leave(session, subscription, source="link", secret=SECRET, by=VISITOR, now=now)


def leave_everything(session: Session, subscription: Subscription, now: dt.datetime = NOW) -> tuple[Subscription, ...]:
    person = the_person(session, subscription)
    return leaving.leave_everything(session, person, source="link", secret=SECRET, by=VISITOR, now=now)


def undo(
    session: Session, subscription: Subscription, *, left_at: dt.datetime = NOW, now: dt.datetime = LATER
) -> tuple[Subscription, ...]:
    return leaving.undo(session, subscription, left_at=left_at, secret=SECRET, by=VISITOR, now=now)


def kinds(session: Session, subscription: Subscription) -> list[str]:
    return [
        record.kind
        for record in consent.history(session, subscription.subscriber_id)
        if record.list_id == subscription.list_id
    ]


def held(session: Session, subscription: Subscription) -> set[str]:
    return {*suppression.reasons_of(session, the_person(session, subscription).suppression_key)}


def who_gets(session: Session, mailing_list: MailingList) -> list[str]:
    session.flush()
    return [row.address for row in session.execute(audience.confirmed(mailing_list.id, now=NOW))]


def test_leaving_one_list_suppresses_nothing(session: Session, news: MailingList, events: MailingList) -> None:
    subscription = a_subscription(session, news)
    a_subscription(session, events)

    leave(session, subscription)

    assert held(session, subscription) == set()
    assert (who_gets(session, news), who_gets(session, events)) == ([], ["anna@example.org"])


def test_leaving_everything_ends_all_and_suppresses(session: Session, news: MailingList, events: MailingList) -> None:
    first = a_subscription(session, news)
    second = a_subscription(session, events)
    waiting = a_subscription(session, a_list(session, "third"), confirmed=False)
    other = a_subscription(session, news, "bert@example.org")

    ended = leave_everything(session, first)

    assert ended == (first, second)
    assert {each.state for each in (first, second, waiting)} == {"left"}
    assert other.state == "confirmed"
    assert held(session, first) == {"left"}


def test_leaving_everything_twice_ends_nothing_more(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)

    assert leave_everything(session, subscription) == (subscription,)
    assert leave_everything(session, subscription, LATER) == ()

    assert kinds(session, subscription) == ["requested", "confirmed", "left"]


def test_an_import_does_not_bring_back_who_left_everything_but_a_sign_up_does(
    session: Session, news: MailingList, events: MailingList
) -> None:
    subscription = a_subscription(session, news)
    leave_everything(session, subscription)
    session.flush()
    person = the_person(session, subscription)

    assert suppression.suppressed_among(session, [person.suppression_key])

    due = asked(session, events, now=LATER)
    assert isinstance(due, subscribing.ConfirmationDue)
    again = session.get_one(Subscription, due.subscription_id)
    confirmed = subscribing.confirm(session, again, secret=SECRET, by=VISITOR, now=LATER)

    assert confirmed.lifted == {SuppressionReason.LEFT}
    assert who_gets(session, events) == ["anna@example.org"]
    assert who_gets(session, news) == []


def test_undoing_restores_without_a_new_confirmation_and_has_a_record_of_its_own(
    session: Session, news: MailingList
) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)

    assert undo(session, subscription) == (subscription,)

    assert (subscription.state, subscription.changed_at) == ("confirmed", LATER)
    assert kinds(session, subscription) == ["requested", "confirmed", "left", "leaving undone"]
    assert consent.verify(session, secret=SECRET).breaks == ()
    assert who_gets(session, news) == ["anna@example.org"]
    (*_, record) = consent.export(session, ANNA, by=STAFF)["records"]
    assert (record["source"], record["evidence"]) == ("undo mail", {"address": "anna@example.org"})


def test_what_was_left_at_one_moment_is_restored_together(
    session: Session, news: MailingList, events: MailingList
) -> None:
    earlier = a_subscription(session, a_list(session, "earlier"))
    leave(session, earlier, NOW - dt.timedelta(days=1))
    first, second = a_subscription(session, news), a_subscription(session, events)
    waiting = a_subscription(session, a_list(session, "waiting"), confirmed=False)
    leave_everything(session, first)

    assert undo(session, second) == (first, second)

    assert (earlier.state, waiting.state) == ("left", "left")
    assert held(session, first) == set()
    assert consent.verify(session, secret=SECRET).breaks == ()


def test_leaving_can_be_undone_time_and_again_each_with_its_own_moment(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)
    undo(session, subscription)
    again = LATER + dt.timedelta(hours=1)
    leave(session, subscription, again)

    with pytest.raises(TokenExpired):
        undo(session, subscription, left_at=NOW, now=again)
    assert subscription.state == "left"

    undo(session, subscription, left_at=again, now=again)
    assert subscription.state == "confirmed"
    assert consent.verify(session, secret=SECRET).breaks == ()


def test_an_undoing_that_was_used_is_used(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)
    undo(session, subscription)

    with pytest.raises(TokenExpired):
        undo(session, subscription)


def test_who_never_confirmed_is_not_made_a_reader_by_undoing(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news, confirmed=False)
    leave(session, subscription)

    with pytest.raises(TokenExpired):
        undo(session, subscription)
    assert subscription.state == "left"


@pytest.mark.parametrize("leaves_again", [False, True])
def test_a_stranger_who_signs_the_owner_up_again_takes_nothing_from_the_undoing(
    session: Session, news: MailingList, *, leaves_again: bool
) -> None:
    """Both need nothing but the forwarded issue: its link, and the address it went to."""
    subscription = a_subscription(session, news)
    leave(session, subscription)
    asked(session, news, now=NOW + dt.timedelta(hours=1))
    assert subscription.state == "pending"
    if leaves_again:
        leave(session, subscription, NOW + dt.timedelta(hours=2))

    with pytest.raises(TokenExpired):
        undo(session, subscription, left_at=NOW + dt.timedelta(hours=2))
    undo(session, subscription)

    assert subscription.state == "confirmed"
    assert consent.verify(session, secret=SECRET).breaks == ()


def test_who_came_back_by_a_confirmation_is_not_touched_by_an_old_undoing(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)
    hours = [NOW + dt.timedelta(hours=number) for number in range(4)]
    asked(session, news, now=hours[1])
    subscribing.confirm(session, subscription, secret=SECRET, by=VISITOR, now=hours[2])
    with pytest.raises(TokenExpired):
        undo(session, subscription)

    leave(session, subscription, hours[3])
    with pytest.raises(TokenExpired):
        undo(session, subscription)
    undo(session, subscription, left_at=hours[3])
    assert subscription.state == "confirmed"


@pytest.mark.parametrize("reason", [each for each in SuppressionReason if each is not SuppressionReason.LEFT])
def test_whoever_is_suppressed_since_stays_left(session: Session, news: MailingList, reason: SuppressionReason) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)
    suppression.add(session, ANNA, reason, secret=SECRET, by=STAFF, now=NOW + dt.timedelta(hours=1))

    with pytest.raises(TokenExpired):
        undo(session, subscription)
    assert subscription.state == "left"


def test_a_stranger_who_leaves_the_list_and_then_everything_cannot_keep_the_owner_away(
    session: Session, news: MailingList, events: MailingList
) -> None:
    first, second = a_subscription(session, news), a_subscription(session, events)
    hour_later = NOW + dt.timedelta(hours=1)
    leave(session, first)
    assert leave_everything(session, first, hour_later) == (second,)

    undo(session, first)
    assert (first.state, second.state) == ("confirmed", "left")
    assert (held(session, first), who_gets(session, news)) == (set(), ["anna@example.org"])

    undo(session, second, left_at=hour_later)
    assert second.state == "confirmed"


def test_nobody_is_brought_back_from_erasure(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)
    the_person(session, subscription).erased_at = NOW

    with pytest.raises(TokenExpired):
        undo(session, subscription)
    assert subscription.state == SubscriptionState.LEFT


def test_both_need_the_right_over_ones_own_choices(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)

    with pytest.raises(NotPermitted):
        leaving.leave_everything(
            session, the_person(session, subscription), source="x", secret=SECRET, by=NOBODY, now=NOW
        )
    leave(session, subscription)
    with pytest.raises(NotPermitted):
        leaving.undo(session, subscription, left_at=NOW, secret=SECRET, by=NOBODY, now=LATER)
    assert session.scalars(select(Subscription.state)).all() == ["left"]

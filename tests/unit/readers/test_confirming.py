import datetime as dt

import pytest
from sqlalchemy.orm import Session

from newsletter.readers import confirming
from newsletter.readers.confirming import PendingConfirmation
from subscribers import subscribing, tokens
from subscribers.errors import TokenExpired, TokenInvalid
from subscribers.models import Subscriber, Subscription
from tests.support.people import NOW, SECRET, VISITOR, a_list, a_subscription

IN_TIME = NOW + dt.timedelta(days=14)


@pytest.fixture
def subscription(session: Session) -> Subscription:
    return a_subscription(session, a_list(session), confirmed=False)


@pytest.fixture
def token(subscription: Subscription) -> str:
    return tokens.confirmation(SECRET, subscription.id, address_key="anna@example.org", now=NOW)


def confirm(session: Session, token: str, *, now: dt.datetime = IN_TIME) -> PendingConfirmation:
    return confirming.confirm(session, token, secret=SECRET, by=VISITOR, now=now)


def test_looking_changes_nothing(session: Session, subscription: Subscription, token: str) -> None:
    shown = confirming.confirmation_of(session, token, secret=SECRET, now=IN_TIME)

    assert shown == PendingConfirmation(
        list_name="Presse-Newsletter",
        list_slug="news",
        language="de",
        masked_address="a…@e…",
        already=False,
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

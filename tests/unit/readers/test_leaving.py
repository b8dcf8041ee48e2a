import pytest
from sqlalchemy.orm import Session

from newsletter.readers import leaving
from newsletter.readers.leaving import Leaving
from subscribers import consent, tokens
from subscribers.errors import TokenInvalid
from subscribers.models import Subscriber, Subscription
from tests.support.people import NOW, SECRET, VISITOR, a_list, a_subscription


@pytest.fixture
def subscription(session: Session) -> Subscription:
    return a_subscription(session, a_list(session))


def leave(session: Session, token: str) -> Leaving:
    return leaving.leave(session, token, secret=SECRET, by=VISITOR, now=NOW)


def test_looking_changes_nothing(session: Session, subscription: Subscription) -> None:
    session.flush()

    shown = leaving.leaving_of(session, tokens.leave(SECRET, subscription.id), secret=SECRET)

    assert shown == Leaving("Presse-Newsletter", "news", "de", "a…@e…", left=False, test=False)
    assert subscription.state == "confirmed"
    assert not session.new
    assert not session.dirty


def test_leaving_twice_answers_the_same_and_is_kept_once(session: Session, subscription: Subscription) -> None:
    token = tokens.leave(SECRET, subscription.id)

    first, second = leave(session, token), leave(session, token)

    assert first == second == Leaving("Presse-Newsletter", "news", "de", "a…@e…", left=True, test=False)
    assert subscription.state == "left"
    kinds = [record.kind for record in consent.history(session, subscription.subscriber_id)]
    assert kinds == ["requested", "confirmed", "left"]


def test_the_link_of_a_test_mail_works_and_ends_nothing(session: Session, subscription: Subscription) -> None:
    token = tokens.leave_test(SECRET)

    assert leaving.leaving_of(session, token, secret=SECRET).test
    assert leave(session, token) == Leaving("", "", "", "", left=False, test=True)
    assert subscription.state == "confirmed"


def test_who_is_gone_altogether_is_told_kindly(session: Session, subscription: Subscription) -> None:
    session.get_one(Subscriber, subscription.subscriber_id).erased_at = NOW

    assert leave(session, tokens.leave(SECRET, subscription.id)).masked_address == ""
    assert leave(session, tokens.leave(SECRET, 999)) == Leaving("", "", "", "", left=True, test=False)


@pytest.mark.parametrize("token", ["", "x", "1.AAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_forged_token_ends_nothing(session: Session, subscription: Subscription, token: str) -> None:
    with pytest.raises(TokenInvalid):
        leave(session, token)
    with pytest.raises(TokenInvalid):
        leaving.leaving_of(session, token, secret=SECRET)

    assert subscription.state == "confirmed"

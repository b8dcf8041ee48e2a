import datetime as dt

import pytest
from sqlalchemy.orm import Session

from subscribers import errands, tokens
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.errors import NotPermitted, TokenExpired, TokenInvalid
from subscribers.models import Errand, ErrandState, Subscriber, Subscription
from tests.support.people import NOW, SECRET, VISITOR, a_list, a_subscription

MINUTE = dt.timedelta(minutes=1)
NEW = EmailAddress.parse("anna.neu@example.org")


@pytest.fixture
def subscription(session: Session) -> Subscription:
    return a_subscription(session, a_list(session))


def ask(
    session: Session, subscription: Subscription, errand: Errand = Errand.ERASE, *, now: dt.datetime = NOW
) -> str | None:
    return errands.ask(session, subscription, errand, secret=SECRET, by=VISITOR, now=now)


def link(session: Session, subscription: Subscription, errand: Errand = Errand.ERASE, *, now: dt.datetime = NOW) -> str:
    token = ask(session, subscription, errand, now=now)
    assert token is not None
    return token


def subject(session: Session, token: str, errand: Errand = Errand.ERASE, *, now: dt.datetime = NOW) -> errands.Subject:
    return errands.subject(session, errand, token, secret=SECRET, now=now)


@pytest.mark.parametrize("errand", list(Errand))
def test_a_link_counts_for_its_errand_and_its_hour(
    session: Session, subscription: Subscription, errand: Errand
) -> None:
    token = link(session, subscription, errand)

    found = subject(session, token, errand, now=NOW + 60 * MINUTE)
    assert (found.subscription.id, found.subscriber.id) == (subscription.id, subscription.subscriber_id)
    with pytest.raises(TokenExpired) as expired:
        subject(session, token, errand, now=NOW + 60 * MINUTE + dt.timedelta(seconds=1))
    assert expired.value.subscription_id == subscription.id
    for other in Errand:
        if other is not errand:
            with pytest.raises(TokenInvalid):
                subject(session, token, other)


def test_within_ten_minutes_no_second_link_is_made_and_the_first_counts_on(
    session: Session, subscription: Subscription
) -> None:
    token = link(session, subscription)

    assert ask(session, subscription, now=NOW + 9 * MINUTE) is None
    assert subject(session, token).subscription.id == subscription.id
    assert ask(session, subscription, Errand.DOWNLOAD) is not None, "another errand is another matter"


def test_only_the_last_link_counts(session: Session, subscription: Subscription) -> None:
    first = link(session, subscription)
    second = link(session, subscription, now=NOW + 10 * MINUTE)

    with pytest.raises(TokenExpired):
        subject(session, first, now=NOW + 10 * MINUTE)
    assert subject(session, second, now=NOW + 10 * MINUTE).subscription.id == subscription.id


def test_links_of_two_subscriptions_are_one_persons(session: Session, subscription: Subscription) -> None:
    other = a_subscription(session, a_list(session, "events"))
    first = link(session, subscription)

    assert ask(session, other) is None
    second = link(session, other, now=NOW + 10 * MINUTE)

    with pytest.raises(TokenExpired):
        subject(session, first, now=NOW + 10 * MINUTE)
    assert subject(session, second, now=NOW + 10 * MINUTE).subscriber.id == subscription.subscriber_id


def test_closing_ends_every_link_of_the_person_and_of_nobody_else(session: Session, subscription: Subscription) -> None:
    ben = a_subscription(session, a_list(session, "events"), "ben@example.org")
    mine = {errand: link(session, subscription, errand) for errand in Errand}
    his = link(session, ben)

    errands.close(session, subscription.subscriber_id)

    for errand, token in mine.items():
        with pytest.raises(TokenExpired):
            subject(session, token, errand)
    assert subject(session, his).subscription.id == ben.id


@pytest.mark.parametrize("change", ["address", "erased"])
def test_a_link_dies_with_the_address_and_the_person(session: Session, subscription: Subscription, change: str) -> None:
    token = link(session, subscription)
    person = session.get_one(Subscriber, subscription.subscriber_id)
    if change == "address":
        person.address_key = "new@example.org"
    else:
        person.erased_at = NOW

    with pytest.raises(TokenExpired):
        subject(session, token)


def test_a_link_made_for_one_person_is_worth_nothing_for_another(session: Session) -> None:
    ben = a_subscription(session, a_list(session, "events"), "ben@example.org")
    link(session, ben)
    token = tokens.errand(SECRET, Errand.ERASE, ben.id, number=1, address_key="anna@example.org", now=NOW)

    with pytest.raises(TokenExpired):
        subject(session, token)


def test_the_link_of_somebody_who_is_gone_has_expired(session: Session) -> None:
    token = tokens.errand(SECRET, Errand.ERASE, 999, number=1, address_key="anna@example.org", now=NOW)

    with pytest.raises(TokenExpired):
        subject(session, token)


def test_a_mistyped_new_address_can_be_typed_again_at_once(session: Session, subscription: Subscription) -> None:
    def to(address: EmailAddress, now: dt.datetime = NOW) -> str | None:
        return errands.ask_new_address(session, subscription, address, secret=SECRET, by=VISITOR, now=now)

    wrong = to(EmailAddress.parse("anna.nue@example.org"))
    right = to(NEW)

    assert wrong is not None
    assert right is not None
    with pytest.raises(TokenExpired):
        subject(session, wrong, Errand.NEW_ADDRESS)
    assert subject(session, right, Errand.NEW_ADDRESS).address == "anna.neu@example.org"
    assert to(NEW, NOW + 9 * MINUTE) is None
    errands.close(session, subscription.subscriber_id)
    state = session.get_one(ErrandState, (subscription.subscriber_id, "new-address"), populate_existing=True)
    assert state.address == ""


def test_only_who_may_change_the_readers_choices_may_ask(session: Session, subscription: Subscription) -> None:
    nobody = Actor(ActorKind.STAFF, "eve@example.org", frozenset())

    with pytest.raises(NotPermitted):
        errands.ask(session, subscription, Errand.ERASE, secret=SECRET, by=nobody, now=NOW)
    with pytest.raises(NotPermitted):
        errands.ask_new_address(session, subscription, NEW, secret=SECRET, by=nobody, now=NOW)

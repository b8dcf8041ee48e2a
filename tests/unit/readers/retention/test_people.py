import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.readers.holding import holders
from newsletter.readers.retention import people as clocks
from newsletter.readers.retention.facts import Facts
from subscribers import consent, errands, forgetting, holding, people, subscribing, suppression
from subscribers.address import EmailAddress
from subscribers.models import (
    ConsentEvidence,
    ConsentRecord,
    ErrandState,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription, asked

ANNA = EmailAddress.parse("anna@example.org")
LATER = NOW + dt.timedelta(days=40)
Step = Callable[[Session, Facts], int]


def facts(before: dt.datetime, *, now: dt.datetime = LATER) -> Facts:
    return Facts(before, now, holders())


def all_of(session: Session, step: Step, before: dt.datetime) -> int:
    """Do it until nothing is left."""
    total = 0
    while done := step(session, facts(before)):
        total += done
    return total


def evidence(session: Session, mailing_list: MailingList | None = None) -> int:
    kept = select(func.count()).select_from(ConsentEvidence).join(ConsentRecord)
    if mailing_list is not None:
        kept = kept.where(ConsentRecord.list_id == mailing_list.id)
    return session.scalar(kept) or 0


def leave(session: Session, subscription: Subscription, *, now: dt.datetime = NOW) -> None:
    subscribing.leave(session, subscription, source="unsubscribe link", secret=SECRET, by=VISITOR, now=now)


def suppressed(session: Session) -> frozenset[SuppressionReason]:
    key = suppression.key_of(ANNA.key, key=suppression.hashing_key(SECRET))
    return suppression.reasons_of(session, key)


def is_gone(session: Session, subscriber_id: int) -> bool:
    person = session.get_one(Subscriber, subscriber_id, populate_existing=True)
    return (person.address, person.first_name, person.erased_at) == ("", "", LATER)


def test_a_sign_up_nobody_confirmed_is_deleted_with_its_person(session: Session) -> None:
    subscription = a_subscription(session, a_list(session), confirmed=False)
    person, number = subscription.subscriber_id, subscription.id
    assert clocks.unconfirmed_due(session, facts(NOW + dt.timedelta(seconds=1))) == 1

    assert all_of(session, clocks.unconfirmed_step, NOW + dt.timedelta(seconds=1)) == 1

    assert session.get(Subscription, number) is None
    assert is_gone(session, person)
    assert evidence(session) == 0
    assert suppressed(session) == frozenset()  # nobody asked not to be asked
    assert consent.verify(session, secret=SECRET).holds


def test_who_asked_again_lately_is_kept(session: Session) -> None:
    news = a_list(session)
    subscription = a_subscription(session, news, confirmed=False)
    asked(session, news, now=NOW + dt.timedelta(days=20))

    assert all_of(session, clocks.unconfirmed_step, NOW + dt.timedelta(days=20)) == 0
    assert session.get(Subscription, subscription.id) is not None


def test_who_confirmed_is_kept(session: Session) -> None:
    a_subscription(session, a_list(session))

    assert all_of(session, clocks.unconfirmed_step, LATER) == 0
    assert people.find(session, ANNA) is not None


def test_of_somebody_on_another_list_only_the_sign_up_goes(session: Session) -> None:
    news, events = a_list(session), a_list(session, "events")
    a_subscription(session, news)
    waiting = a_subscription(session, events, confirmed=False)

    assert all_of(session, clocks.unconfirmed_step, LATER) == 1

    assert session.get(Subscription, waiting.id) is None
    assert (evidence(session, news), evidence(session, events)) == (2, 0)
    assert people.find(session, ANNA) is not None


def test_who_had_left_and_asked_again_in_vain_has_left_as_before(session: Session) -> None:
    news = a_list(session)
    subscription = a_subscription(session, news)
    leave(session, subscription, now=NOW + dt.timedelta(days=1))
    asked(session, news, now=NOW + dt.timedelta(days=2))

    assert all_of(session, clocks.unconfirmed_step, LATER) == 1

    assert subscription.state == SubscriptionState.LEFT.value
    assert subscription.changed_at == NOW + dt.timedelta(days=1)
    assert evidence(session) == 3  # of the request, the confirmation and the leaving, but not of what came after
    assert people.find(session, ANNA) is not None


def test_a_new_address_nobody_confirmed_is_forgotten(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    errands.ask_new_address(
        session, subscription, EmailAddress.parse("foreign@example.org"), secret=SECRET, by=VISITOR, now=NOW
    )
    session.flush()

    assert all_of(session, clocks.new_addresses_step, NOW) == 0
    assert clocks.new_addresses_due(session, facts(LATER)) == 1
    assert all_of(session, clocks.new_addresses_step, LATER) == 1

    assert session.scalars(select(ErrandState.address)).all() == [""]


def test_imported_without_proof_has_a_clock_of_its_own(session: Session) -> None:
    subscription = a_subscription(session, a_list(session), confirmed=False)
    subscription.source, subscription.confirmation_sent_at = "import", None
    session.flush()

    assert all_of(session, clocks.unconfirmed_step, LATER) == 0
    assert clocks.imported_due(session, facts(LATER)) == 1
    assert all_of(session, clocks.imported_step, LATER) == 1
    assert people.find(session, ANNA) is None


def test_who_left_all_lists_is_forgotten_and_not_imported_again(session: Session) -> None:
    first, second = a_list(session), a_list(session, "events")
    subscriptions = [a_subscription(session, first), a_subscription(session, second)]
    for subscription in subscriptions:
        leave(session, subscription)
    assert clocks.left_due(session, facts(LATER)) == 2

    assert all_of(session, clocks.left_step, LATER) == 2

    assert is_gone(session, subscriptions[0].subscriber_id)
    assert evidence(session) == 0
    assert suppressed(session) == {SuppressionReason.LEFT}
    assert clocks.left_due(session, facts(LATER)) == 0
    assert consent.verify(session, secret=SECRET).holds


@pytest.mark.parametrize("reason", ["still reads", "left lately"])
def test_evidence_of_a_list_goes_while_another_one_keeps_the_person(session: Session, reason: str) -> None:
    first, second = a_list(session), a_list(session, "events")
    gone, other = a_subscription(session, first), a_subscription(session, second)
    leave(session, gone)
    if reason == "left lately":
        leave(session, other, now=LATER)

    assert all_of(session, clocks.left_step, LATER) == 1

    assert evidence(session, first) == 0
    assert evidence(session, second) > 0
    assert people.find(session, ANNA) is not None
    assert suppressed(session) == frozenset()
    assert clocks.left_due(session, facts(LATER)) == 0


def test_who_left_lately_is_kept(session: Session) -> None:
    leave(session, a_subscription(session, a_list(session)))

    assert clocks.left_due(session, facts(NOW)) == 0
    assert all_of(session, clocks.left_step, NOW) == 0


def test_evidence_of_the_erased_is_kept_until_its_time(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    kept = (*holding.holders(keep_evidence=True),)
    forgetting.erase(session, subscription.subscriber_id, holders=kept, secret=SECRET, by=STAFF, now=NOW)
    day = dt.timedelta(days=1)

    assert clocks.erased_due(session, facts(NOW - day)) == 0
    assert all_of(session, clocks.erased_step, NOW - day) == 0
    assert all_of(session, clocks.erased_step, NOW + day) == 3
    assert evidence(session) == 0
    assert consent.verify(session, secret=SECRET).holds


def test_what_came_in_while_somebody_was_erased_is_erased_again(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    number = subscription.subscriber_id
    forgetting.erase(session, number, holders=holders(), secret=SECRET, by=STAFF, now=LATER)
    session.get_one(Subscriber, number).first_name = "Anna"
    session.flush()

    assert clocks.lately_erased(session, facts(LATER, now=LATER + dt.timedelta(days=1))) == (number,)
    clocks.erase_again(session, number, facts(LATER, now=LATER + dt.timedelta(days=1)))

    assert is_gone(session, number)
    assert clocks.lately_erased(session, facts(LATER, now=LATER + dt.timedelta(days=3))) == ()

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import changing_address, consent, errands, subscribing, suppression
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.changing_address import AddressChanged, AddressNotChanged, Hindrance
from subscribers.errors import NotPermitted, TokenExpired
from subscribers.models import (
    ConsentEvidence,
    ConsentKind,
    Errand,
    MailingList,
    Subscriber,
    Subscription,
    SuppressionReason,
)
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription

OLD, NEW = EmailAddress.parse("anna@example.org"), EmailAddress.parse("Anna.Neu@gmx.de")


@pytest.fixture
def news(session: Session) -> MailingList:
    return a_list(session)


@pytest.fixture
def subscription(session: Session, news: MailingList) -> Subscription:
    return a_subscription(session, news)


def change(
    session: Session, subscription: Subscription, to: EmailAddress = NEW, *, by: Actor = VISITOR
) -> AddressChanged | AddressNotChanged:
    return changing_address.change(
        session,
        session.get_one(Subscriber, subscription.subscriber_id),
        to=to,
        subscription=subscription,
        asked_at=NOW,
        ip="192.0.2.0/24",
        secret=SECRET,
        by=by,
        now=NOW,
    )


def suppress(session: Session, address: EmailAddress, reason: SuppressionReason, now: dt.datetime = NOW) -> None:
    suppression.add(session, address, reason, secret=SECRET, by=STAFF, now=now)


def test_everything_that_depends_on_the_address_is_new(session: Session, subscription: Subscription) -> None:
    assert change(session, subscription) == AddressChanged(OLD)

    person = session.get_one(Subscriber, subscription.subscriber_id)
    assert (person.address, person.address_key, person.provider) == ("Anna.Neu@gmx.de", "anna.neu@gmx.de", "gmx-webde")
    assert person.suppression_key == suppression.key_of("anna.neu@gmx.de", key=suppression.hashing_key(SECRET))
    assert subscription.state == "confirmed"


def test_each_list_the_person_is_on_has_a_record_of_both_addresses_and_the_chain_holds(
    session: Session, subscription: Subscription
) -> None:
    events, left = a_subscription(session, a_list(session, "events")), a_subscription(session, a_list(session, "left"))
    subscribing.leave(session, left, source="x", secret=SECRET, by=VISITOR, now=NOW)

    change(session, subscription)

    changed = [
        record
        for record in consent.history(session, subscription.subscriber_id)
        if record.kind == ConsentKind.ADDRESS_CHANGED.value
    ]
    assert [record.list_id for record in changed] == [subscription.list_id, events.list_id]
    assert {record.source for record in changed} == {"mail to the new address"}
    evidence = session.get_one(ConsentEvidence, changed[0].id).data
    assert evidence == {"address": "Anna.Neu@gmx.de", "before": "anna@example.org", "ip": "192.0.2.0/24"}
    assert consent.verify(session, secret=SECRET).holds


def test_who_is_on_no_list_any_more_has_the_record_at_the_list_of_the_link(
    session: Session, subscription: Subscription
) -> None:
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)

    change(session, subscription)

    last = consent.history(session, subscription.subscriber_id)[-1]
    assert (last.kind, last.list_id) == ("address changed", subscription.list_id)


def test_the_audit_log_tells_that_it_was_changed_and_no_address(session: Session, subscription: Subscription) -> None:
    change(session, subscription)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "subscriber.change-address")).one()
    assert (entry.subject, entry.details) == (f"subscriber:{subscription.subscriber_id}", {})


def test_two_people_are_never_made_one(session: Session, news: MailingList, subscription: Subscription) -> None:
    a_subscription(session, news, "anna.neu@GMX.de")
    records = len(consent.history(session, subscription.subscriber_id))

    assert change(session, subscription) == AddressNotChanged(Hindrance.TAKEN)

    person = session.get_one(Subscriber, subscription.subscriber_id)
    assert (person.address, person.address_key) == ("anna@example.org", "anna@example.org")
    assert len(consent.history(session, subscription.subscriber_id)) == records


def test_an_address_taken_in_this_very_moment_is_found_by_the_database(
    session: Session, news: MailingList, subscription: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_subscription(session, news, NEW.address)
    monkeypatch.setattr("subscribers.people.find", lambda *_: None)

    assert change(session, subscription) == AddressNotChanged(Hindrance.TAKEN)

    person = session.get_one(Subscriber, subscription.subscriber_id)
    assert (person.address, person.provider) == ("anna@example.org", "other")
    assert session.scalars(select(Subscriber.address_key).order_by(Subscriber.id)).all() == [
        "anna@example.org",
        "anna.neu@gmx.de",
    ]


def test_another_spelling_of_the_same_address_is_no_other_person(session: Session, subscription: Subscription) -> None:
    assert change(session, subscription, EmailAddress.parse("ANNA@example.org")) == AddressChanged(OLD)

    assert session.get_one(Subscriber, subscription.subscriber_id).address == "ANNA@example.org"


@pytest.mark.parametrize("reason", [SuppressionReason.BLOCKED, SuppressionReason.COMPLAINED])
@pytest.mark.parametrize("address", [OLD, NEW], ids=["old", "new"])
def test_nobody_gets_around_a_block_or_a_complaint(
    session: Session, subscription: Subscription, address: EmailAddress, reason: SuppressionReason
) -> None:
    suppress(session, address, reason)

    assert change(session, subscription) == AddressNotChanged(Hindrance.SUPPRESSED)
    assert changing_address.may_be_mailed(session, address, secret=SECRET) is False


@pytest.mark.parametrize("reason", [SuppressionReason.LEFT, SuppressionReason.BOUNCED, SuppressionReason.ERASED])
def test_the_button_in_the_new_mailbox_lifts_what_a_confirmation_lifts(
    session: Session, subscription: Subscription, reason: SuppressionReason
) -> None:
    suppress(session, NEW, reason, NOW - dt.timedelta(days=1))
    assert changing_address.may_be_mailed(session, NEW, secret=SECRET) is True

    assert change(session, subscription) == AddressChanged(OLD)

    assert not suppression.is_suppressed(session, NEW, secret=SECRET)


def test_a_bounce_after_the_mailbox_was_asked_stays(session: Session, subscription: Subscription) -> None:
    suppress(session, NEW, SuppressionReason.BOUNCED, NOW + dt.timedelta(seconds=1))

    change(session, subscription)

    assert suppression.is_suppressed(session, NEW, secret=SECRET)


def test_links_that_were_mailed_before_count_no_more_even_if_the_old_address_comes_back(
    session: Session, subscription: Subscription
) -> None:
    token = errands.ask(session, subscription, Errand.ERASE, secret=SECRET, by=VISITOR, now=NOW)
    assert token is not None

    change(session, subscription)
    change(session, subscription, OLD)

    with pytest.raises(TokenExpired):
        errands.subject(session, Errand.ERASE, token, secret=SECRET, now=NOW)


def test_only_who_may_change_the_readers_choices_may_change_the_address(
    session: Session, subscription: Subscription
) -> None:
    with pytest.raises(NotPermitted):
        change(session, subscription, by=Actor(ActorKind.STAFF, "eve@example.org", frozenset()))

import datetime as dt

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers import audience, consent, forgetting, holding, people, subscribing, suppression
from subscribers.actor import CHANGE_OWN_CHOICES, MANAGE_PEOPLE, Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted, PersonGone
from subscribers.models import ConsentEvidence, Subscriber, Subscription, SuppressionReason
from tests.support.people import NOW, SECRET, STAFF, a_list, a_subscription, asked

LATER = NOW + dt.timedelta(days=1)
ANNA = EmailAddress.parse("anna@example.org")


def erase(session: Session, subscriber_id: int, *, by: Actor = STAFF, keep_evidence: bool = False) -> None:
    holders = holding.holders(keep_evidence=keep_evidence)
    forgetting.erase(session, subscriber_id, holders=holders, secret=SECRET, by=by, now=LATER)


def test_erasing_leaves_an_empty_row_and_a_suppression(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))

    erase(session, subscription.subscriber_id)

    person = session.get_one(Subscriber, subscription.subscriber_id)
    assert (person.address, person.address_key, person.suppression_key) == ("", f"erased:{person.id}", "")
    assert (person.first_name, person.last_name, person.provider, person.erased_at) == ("", "", "other", LATER)
    assert people.find(session, ANNA) is None
    key = suppression.key_of(ANNA.key, key=suppression.hashing_key(SECRET))
    assert suppression.reasons_of(session, key) == {SuppressionReason.ERASED}


def test_erasing_ends_every_subscription_and_the_chain_holds(session: Session) -> None:
    first = a_subscription(session, a_list(session))
    second = a_subscription(session, a_list(session, "events"), confirmed=False)

    erase(session, first.subscriber_id)

    assert (first.state, second.state) == ("left", "left")
    told = [(record.kind, record.source) for record in consent.history(session, first.subscriber_id)]
    assert told[-2:] == [("left", "erasure"), ("left", "erasure")]
    found = consent.verify(session, secret=SECRET)
    assert found.holds
    assert found.records == 5
    assert session.execute(audience.confirmed(first.list_id, now=LATER)).all() == []


def test_what_was_chosen_is_forgotten(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    subscription.measured, subscription.topics_chosen, subscription.paused_until = True, True, LATER

    erase(session, subscription.subscriber_id)

    kept = select(Subscription.measured, Subscription.topics_chosen, Subscription.paused_until)
    assert tuple(session.execute(kept).one()) == (None, False, None)


@pytest.mark.parametrize(("keep_evidence", "kept"), [(False, 0), (True, 3)])
def test_evidence_goes_at_once_unless_it_has_a_clock_of_its_own(
    session: Session, *, keep_evidence: bool, kept: int
) -> None:
    subscription = a_subscription(session, a_list(session))

    erase(session, subscription.subscriber_id, keep_evidence=keep_evidence)

    assert session.scalar(select(func.count()).select_from(ConsentEvidence)) == kept
    assert consent.verify(session, secret=SECRET).holds


def test_erasing_once_more_changes_nothing(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    erase(session, subscription.subscriber_id)
    before = session.scalar(select(func.count()).select_from(AuditEntry))

    erase(session, subscription.subscriber_id)

    assert session.scalar(select(func.count()).select_from(AuditEntry)) == before
    assert consent.verify(session, secret=SECRET).records == 3


def test_the_note_of_a_suppression_goes_and_the_suppression_stays(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    reason = SuppressionReason.BLOCKED
    suppression.add(session, ANNA, reason, secret=SECRET, by=STAFF, now=NOW, note="Frau Schmidt rief an")

    erase(session, subscription.subscriber_id)

    key = suppression.key_of(ANNA.key, key=suppression.hashing_key(SECRET))
    assert suppression.reasons_of(session, key) == {reason, SuppressionReason.ERASED}
    with pytest.raises(PersonGone):
        forgetting.disclose(session, subscription.subscriber_id, holders=(), by=STAFF, now=LATER)


def test_coming_back_makes_a_person_of_another_number(session: Session) -> None:
    news = a_list(session)
    subscription = a_subscription(session, news)
    erase(session, subscription.subscriber_id)

    due = asked(session, news, now=LATER)

    assert isinstance(due, subscribing.ConfirmationDue)
    assert due.subscriber_id != subscription.subscriber_id
    again = session.get_one(Subscription, due.subscription_id)
    confirmed = subscribing.confirm(session, again, secret=SECRET, by=STAFF, now=LATER)
    assert confirmed.lifted == {SuppressionReason.ERASED}
    assert [row.address for row in session.execute(audience.confirmed(news.id, now=LATER))] == ["anna@example.org"]


@pytest.mark.parametrize(
    ("kind", "permission"),
    [(ActorKind.STAFF, CHANGE_OWN_CHOICES), (ActorKind.READER, MANAGE_PEOPLE)],
    ids=["staff without people", "a reader of no right"],
)
def test_only_who_manages_people_and_the_reader_may(session: Session, kind: ActorKind, permission: str) -> None:
    subscription = a_subscription(session, a_list(session))
    by = Actor(kind, "somebody", frozenset({permission}))  # type: ignore[arg-type]  # a permission is a str

    with pytest.raises(NotPermitted):
        erase(session, subscription.subscriber_id, by=by)
    with pytest.raises(NotPermitted):
        forgetting.disclose(session, subscription.subscriber_id, holders=(), by=by, now=LATER)

    assert session.get_one(Subscriber, subscription.subscriber_id).erased_at is None


def test_nobody_of_that_number_is_said_so(session: Session) -> None:
    with pytest.raises(PersonGone, match="Nothing is kept of subscriber 7"):
        erase(session, 7)


def test_a_disclosure_tells_what_is_kept_and_is_noted(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    by = Actor.reader(subscription.subscriber_id)

    found = forgetting.disclose(session, subscription.subscriber_id, holders=holding.holders(), by=by, now=LATER)

    assert found["made_at"] == "2026-11-24T10:00:00+00:00"
    assert found["subscriptions"] == [
        {
            "list": "news",
            "name": "Presse-Newsletter",
            "state": "confirmed",
            "source": "page",
            "asked": "2026-11-23T10:00:00+00:00",
            "since": "2026-11-23T10:00:00+00:00",
            "measured": None,
            "topics": None,
            "paused_until": None,
        }
    ]
    assert [act["act"] for act in found["acts"]] == ["subscription.request", "subscription.confirm"]  # type: ignore[attr-defined]
    session.flush()
    noted = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert noted[-1] == "subscriber.disclose"

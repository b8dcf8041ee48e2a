import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audience, consent, people, subscribing, suppression
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted, RequestUnproven, WrongMove
from subscribers.models import ConsentRecord, MailingList, Subscriber, Subscription, SuppressionReason
from subscribers.people import Person
from subscribers.subscribing import ConfirmationDue, Confirmed, Left, NothingDue, Reason
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription, asked

ANNA = EmailAddress.parse("anna@example.org")
LATER = NOW + dt.timedelta(minutes=10)
MUCH_LATER = NOW + dt.timedelta(days=30)


@pytest.fixture
def news(session: Session) -> MailingList:
    return a_list(session)


def suppress(session: Session, reason: SuppressionReason, now: dt.datetime = NOW) -> None:
    suppression.add(session, ANNA, reason, secret=SECRET, by=STAFF, now=now)


def confirm(session: Session, subscription_id: int, *, now: dt.datetime = NOW) -> Confirmed:
    subscription = session.get_one(Subscription, subscription_id)
    return subscribing.confirm(session, subscription, secret=SECRET, by=VISITOR, now=now)


def leave(session: Session, subscription: Subscription, *, now: dt.datetime = NOW) -> Left:
    return subscribing.leave(session, subscription, source="unsubscribe link", secret=SECRET, by=VISITOR, now=now)


def added(
    session: Session, mailing_list: MailingList, *, by: Actor = STAFF, now: dt.datetime = NOW, why: str = "at the fair"
) -> ConfirmationDue | NothingDue:
    return subscribing.add_requested(
        session,
        mailing_list,
        address=ANNA,
        requested_by=why,
        person=Person(last_name="Schmidt"),
        secret=SECRET,
        by=by,
        now=now,
    )


def receivers(session: Session, mailing_list: MailingList) -> list[str]:
    session.flush()
    return [row.address for row in session.execute(audience.confirmed(mailing_list.id, now=NOW))]


def test_a_sign_up_is_pending_until_it_is_confirmed(session: Session, news: MailingList) -> None:
    due = asked(session, news)

    assert isinstance(due, ConfirmationDue)
    assert due.address == ANNA
    assert due.language == "de"
    assert session.get_one(Subscription, due.subscription_id).state == "pending"
    assert receivers(session, news) == []

    assert confirm(session, due.subscription_id) == Confirmed(already=False, lifted=frozenset())

    assert receivers(session, news) == ["anna@example.org"]
    assert [record.kind for record in consent.history(session, due.subscriber_id)] == ["requested", "confirmed"]


def test_the_audit_log_names_acts_and_ids_never_addresses(session: Session, news: MailingList) -> None:
    leave(session, a_subscription(session, news))
    session.flush()

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.subject) for entry in entries[1:]] == [
        ("subscription.request", "subscription:1"),
        ("subscription.confirm", "subscription:1"),
        ("subscription.leave", "subscription:1"),
    ]
    assert not any("anna" in f"{entry.actor_name} {entry.details}" for entry in entries)


def test_the_language_of_the_confirmation_is_the_visitors(session: Session, news: MailingList) -> None:
    due = asked(session, news, person=Person(language="en"))

    assert isinstance(due, ConfirmationDue)
    assert due.language == "en"


def test_a_second_confirmation_changes_nothing(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)

    again = confirm(session, subscription.id, now=LATER)

    assert again == Confirmed(already=True, lifted=frozenset())
    assert subscription.changed_at == NOW
    assert len(consent.history(session, subscription.subscriber_id)) == 2


def test_no_second_confirmation_mail_is_due_within_ten_minutes(session: Session, news: MailingList) -> None:
    asked(session, news)

    again = asked(session, news, "ANNA@example.org", now=LATER - dt.timedelta(seconds=1))

    assert again == NothingDue(Reason.ASKED_RECENTLY)
    assert len(session.scalars(select(ConsentRecord)).all()) == 1
    assert isinstance(asked(session, news, now=LATER), ConfirmationDue)


def test_another_list_is_another_question(session: Session, news: MailingList) -> None:
    asked(session, news)

    assert isinstance(asked(session, a_list(session, "events")), ConfirmationDue)
    assert len(session.scalars(select(Subscriber)).all()) == 1


def test_a_confirmed_reader_is_not_asked_again(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)

    assert asked(session, news, now=MUCH_LATER) == NothingDue(Reason.ALREADY_CONFIRMED)
    assert subscription.state == "confirmed"
    assert len(consent.history(session, subscription.subscriber_id)) == 2


def test_a_stranger_cannot_rename_a_confirmed_reader(session: Session, news: MailingList) -> None:
    a_subscription(session, news)

    asked(session, a_list(session, "events"), "Anna@Example.org", person=Person(first_name="Dumme", last_name="Kuh"))

    anna = people.known(session, ANNA)
    assert (anna.first_name, anna.last_name, anna.address) == ("Anna", "Schmidt", "anna@example.org")


def test_somebody_not_yet_confirmed_may_correct_the_own_name(session: Session, news: MailingList) -> None:
    asked(session, news, person=Person(first_name="Ana"))

    asked(session, news, person=Person(first_name="Anna"), now=LATER)

    assert people.known(session, ANNA).first_name == "Anna"


def test_leaving_holds_at_once_and_as_often_as_asked(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)

    assert leave(session, subscription, now=LATER) == Left(already=False, was_confirmed=True)
    assert receivers(session, news) == []
    assert leave(session, subscription, now=MUCH_LATER) == Left(already=True)
    assert subscription.changed_at == LATER
    assert len(consent.history(session, subscription.subscriber_id)) == 3


def test_leaving_one_list_leaves_the_other(session: Session, news: MailingList) -> None:
    events = a_list(session, "events")
    a_subscription(session, events)

    leave(session, a_subscription(session, news))

    assert receivers(session, events) == ["anna@example.org"]


def test_somebody_who_left_may_come_back_by_a_new_request(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)

    due = asked(session, news, now=MUCH_LATER)

    assert isinstance(due, ConfirmationDue)
    assert due.subscription_id == subscription.id
    assert receivers(session, news) == []
    confirm(session, due.subscription_id, now=MUCH_LATER)
    assert receivers(session, news) == ["anna@example.org"]


def test_an_old_confirmation_does_not_bring_back_who_left(session: Session, news: MailingList) -> None:
    subscription = a_subscription(session, news)
    leave(session, subscription)

    with pytest.raises(WrongMove):
        confirm(session, subscription.id)

    assert subscription.state == "left"


@pytest.mark.parametrize(
    "reason",
    [
        SuppressionReason.LEFT,
        SuppressionReason.BOUNCED,
        SuppressionReason.ERASED,
        SuppressionReason.COMPLAINED,
    ],
)
def test_the_readers_own_new_opt_in_lifts_a_suppression(
    session: Session, news: MailingList, reason: SuppressionReason
) -> None:
    a_subscription(session, news)
    suppress(session, reason)
    assert receivers(session, news) == []

    due = asked(session, news, now=MUCH_LATER)

    assert isinstance(due, ConfirmationDue)
    assert receivers(session, news) == []
    assert confirm(session, due.subscription_id, now=MUCH_LATER) == Confirmed(already=True, lifted=frozenset({reason}))
    assert receivers(session, news) == ["anna@example.org"]
    assert session.scalars(select(AuditEntry.details).where(AuditEntry.action == "suppression.lift")).all() == [
        {"reason": reason.value}
    ]


def test_a_confirmation_asked_for_before_a_complaint_does_not_lift_it(session: Session, news: MailingList) -> None:
    due = asked(session, news)
    assert isinstance(due, ConfirmationDue)
    suppress(session, SuppressionReason.COMPLAINED, now=LATER)

    assert confirm(session, due.subscription_id, now=MUCH_LATER).lifted == frozenset()
    assert receivers(session, news) == []


def test_who_is_blocked_by_staff_is_not_asked(session: Session, news: MailingList) -> None:
    suppress(session, SuppressionReason.BLOCKED)

    assert asked(session, news) == NothingDue(Reason.BLOCKED)
    assert session.scalars(select(Subscriber)).all() == []


def test_a_block_outlives_a_confirmation(session: Session, news: MailingList) -> None:
    due = asked(session, news)
    assert isinstance(due, ConfirmationDue)
    suppress(session, SuppressionReason.BLOCKED)

    confirm(session, due.subscription_id)

    assert receivers(session, news) == []


def test_staff_may_ask_for_somebody_who_asked_them(session: Session, news: MailingList) -> None:
    due = added(session, news)

    assert isinstance(due, ConfirmationDue)
    record = consent.history(session, due.subscriber_id)[0]
    assert (record.kind, record.source, record.actor, record.wording) == ("requested", "staff", "command line", None)
    told = consent.export(session, ANNA, by=STAFF)["records"][0]["evidence"]
    assert told["requested_by"] == "at the fair"
    assert told["entered_by"] == "command line"


def test_staff_has_to_say_who_asked(session: Session, news: MailingList) -> None:
    with pytest.raises(RequestUnproven):
        added(session, news, why="  ")


def test_staff_cannot_bring_back_who_complained(session: Session, news: MailingList) -> None:
    suppress(session, SuppressionReason.COMPLAINED)

    assert added(session, news) == NothingDue(Reason.COMPLAINED)


def test_staff_can_ask_somebody_whose_mail_once_bounced(session: Session, news: MailingList) -> None:
    suppress(session, SuppressionReason.BOUNCED)

    due = added(session, news)

    assert isinstance(due, ConfirmationDue)
    assert confirm(session, due.subscription_id).lifted == {SuppressionReason.BOUNCED}


def test_a_complaint_is_not_lifted_by_what_staff_asked_for(session: Session, news: MailingList) -> None:
    due = added(session, news, now=LATER)
    assert isinstance(due, ConfirmationDue)
    suppress(session, SuppressionReason.COMPLAINED, now=NOW)

    assert confirm(session, due.subscription_id, now=MUCH_LATER).lifted == frozenset()


def test_rights_are_asked_for(session: Session, news: MailingList) -> None:
    nobody = Actor(ActorKind.STAFF, "gast@example.org", frozenset())
    subscription = a_subscription(session, news)

    with pytest.raises(NotPermitted):
        added(session, news, by=VISITOR)
    with pytest.raises(NotPermitted):
        subscribing.confirm(session, subscription, secret=SECRET, by=nobody, now=NOW)
    with pytest.raises(NotPermitted):
        subscribing.leave(session, subscription, source="x", secret=SECRET, by=nobody, now=NOW)
    with pytest.raises(NotPermitted):
        subscribing.request(
            session,
            news,
            address=ANNA,
            person=Person(),
            wording="x",
            source="page",
            ip=None,
            secret=SECRET,
            by=nobody,
            now=NOW,
        )

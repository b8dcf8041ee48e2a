import datetime as dt
import hashlib

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import consent, measuring, subscribing
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.errors import NotPermitted, NotReceiving
from subscribers.measuring import Choice
from subscribers.models import MailingList, Subscriber, Subscription, Wording
from subscribers.people import Person
from tests.support.people import NOW, SECRET, VISITOR, WORDING, a_list, a_subscription

WORDS = "Die Presse darf messen, was ich öffne."
LATER = NOW + dt.timedelta(days=1)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def agree(session: Session, subscription: Subscription) -> bool:
    return measuring.agree(
        session,
        subscription,
        wording=WORDS,
        language="de",
        source="measuring page",
        secret=SECRET,
        by=VISITOR,
        now=NOW,
        ip="192.0.2.0/24",
    )


def refuse(session: Session, subscription: Subscription) -> bool:
    return measuring.refuse(session, subscription, source="measuring page", secret=SECRET, by=VISITOR, now=LATER)


def signed_up(
    session: Session, news: MailingList, choice: Choice | None, *, shown: str = "", now: dt.datetime = NOW
) -> Subscription:
    """Anna asks for the list, with a choice on measuring, and confirms what she was shown."""
    due = subscribing.request(
        session,
        news,
        address=EmailAddress.parse("anna@example.org"),
        person=Person(),
        wording=WORDING,
        source="page",
        ip=None,
        secret=SECRET,
        by=VISITOR,
        now=now,
        measured=choice,
    )
    assert isinstance(due, subscribing.ConfirmationDue)
    subscription = session.get_one(Subscription, due.subscription_id)
    assert not measuring.may_record(session, subscription.id)  # not before it is confirmed
    subscribing.confirm(session, subscription, secret=SECRET, by=VISITOR, now=now, shown=shown)
    return subscription


def kinds(session: Session, subscription: Subscription) -> list[str]:
    return [each.kind for each in consent.history(session, subscription.subscriber_id)]


def test_who_was_never_asked_is_not_measured(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))

    assert subscription.measured is None
    assert not measuring.may_record(session, subscription.id)
    assert not measuring.may_record(session, 999)


def test_who_agrees_is_measured_and_the_exact_words_are_proven(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))

    assert agree(session, subscription)

    assert measuring.may_record(session, subscription.id)
    record = consent.history(session, subscription.subscriber_id)[-1]
    assert (record.kind, record.source, record.wording) == ("measuring agreed", "measuring page", digest_of(WORDS))
    assert session.get_one(Wording, digest_of(WORDS)).text == WORDS
    assert consent.verify(session, secret=SECRET).holds


def test_a_second_press_writes_nothing(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))

    assert [agree(session, subscription), agree(session, subscription)] == [True, False]
    assert [refuse(session, subscription), refuse(session, subscription)] == [True, False]
    assert kinds(session, subscription) == ["requested", "confirmed", "measuring agreed", "measuring refused"]


def test_who_takes_it_back_is_measured_no_more_and_still_gets_the_list(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    agree(session, subscription)

    refuse(session, subscription)

    assert subscription.measured is False
    assert subscription.state == "confirmed"
    assert not measuring.may_record(session, subscription.id)
    assert consent.verify(session, secret=SECRET).holds


def test_leaving_the_list_ends_measuring(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    agree(session, subscription)

    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=LATER)

    assert not measuring.may_record(session, subscription.id)


def test_an_erased_person_is_not_measured(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    agree(session, subscription)
    session.get_one(Subscriber, subscription.subscriber_id).erased_at = LATER
    session.flush()

    assert not measuring.may_record(session, subscription.id)


@pytest.mark.parametrize("state", ["pending", "left"])
def test_who_does_not_receive_cannot_agree(session: Session, state: str) -> None:
    subscription = a_subscription(session, a_list(session), confirmed=False)
    if state == "left":
        subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)

    with pytest.raises(NotReceiving, match="nothing that could be measured"):
        agree(session, subscription)
    assert subscription.measured is None


def test_a_stranger_to_the_readers_choices_changes_nothing(session: Session) -> None:
    subscription = a_subscription(session, a_list(session))
    editor = Actor(ActorKind.STAFF, "ed@example.org", frozenset())

    with pytest.raises(NotPermitted):
        measuring.refuse(session, subscription, source="x", secret=SECRET, by=editor, now=NOW)


@pytest.mark.parametrize(
    ("choice", "shown", "measured", "kind"),
    [
        (None, "", None, []),
        (Choice(WORDS, agreed=True), digest_of(WORDS), True, ["measuring agreed"]),
        (Choice(WORDS, agreed=False), "", False, ["measuring refused"]),
        # A stranger ticked the box, or the page was shown before: nobody agrees to what they did not see.
        (Choice(WORDS, agreed=True), "", None, []),
        (Choice(WORDS, agreed=True), digest_of("other words"), None, []),
    ],
)
def test_the_choice_at_sign_up_takes_effect_with_the_confirmation(
    session: Session,
    choice: Choice | None,
    shown: str,
    measured: bool | None,  # noqa: FBT001  # a table
    kind: list[str],
) -> None:
    subscription = signed_up(session, a_list(session), choice, shown=shown)

    assert subscription.measured is measured
    assert kinds(session, subscription) == ["requested", "confirmed", *kind]
    assert consent.verify(session, secret=SECRET).holds


@pytest.mark.parametrize(
    ("choice", "measured"), [(None, False), (Choice(WORDS, agreed=True), True), (Choice(WORDS, agreed=False), False)]
)
def test_who_comes_back_is_measured_only_if_they_agree_anew(
    session: Session,
    choice: Choice | None,
    measured: bool,  # noqa: FBT001  # a table
) -> None:
    news = a_list(session)
    subscription = signed_up(session, news, Choice(WORDS, agreed=True), shown=digest_of(WORDS))
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=LATER)

    again = signed_up(session, news, choice, shown=digest_of(WORDS), now=LATER)

    assert again.measured is measured
    assert kinds(session, again)[-1] == ("measuring agreed" if measured else "measuring refused")


def test_sql_tells_who_gets_the_measured_variant(session: Session) -> None:
    news = a_list(session)
    agreed, asked, left, pending = (
        a_subscription(session, news, f"{name}@example.org", confirmed=name != "pending")
        for name in ("agreed", "asked", "left", "pending")
    )
    agree(session, agreed)
    agree(session, left)
    refuse(session, asked)
    subscribing.leave(session, left, source="x", secret=SECRET, by=VISITOR, now=LATER)
    session.flush()

    rows = session.execute(select(Subscription.id, measuring.is_measured()).order_by(Subscription.id)).all()

    assert [tuple(row) for row in rows] == [
        (agreed.id, True),
        (asked.id, False),
        (left.id, False),
        (pending.id, False),
    ]

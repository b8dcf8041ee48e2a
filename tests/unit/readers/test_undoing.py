"""The mail that follows a leaving, and what its link does."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.recipients import UNDO_TOKEN
from newsletter.readers import leaving, undoing
from newsletter.readers.telling import MAILS_A_DAY
from newsletter.readers.undoing import Undoing
from subscribers import subscribing, suppression, tokens
from subscribers.address import EmailAddress
from subscribers.errors import TokenExpired, TokenInvalid
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, SuppressionReason
from tests.support.makers import a_publication
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription

SHOWN = Undoing(("Presse-Newsletter",), "news", "de", "a…@e…", restored=False)
RESTORED = Undoing(("Presse-Newsletter",), "news", "de", "a…@e…", restored=True)


@pytest.fixture
def news(session: Session) -> MailingList:
    made = a_list(session)
    a_publication(session, made)
    return made


@pytest.fixture
def subscription(session: Session, news: MailingList) -> Subscription:
    return a_subscription(session, news)


def leave(session: Session, subscription: Subscription, *, now: dt.datetime = NOW, undo_mail: bool = True) -> None:
    token = tokens.leave(SECRET, subscription.id)
    leaving.leave(session, token, secret=SECRET, by=VISITOR, now=now, undo_mail=undo_mail)


def leave_everything(session: Session, subscription: Subscription, *, now: dt.datetime = NOW) -> None:
    token = tokens.leave(SECRET, subscription.id)
    leaving.leave_everything(session, token, secret=SECRET, by=VISITOR, now=now)


def mails(session: Session) -> list[Delivery]:
    session.flush()
    of_left = select(Delivery).join(Mailing, Mailing.id == Delivery.mailing_id).where(Mailing.name == "left")
    return list(session.scalars(of_left.order_by(Delivery.mailing_id)))


def token_of(session: Session) -> str:
    return str(mails(session)[-1].fields[UNDO_TOKEN])


def undo(session: Session, token: str, *, now: dt.datetime = NOW) -> Undoing:
    return undoing.undo(session, token, secret=SECRET, by=VISITOR, now=now)


def test_the_mail_goes_to_the_address_and_its_link_takes_the_leaving_back(
    session: Session, subscription: Subscription
) -> None:
    leave(session, subscription)

    (mail,) = mails(session)
    assert (mail.address, mail.subscription_id) == ("anna@example.org", subscription.id)
    at = NOW + dt.timedelta(days=30)
    assert undoing.undoing_of(session, token_of(session), secret=SECRET, now=at) == SHOWN
    assert subscription.state == "left"
    assert undo(session, token_of(session), now=at) == RESTORED
    assert subscription.state == "confirmed"


def test_a_second_press_says_the_same_and_changes_nothing(session: Session, subscription: Subscription) -> None:
    leave(session, subscription)

    first, second = (undo(session, token_of(session)) for _ in range(2))

    assert first == second == RESTORED
    assert undoing.undoing_of(session, token_of(session), secret=SECRET, now=NOW) == RESTORED


def test_leaving_twice_mails_once(session: Session, subscription: Subscription) -> None:
    leave(session, subscription)
    leave(session, subscription, now=NOW + dt.timedelta(days=3))
    leave_everything(session, subscription, now=NOW + dt.timedelta(days=4))

    assert len(mails(session)) == 1


def test_a_link_of_an_earlier_leaving_does_not_undo_a_later_one(session: Session, subscription: Subscription) -> None:
    leave(session, subscription)
    first = token_of(session)
    undo(session, first)
    leave(session, subscription, now=NOW + dt.timedelta(hours=1))

    with pytest.raises(TokenExpired):
        undo(session, first, now=NOW + dt.timedelta(hours=2))
    assert subscription.state == "left"
    assert token_of(session) != first


def test_nobodys_mailbox_is_filled_by_leaving_and_coming_back(session: Session, subscription: Subscription) -> None:
    for minutes in range(10):
        now = NOW + dt.timedelta(minutes=minutes)
        leave(session, subscription, now=now)
        token = tokens.undo(SECRET, subscription.id, address_key="anna@example.org", left_at=now)
        undo(session, token, now=now)
    assert len(mails(session)) == MAILS_A_DAY

    leave(session, subscription, now=NOW + dt.timedelta(days=1, minutes=10))
    assert len(mails(session)) == MAILS_A_DAY + 1


def test_leaving_everything_is_one_mail_that_gives_everything_back(
    session: Session, news: MailingList, subscription: Subscription
) -> None:
    events = a_list(session, "events")
    events.name = "Termine"
    a_publication(session, events, "termine")
    second = a_subscription(session, events)

    leave_everything(session, second)

    assert len(mails(session)) == 1
    shown = undoing.undoing_of(session, token_of(session), secret=SECRET, now=NOW)
    assert sorted(shown.list_names) == ["Presse-Newsletter", "Termine"]
    assert undo(session, token_of(session)).restored
    assert (subscription.state, second.state) == ("confirmed", "confirmed")
    assert news.id != events.id


def test_what_nobody_publishes_on_is_told_in_the_name_of_the_list_whose_link_it_was(
    session: Session, subscription: Subscription
) -> None:
    silent = a_subscription(session, a_list(session, "silent"))
    leave(session, subscription)

    leave_everything(session, subscription, now=NOW + dt.timedelta(hours=1))

    assert len(mails(session)) == 2
    undo(session, token_of(session), now=NOW + dt.timedelta(hours=2))
    assert silent.state == "confirmed"


def test_where_it_is_switched_off_nobody_is_mailed(session: Session, subscription: Subscription) -> None:
    leave(session, subscription, undo_mail=False)

    assert mails(session) == []


def test_who_never_confirmed_is_not_mailed(session: Session, news: MailingList) -> None:
    leave(session, a_subscription(session, news, "bert@example.org", confirmed=False))

    assert mails(session) == []


def test_a_list_nobody_publishes_on_is_left_without_a_mail(session: Session) -> None:
    subscription = a_subscription(session, a_list(session, "closed"))

    leave(session, subscription)

    assert (subscription.state, mails(session)) == ("left", [])


def test_after_thirty_days_the_link_has_expired(session: Session, subscription: Subscription) -> None:
    leave(session, subscription)

    with pytest.raises(TokenExpired) as expired:
        undo(session, token_of(session), now=NOW + dt.timedelta(days=30, seconds=1))

    assert expired.value.subscription_id == subscription.id
    assert subscription.state == "left"


def test_a_link_mailed_to_another_address_is_worth_nothing(session: Session, subscription: Subscription) -> None:
    leave(session, subscription)
    token = token_of(session)
    session.get_one(Subscriber, subscription.subscriber_id).address_key = "new@example.org"

    for look in (undoing.undoing_of, None):
        with pytest.raises(TokenExpired):
            look(session, token, secret=SECRET, now=NOW) if look else undo(session, token)
    assert subscription.state == "left"


def test_whoever_complained_since_is_shown_an_end_before_they_press(
    session: Session, subscription: Subscription
) -> None:
    leave(session, subscription)
    address = EmailAddress.parse("anna@example.org")
    suppression.add(session, address, SuppressionReason.COMPLAINED, secret=SECRET, by=STAFF, now=NOW)

    with pytest.raises(TokenExpired):
        undoing.undoing_of(session, token_of(session), secret=SECRET, now=NOW)


def test_who_is_gone_altogether_is_told_kindly(session: Session) -> None:
    gone = tokens.undo(SECRET, 999, address_key="anna@example.org", left_at=NOW)

    with pytest.raises(TokenExpired):
        undo(session, gone)


def test_no_other_token_undoes_anything(session: Session, subscription: Subscription) -> None:
    leave(session, subscription)
    others = (
        tokens.leave(SECRET, subscription.id),
        tokens.view(SECRET, subscription.id),
        tokens.confirmation(SECRET, subscription.id, address_key="anna@example.org", now=NOW),
    )

    for token in (*others, "", "1.AAAA"):
        with pytest.raises(TokenInvalid):
            undo(session, token)
    assert subscription.state == "left"


def test_the_person_who_signed_up_anew_is_told_that_they_are_subscribed(
    session: Session, subscription: Subscription
) -> None:
    leave(session, subscription)
    subscription.move(SubscriptionState.PENDING, now=NOW)
    subscribing.confirm(session, subscription, secret=SECRET, by=VISITOR, now=NOW)

    assert undo(session, token_of(session)) == RESTORED

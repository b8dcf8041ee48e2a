import datetime as dt

import pytest
from sqlalchemy.orm import Session

from subscribers import leave_reasons, leaving, subscribing
from subscribers.leave_reasons import LeaveReason
from subscribers.models import MailingList, Subscription
from tests.support.people import NOW, SECRET, VISITOR, a_list, a_subscription

NONE_YET = {"too much": 0, "not for me": 0, "never asked for it": 0, "hard to read": 0, "other": 0}


@pytest.fixture
def news(session: Session) -> MailingList:
    return a_list(session)


def someone_left(session: Session, mailing_list: MailingList, address: str = "anna@example.org") -> Subscription:
    subscription = a_subscription(session, mailing_list, address)
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)
    return subscription


def give(session: Session, subscription: Subscription, reason: LeaveReason, now: dt.datetime = NOW) -> bool:
    return leave_reasons.give(session, subscription, reason, by=VISITOR, now=now)


def test_answers_are_counted_for_each_list(session: Session, news: MailingList) -> None:
    events = a_list(session, "events")
    for address in ("anna@example.org", "bert@example.org"):
        assert give(session, someone_left(session, news, address), LeaveReason.TOO_MUCH)
    assert give(session, someone_left(session, events), LeaveReason.OTHER)
    session.flush()

    assert leave_reasons.counts(session, news) == NONE_YET | {"too much": 2}
    assert leave_reasons.counts(session, events) == NONE_YET | {"other": 1}


def test_nobody_answers_twice_for_one_leaving(session: Session, news: MailingList) -> None:
    subscription = someone_left(session, news)

    assert give(session, subscription, LeaveReason.TOO_MUCH)
    assert not give(session, subscription, LeaveReason.OTHER, NOW + dt.timedelta(days=1))
    assert leave_reasons.counts(session, news) == NONE_YET | {"too much": 1}

    later = NOW + dt.timedelta(days=2)
    leaving.undo(session, subscription, left_at=NOW, secret=SECRET, by=VISITOR, now=later)
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=later + dt.timedelta(days=1))
    assert give(session, subscription, LeaveReason.OTHER, later + dt.timedelta(days=1))


def test_who_has_not_left_has_nothing_to_answer(session: Session, news: MailingList) -> None:
    assert not give(session, a_subscription(session, news), LeaveReason.OTHER)
    session.flush()

    assert leave_reasons.counts(session, news) == NONE_YET

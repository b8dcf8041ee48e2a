import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import pausing, subscribing
from subscribers.actor import Actor, ActorKind
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted, PauseInvalid
from subscribers.models import MailingList, Subscription
from tests.support.people import NOW, SECRET, VISITOR, a_list, a_subscription, asked

TODAY = NOW.date()


@pytest.fixture
def subscription(session: Session) -> Subscription:
    return a_subscription(session, a_list(session))


def test_a_pause_ends_as_its_day_begins(session: Session, subscription: Subscription) -> None:
    pausing.pause(session, subscription, until=dt.date(2026, 12, 24), by=VISITOR, now=NOW)

    assert subscription.paused_until == dt.datetime(2026, 12, 24, tzinfo=dt.UTC)
    assert pausing.paused_until(subscription, now=NOW) == dt.date(2026, 12, 24)
    assert pausing.paused_until(subscription, now=dt.datetime(2026, 12, 24, tzinfo=dt.UTC)) is None


def test_a_pause_can_be_ended_at_once_and_both_are_in_the_audit_log(
    session: Session, subscription: Subscription
) -> None:
    pausing.pause(session, subscription, until=dt.date(2026, 12, 24), by=VISITOR, now=NOW)
    for _ in range(2):
        pausing.resume(session, subscription, by=VISITOR, now=NOW)

    assert subscription.paused_until is None
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action.in_(["subscription.pause", "subscription.resume"]))
    )
    assert [(entry.action, entry.details) for entry in entries] == [
        ("subscription.pause", {"until": "2026-12-24"}),
        ("subscription.resume", {}),
    ]


@pytest.mark.parametrize("days", [-1, 0, 367, 400_000])
def test_a_day_that_is_over_or_too_far_away_is_refused(session: Session, subscription: Subscription, days: int) -> None:
    with pytest.raises(PauseInvalid, match="from tomorrow on, within a year"):
        pausing.pause(session, subscription, until=TODAY + dt.timedelta(days=days), by=VISITOR, now=NOW)

    assert subscription.paused_until is None


@pytest.mark.parametrize("days", [1, 366])
def test_tomorrow_and_a_year_are_fine(session: Session, subscription: Subscription, days: int) -> None:
    pausing.pause(session, subscription, until=TODAY + dt.timedelta(days=days), by=VISITOR, now=NOW)

    assert pausing.paused_until(subscription, now=NOW) == TODAY + dt.timedelta(days=days)


def test_who_comes_back_after_leaving_is_not_paused_any_more(session: Session, subscription: Subscription) -> None:
    pausing.pause(session, subscription, until=TODAY + dt.timedelta(days=300), by=VISITOR, now=NOW)
    subscribing.leave(session, subscription, source="x", secret=SECRET, by=VISITOR, now=NOW)
    later = NOW + dt.timedelta(hours=1)
    asked(session, session.get_one(MailingList, subscription.list_id), now=later)

    subscribing.confirm(session, subscription, secret=SECRET, by=VISITOR, now=later)

    assert subscription.paused_until is None


def test_only_who_may_change_the_readers_choices_may_pause(session: Session, subscription: Subscription) -> None:
    nobody = Actor(ActorKind.STAFF, "eve@example.org", frozenset())

    with pytest.raises(NotPermitted):
        pausing.pause(session, subscription, until=TODAY + dt.timedelta(days=1), by=nobody, now=NOW)
    with pytest.raises(NotPermitted):
        pausing.resume(session, subscription, by=nobody, now=NOW)

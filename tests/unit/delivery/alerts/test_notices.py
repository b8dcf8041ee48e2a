import datetime as dt

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.alerts import causes, notices, raising
from newsletter.delivery.alerts.causes import Cause
from newsletter.delivery.alerts.models import AlertKind, Medium
from newsletter.delivery.alerts.notices import Notice
from tests.support.alerts import alerts
from tests.support.makers import NOW

FULL = causes.journal_unusable("mail-2", "no space left")
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


def doubts(number: int) -> Cause:
    return Cause(AlertKind.DELIVERIES_UNKNOWN, "mailing:7:unknown", {"number": number}, occurrence=number)


def claimed(session: Session, medium: Medium = Medium.MAIL, *, now: dt.datetime = NOW) -> Notice:
    [notice] = notices.due(session, medium, now=now)
    assert notices.claim(session, notice, now=now)
    return notice


def test_a_notice_is_claimed_once(session: Session) -> None:
    raising.raise_alert(session, FULL, now=NOW)
    [notice] = notices.due(session, Medium.MAIL, now=NOW)

    assert notices.claim(session, notice, now=NOW)
    assert not notices.claim(session, notice, now=NOW)
    assert notices.due(session, Medium.MAIL, now=NOW + 4 * MINUTE) == ()
    assert len(notices.due(session, Medium.HOOK, now=NOW)) == 1


def test_who_dies_with_a_notice_leaves_it_to_others(session: Session) -> None:
    raising.raise_alert(session, FULL, now=NOW)
    claimed(session)

    session.expire_all()
    assert len(notices.due(session, Medium.MAIL, now=NOW + 5 * MINUTE)) == 1


@pytest.mark.parametrize("medium", list(Medium))
def test_what_was_told_is_told_no_more(session: Session, medium: Medium) -> None:
    raising.raise_alert(session, FULL, now=NOW)
    notice = claimed(session, medium)

    notices.settle(session, notice, was_told=True, claimed_at=NOW, now=NOW + MINUTE)

    session.flush()
    [alert] = alerts(session)
    assert (alert.mailed_at if medium is Medium.MAIL else alert.hooked_at) == NOW + MINUTE
    assert notices.due(session, medium, now=NOW + 9 * HOUR) == ()


def test_what_did_not_come_through_is_tried_again_each_time_later(session: Session) -> None:
    raising.raise_alert(session, FULL, now=NOW)
    now, waited = NOW, []
    for _ in range(8):
        notice = claimed(session, now=now)
        notices.settle(session, notice, was_told=False, claimed_at=now, now=now)
        session.flush()
        [alert] = alerts(session)
        assert alert.mail_due_at
        waited.append((alert.mail_due_at - now) // MINUTE)
        now = alert.mail_due_at

    assert waited == [1, 2, 4, 8, 16, 32, 60, 60]
    notice = claimed(session, now=now)
    notices.settle(session, notice, was_told=True, claimed_at=now, now=now)
    assert alert.mail_failures == 0


def test_what_happens_anew_while_it_is_told_is_mailed_after_the_hour(session: Session) -> None:
    raising.raise_alert(session, doubts(3), now=NOW)
    mail, hook = claimed(session), claimed(session, Medium.HOOK)
    raising.raise_alert(session, doubts(4), now=NOW + MINUTE)

    for notice in (mail, hook):
        notices.settle(session, notice, was_told=True, claimed_at=NOW, now=NOW + MINUTE)

    session.flush()
    [alert] = alerts(session)
    assert alert.mail_due_at == NOW + MINUTE + HOUR
    assert alert.hook_due_at == NOW + MINUTE


@pytest.mark.parametrize("was_told", [True, False])
def test_what_is_over_meanwhile_stays_so(session: Session, was_told: bool) -> None:  # noqa: FBT001
    raising.raise_alert(session, FULL, now=NOW)
    notice = claimed(session)
    raising.end_alert(session, FULL.key, now=NOW)

    notices.settle(session, notice, was_told=was_told, claimed_at=NOW, now=NOW)

    session.flush()
    [alert] = alerts(session)
    assert alert.mail_due_at is None
    assert (alert.mailed_at is None) == (not was_told)

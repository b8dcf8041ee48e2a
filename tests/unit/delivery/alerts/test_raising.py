import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery.alerts import causes, raising
from newsletter.delivery.alerts.causes import Cause
from newsletter.delivery.alerts.models import AlertKind
from tests.support.alerts import alerts
from tests.support.makers import NOW

FULL = causes.journal_unusable("mail-2", "no space left on device")
MINUTE = dt.timedelta(minutes=1)


def doubts(number: int) -> Cause:
    return Cause(AlertKind.DELIVERIES_UNKNOWN, "mailing:7:unknown", {"number": number}, occurrence=number)


def test_an_alert_is_raised_once_and_due_at_once(session: Session) -> None:
    raising.raise_alert(session, FULL, now=NOW)

    [alert] = alerts(session)
    assert (alert.key, alert.kind, alert.count) == ("journal:mail-2", "journal_unusable", 1)
    assert alert.facts == {"host": "mail-2", "reason": "no space left on device"}
    assert (alert.raised_at, alert.last_at, alert.ended_at) == (NOW, NOW, None)
    assert (alert.mail_due_at, alert.hook_due_at) == (NOW, NOW)


def test_raised_again_while_it_is_open_it_only_counts(session: Session) -> None:
    raising.raise_alert(session, FULL, now=NOW)
    [alert] = alerts(session)
    alert.mail_due_at = alert.hook_due_at = None  # told
    alert.acknowledged_at, alert.acknowledged_by = NOW, "ana@example.org"
    session.flush()

    raising.raise_alert(session, FULL, now=NOW + MINUTE)

    [alert] = alerts(session)
    assert (alert.count, alert.raised_at, alert.last_at) == (2, NOW, NOW + MINUTE)
    assert (alert.mail_due_at, alert.hook_due_at, alert.acknowledged_by) == (None, None, "ana@example.org")


def test_the_same_occurrence_changes_nothing(session: Session) -> None:
    raising.raise_alert(session, doubts(3), now=NOW)
    raising.raise_alert(session, doubts(3), now=NOW + MINUTE)

    [alert] = alerts(session)
    assert (alert.count, alert.last_at) == (1, NOW)


def test_what_happens_anew_is_told_again_though_the_last_one_was_acknowledged(session: Session) -> None:
    raising.raise_alert(session, doubts(3), now=NOW)
    [alert] = alerts(session)
    alert.mail_due_at = alert.hook_due_at = None
    alert.mailed_at = alert.acknowledged_at = NOW
    alert.acknowledged_by, alert.mail_failures = "ana@example.org", 2
    session.flush()

    raising.raise_alert(session, doubts(5), now=NOW + MINUTE)

    [alert] = alerts(session)
    assert (alert.count, alert.last_at, alert.facts["number"]) == (2, NOW + MINUTE, 5)
    assert (alert.acknowledged_at, alert.acknowledged_by, alert.mail_failures) == (None, "", 0)
    assert alert.mail_due_at == NOW + dt.timedelta(hours=1)
    assert alert.hook_due_at == NOW + MINUTE


def test_what_gets_better_is_known_and_not_told(session: Session) -> None:
    raising.raise_alert(session, doubts(5), now=NOW)
    [alert] = alerts(session)
    alert.mail_due_at, alert.acknowledged_at, alert.acknowledged_by = None, NOW, "ana@example.org"
    session.flush()

    raising.raise_alert(session, doubts(3), now=NOW + MINUTE)

    [alert] = alerts(session)
    assert (alert.facts["number"], alert.count, alert.last_at) == (3, 1, NOW)
    assert (alert.mail_due_at, alert.acknowledged_by) == (None, "ana@example.org")


def test_after_its_end_it_is_another_alert_whose_mail_waits_out_the_hour(session: Session) -> None:
    raising.raise_alert(session, FULL, now=NOW)
    [alert] = alerts(session)
    alert.mailed_at, alert.mail_due_at = NOW + MINUTE, None
    session.flush()

    raising.end_alert(session, FULL.key, now=NOW + 2 * MINUTE)
    raising.raise_alert(session, FULL, now=NOW + 3 * MINUTE)

    first, second = alerts(session)
    assert (first.ended_at, second.ended_at) == (NOW + 2 * MINUTE, None)
    assert second.mail_due_at == NOW + MINUTE + dt.timedelta(hours=1)
    assert second.hook_due_at == NOW + 3 * MINUTE


def test_what_is_over_is_told_no_more(session: Session) -> None:
    raising.raise_alert(session, FULL, now=NOW)

    raising.end_alert(session, FULL.key, now=NOW + MINUTE)
    raising.end_alert(session, FULL.key, now=NOW + 2 * MINUTE)

    [alert] = alerts(session)
    assert (alert.ended_at, alert.mail_due_at, alert.hook_due_at) == (NOW + MINUTE, None, None)

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from newsletter.delivery import endings, mailings, planning, relays
from newsletter.delivery.alerts import watching
from newsletter.delivery.models import DeliveryState, Mailing, MailingKind, MailingState, Relay
from newsletter.delivery.verdicts import Reply, Step
from tests.support.alerts import a_planned_mailing, alerts, in_doubt, over
from tests.support.ledgers import a_mailing, a_system_mail
from tests.support.makers import BY, NOW

REFUSED = Reply(Step.AUTH, 535, "5.7.8", "not for ana@example.org")
MINUTE = dt.timedelta(minutes=1)
HOST = "mail.example.org:587"


def watch(session: Session, *, after: dt.timedelta = MINUTE) -> list[tuple[str, bool]]:
    """Watch, and give each alert's key and whether it is open."""
    session.flush()
    changed = watching.has_changed(session, now=NOW + after)
    before = [(alert.key, alert.count, alert.ended_at, alert.facts) for alert in alerts(session)]
    watching.watch(session, now=NOW + after)
    after_it = [(alert.key, alert.count, alert.ended_at, alert.facts) for alert in alerts(session)]
    assert changed or before == after_it
    assert not watching.has_changed(session, now=NOW + after)
    return [(key, ended_at is None) for key, _, ended_at, _ in after_it]


def test_where_nothing_is_wrong_nothing_changes(session: Session) -> None:
    mailing = a_planned_mailing(session, "anna@example.org")
    over(session, mailing)

    assert not watching.has_changed(session, now=NOW)
    assert watch(session) == []


def test_a_mailing_that_the_system_paused_waits_for_a_person_until_it_goes_on(session: Session) -> None:
    mailing = a_planned_mailing(session, "anna@example.org")
    endings.stop(session, mailing, reason="550 5.7.1 <anna@posteo.de> refused", now=NOW)

    assert watch(session) == [(f"mailing:{mailing.id}:paused", True)]
    [alert] = alerts(session)
    assert alert.facts == {"mailing": mailing.id, "name": "Aktuell", "reason": "550 5.7.1 <…@…> refused"}
    assert alert.mailing_id == mailing.id

    mailings.resume(session, mailing, by=BY, now=NOW + MINUTE)
    assert watch(session, after=2 * MINUTE) == [(f"mailing:{mailing.id}:paused", False)]


def test_a_pause_between_two_looks_is_another_one(session: Session) -> None:
    mailing = a_planned_mailing(session, "anna@example.org")
    endings.stop(session, mailing, reason="refused", now=NOW)
    watch(session)
    alerts(session)[0].acknowledged_at = NOW

    mailings.resume(session, mailing, by=BY, now=NOW + MINUTE)
    endings.stop(session, mailing, reason="refused again", now=NOW + MINUTE)
    watch(session, after=2 * MINUTE)

    [alert] = alerts(session)
    assert (alert.count, alert.acknowledged_at, alert.facts["reason"]) == (2, None, "refused again")


def test_what_a_person_paused_waits_for_nobody(session: Session) -> None:
    mailing = a_planned_mailing(session, "anna@example.org")
    endings.stop(session, mailing, reason="refused", now=NOW)
    mailings.resume(session, mailing, by=BY, now=NOW)
    mailings.pause(session, mailing, by=BY, now=NOW)

    assert watch(session) == []


def test_mail_of_the_system_is_one_alert_however_many_wait(session: Session) -> None:
    first, second = a_system_mail(session), a_system_mail(session, "ben@example.org")
    for mailing in (first, second):
        endings.stop(session, mailing, reason="550 5.7.1 refused", now=NOW)
    assert watch(session) == [("mailings:system:paused", True)]
    alerts(session)[0].acknowledged_at = NOW

    mailings.resume(session, first, by=BY, now=NOW)
    watch(session)
    [alert] = alerts(session)
    assert (alert.mailing_id, alert.facts["mailing"]) == (second.id, second.id)
    assert (alert.count, alert.acknowledged_at) == (1, NOW)

    mailings.resume(session, second, by=BY, now=NOW)
    assert watch(session) == [("mailings:system:paused", False)]


def test_a_missed_schedule_is_one_alert_before_and_after_a_worker_has_come(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])
    late = dt.timedelta(hours=3)

    assert watch(session, after=planning.GRACE) == []
    assert watch(session, after=late) == [(f"mailing:{mailing.id}:late", True)]
    planning.plan_chunk(session, mailing.id, now=NOW + late)
    assert mailing.state == MailingState.PAUSED
    assert watch(session, after=late) == [(f"mailing:{mailing.id}:late", True)]

    [alert] = alerts(session)
    assert (alert.kind, alert.count) == ("schedule_missed", 1)
    assert alert.facts == {"mailing": mailing.id, "name": "Aktuell", "due_at": "2026-11-23T09:00:00+00:00"}

    mailings.resume(session, mailing, by=BY, now=NOW + late)
    assert watch(session, after=late) == [(f"mailing:{mailing.id}:late", False)]


def test_rows_in_doubt_are_told_when_the_mailing_is_over_and_until_somebody_resends_them(session: Session) -> None:
    mailing = a_planned_mailing(session, "a@example.org", "b@example.org", "c@example.org")
    first, second = in_doubt(session, mailing, 1), in_doubt(session, mailing, 2)
    assert watch(session) == []

    over(session, mailing)
    assert watch(session) == [(f"mailing:{mailing.id}:unknown", True)]
    assert alerts(session)[0].facts["number"] == 2

    first.state, mailing.state = DeliveryState.QUEUED.value, MailingState.SENDING.value  # resent
    watch(session)
    assert (alerts(session)[0].facts["number"], alerts(session)[0].count) == (1, 1)

    second.state = DeliveryState.QUEUED.value
    assert watch(session) == [(f"mailing:{mailing.id}:unknown", False)]


def test_rows_of_a_lost_lease_are_told_at_once(session: Session) -> None:
    mailing = a_planned_mailing(session, "a@example.org", "b@example.org")
    in_doubt(session, mailing, 1)
    assert watch(session) == []

    in_doubt(session, mailing, 2, lost_with="token")
    assert watch(session) == [(f"mailing:{mailing.id}:unknown", True)]
    assert alerts(session)[0].facts["number"] == 2


def test_a_doubt_that_an_earlier_attempt_left_does_not_count_twice(session: Session) -> None:
    mailing = a_planned_mailing(session, "a@example.org")
    in_doubt(session, mailing, 1)
    in_doubt(session, mailing, 1)
    over(session, mailing)

    watch(session)

    assert alerts(session)[0].facts["number"] == 1


@pytest.mark.parametrize("kind", [MailingKind.TEST, MailingKind.SYSTEM])
def test_doubts_about_tests_and_system_mail_wait_for_nobody(session: Session, kind: MailingKind) -> None:
    mailing = a_planned_mailing(session, "a@example.org")
    in_doubt(session, mailing, 1)
    over(session, mailing)
    session.execute(update(Mailing).values(kind=kind.value))

    assert watch(session) == []


def failing(session: Session, *, minutes: int, every: int = 4) -> list[tuple[str, bool]]:
    """A relay that fails at each try, and is watched beside it."""
    for minute in range(0, minutes, every):
        relays.failed(session, HOST, REFUSED, now=NOW + minute * MINUTE)
        watch(session, after=minute * MINUTE)
    return watch(session, after=(minutes - every) * MINUTE)


def test_a_relay_may_fail_for_ten_minutes_before_a_person_is_told(session: Session) -> None:
    assert failing(session, minutes=12) == []

    relays.failed(session, HOST, REFUSED, now=NOW + 12 * MINUTE)

    assert watch(session, after=12 * MINUTE) == [(f"relay:{HOST}", True)]
    assert alerts(session)[0].facts == {
        "relay": HOST,
        "since": "2026-11-23T09:00:00+00:00",
        "reply": "535 5.7.8 not for …@… (at login)",
    }


def test_a_relay_that_takes_mail_again_ends_it(session: Session) -> None:
    assert failing(session, minutes=20) == [(f"relay:{HOST}", True)]

    assert watch(session, after=dt.timedelta(hours=9)) == [(f"relay:{HOST}", True)]  # nothing was due since
    relays.well(session, HOST)
    assert watch(session, after=dt.timedelta(hours=9)) == [(f"relay:{HOST}", False)]


def test_one_hiccup_long_ago_that_nobody_came_back_to_is_no_alert(session: Session) -> None:
    relays.failed(session, HOST, REFUSED, now=NOW)
    assert watch(session, after=dt.timedelta()) == []
    assert watch(session, after=dt.timedelta(hours=1)) == []

    two_days = dt.timedelta(days=2)
    assert watch(session, after=two_days) == []
    relays.failed(session, HOST, REFUSED, now=NOW + two_days)
    assert watch(session, after=two_days) == []
    assert session.get_one(Relay, HOST).since == NOW + two_days


def test_a_relay_that_is_tried_by_a_clock_alone_is_found(session: Session) -> None:
    """A worker that is started each hour, and ends its rest each time."""
    for hour in range(2):
        now = dt.timedelta(hours=hour)
        relays.try_now(session, HOST)
        assert watch(session, after=now) == []
        relays.failed(session, HOST, REFUSED, now=NOW + now)
        found = watch(session, after=now)

    assert found == [(f"relay:{HOST}", True)]


@pytest.fixture
def asked(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """The statements that this session sends, with their values."""
    statements: list[tuple[str, Any]] = []

    def note(*them: Any) -> None:
        _, _, statement, values, *_ = them
        statements.append((statement, values))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)


def test_looking_asks_five_questions_and_looks_through_no_ledger(
    session: Session, asked: list[tuple[str, Any]]
) -> None:
    """Of the attempts only those without an answer are read, by an index of them alone, then single rows by key."""
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    a_planned_mailing(session, "a@example.org")
    if not is_sqlite:
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # else a table of one row is read through
    asked.clear()
    watching.has_changed(session, now=NOW)

    questions = list(asked)
    [(statement, values)] = [each for each in questions if "delivery_attempt" in each[0]]
    plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}", values).all()

    assert len(questions) == 5
    assert "ix_delivery_attempt_unanswered" in str(plan)
    assert "SCAN delivery " not in str(plan)
    assert "Seq Scan on delivery " not in str(plan)

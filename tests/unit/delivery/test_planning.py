import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import planning, statement
from newsletter.delivery.models import Delivery, Mailing, Window
from newsletter.issues.models import Issue, IssueState
from subscribers.models import Subscriber, SubscriptionState
from tests.support.ledgers import a_mailing, a_mailing_to, a_reader
from tests.support.makers import NOW, a_list


def _plan(session: Session, mailing: Mailing, *, now: dt.datetime = NOW) -> int:
    chunks = 0
    while planning.plan_chunk(session, mailing.id, now=now):
        chunks += 1
    return chunks


def _windows(session: Session) -> list[tuple[int, int, str]]:
    found = session.scalars(select(Window).order_by(Window.first_position))
    return [(window.first_position, window.last_position, window.provider) for window in found]


def test_everybody_confirmed_is_planned_with_frozen_fields(session: Session) -> None:
    mailing_list = a_list(session)
    a_reader(session, mailing_list, "anna@example.org", first_name="Änna", last_name='W"inter', salutation="Frau")
    a_reader(session, mailing_list, "ben@example.org", state=SubscriptionState.PENDING)
    a_reader(session, mailing_list, "carla@example.org", state=SubscriptionState.LEFT)
    mailing = a_mailing_to(session, mailing_list)

    _plan(session, mailing)

    [row] = session.scalars(select(Delivery))
    assert (row.position, row.address, row.state, row.attempt) == (1, "anna@example.org", "queued", 0)
    assert row.fields == {
        "salutation": "Frau",
        "title": "",
        "first_name": "Änna",
        "last_name": 'W"inter',
        "organisation": "",
    }
    assert (mailing.state, mailing.planned_at) == ("sending", NOW)
    assert session.get_one(Issue, mailing.issue_id).state == IssueState.SENDING


def test_who_pauses_is_not_planned_before_the_pause_ends(session: Session) -> None:
    mailing_list = a_list(session)
    a_reader(session, mailing_list, "anna@example.org").paused_until = NOW
    a_reader(session, mailing_list, "ben@example.org").paused_until = NOW + dt.timedelta(seconds=1)
    mailing = a_mailing_to(session, mailing_list)

    _plan(session, mailing)

    assert list(session.scalars(select(Delivery.address))) == ["anna@example.org"]


def test_windows_are_ranges_of_one_provider_group(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "WINDOW", 2)
    names = ["a@gmail.com", "b@web.de", "c@gmail.com", "d@example.org", "e@gmail.com"]
    mailing = a_mailing(session, names)

    _plan(session, mailing)

    assert _windows(session) == [(1, 2, "gmail"), (3, 3, "gmail"), (4, 4, "gmx-webde"), (5, 5, "other")]
    rows = session.scalars(select(Delivery).order_by(Delivery.position))
    assert [row.address for row in rows] == ["a@gmail.com", "c@gmail.com", "e@gmail.com", "b@web.de", "d@example.org"]


def test_windows_are_disjoint_also_when_an_address_moves_meanwhile(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "WINDOW", 2)
    mailing = a_mailing(session, ["a@gmail.com", "b@gmail.com", "c@gmail.com", "d@example.org", "e@example.org"])
    inserted = planning._insert

    def then_move(session: Session, *given: Any) -> None:
        inserted(session, *given)
        session.scalars(select(Subscriber).where(Subscriber.address == "a@gmail.com")).one().provider = "yahoo"
        session.flush()

    monkeypatch.setattr(planning, "_insert", then_move)

    _plan(session, mailing)

    assert [window[:2] for window in _windows(session)] == [(1, 2), (3, 4), (5, 5)]
    assert mailing.next_position == 6


def test_planning_goes_on_where_it_stopped(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "CHUNK", 2)
    mailing = a_mailing(session, [f"r{number}@example.org" for number in range(5)])

    assert planning.plan_chunk(session, mailing.id, now=NOW)
    halfway = statement.statement(session, mailing.id)
    assert (halfway.state, halfway.recipients, halfway.queued) == ("planning", 2, 2)
    later = NOW + dt.timedelta(days=3)  # the grace is for beginning, not for going on
    assert _plan(session, mailing, now=later) == 2

    assert statement.statement(session, mailing.id).queued == 5
    assert _windows(session) == [(1, 2, "other"), (3, 4, "other"), (5, 5, "other")]


def test_nobody_is_planned_twice_whose_address_moved_to_another_person(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 1)
    mailing = a_mailing(session, ["anna@example.org", "ben@example.org", "carla@example.org"])
    planning.plan_chunk(session, mailing.id, now=NOW)
    anna, ben = session.scalars(select(Subscriber).order_by(Subscriber.id).limit(2))
    anna.address_key = "new@example.org"
    session.flush()
    ben.address_key = "anna@example.org"
    session.flush()

    _plan(session, mailing)

    rows = session.scalars(select(Delivery).order_by(Delivery.position))
    assert [(row.position, row.address_key) for row in rows] == [(1, "anna@example.org"), (2, "carla@example.org")]
    assert statement.statement(session, mailing.id).recipients == 2


def test_an_empty_audience_is_sent_at_once(session: Session) -> None:
    mailing = a_mailing(session, [])

    _plan(session, mailing)

    assert (mailing.state, mailing.finished_at) == ("sent", NOW)
    assert session.get_one(Issue, mailing.issue_id).state == IssueState.SENT


def test_only_what_is_due_is_planned(session: Session) -> None:
    mailing = a_mailing(session, [], due_at=NOW + dt.timedelta(minutes=1))

    assert planning.due(session, now=NOW) == ()
    assert planning.due(session, now=NOW + dt.timedelta(minutes=1)) == (mailing.id,)


def test_a_time_missed_by_more_than_two_hours_waits_for_a_person(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"], due_at=NOW - dt.timedelta(hours=2, seconds=1))

    _plan(session, mailing)

    assert mailing.state == "paused"
    assert mailing.reason.startswith("It was due at 2026-11-23 06:59 UTC, and no worker ran.")
    assert statement.statement(session, mailing.id).recipients == 0


def test_two_hours_late_is_not_too_late(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"], due_at=NOW - dt.timedelta(hours=2))

    _plan(session, mailing)

    assert mailing.state == "sending"


def test_an_issue_that_was_taken_back_is_not_sent(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])
    session.get_one(Issue, mailing.issue_id).move(IssueState.APPROVED)

    _plan(session, mailing)

    assert mailing.state == "paused"
    assert "it cannot become sending" in mailing.reason

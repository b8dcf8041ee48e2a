import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.alerts import acknowledging, causes, listing, raising
from newsletter.delivery.alerts.models import Alert
from newsletter.delivery.permissions import SEND_ISSUES
from subscribers.actor import Actor, ActorKind
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from tests.support.alerts import a_planned_mailing, alerts
from tests.support.makers import NOW

ANA = Actor(ActorKind.STAFF, "ana@example.org", frozenset({SEND_ISSUES}))
BEN = Actor(ActorKind.STAFF, "ben@example.org", frozenset({SEND_ISSUES}))
LATER = NOW + dt.timedelta(minutes=1)


@pytest.fixture
def alert(session: Session) -> Alert:
    raising.raise_alert(session, causes.journal_unusable("mail-2", "no space left"), now=NOW)
    return alerts(session)[0]


def test_an_alert_is_acknowledged_by_name_and_nobody_is_told_again(session: Session, alert: Alert) -> None:
    assert acknowledging.acknowledge(session, alert, by=ANA, now=LATER)

    session.flush()
    [found] = alerts(session)
    entry = session.scalars(select(AuditEntry)).one()
    assert (found.acknowledged_by, found.acknowledged_at, found.ended_at) == ("ana@example.org", LATER, None)
    assert (found.mail_due_at, found.hook_due_at) == (None, None)
    assert (entry.action, entry.subject, entry.actor_name) == ("alert.acknowledge", f"alert:{alert.id}", ANA.name)
    assert listing.waiting(session) == ()
    assert listing.standing(session) == (found,)


def test_the_first_name_stays(session: Session, alert: Alert) -> None:
    acknowledging.acknowledge(session, alert, by=ANA, now=NOW)

    assert acknowledging.acknowledge(session, alert, by=ANA, now=LATER)
    assert not acknowledging.acknowledge(session, alert, by=BEN, now=LATER)

    assert (alert.acknowledged_by, alert.acknowledged_at) == ("ana@example.org", NOW)


def test_who_may_not_resume_a_mailing_may_not_acknowledge(session: Session, alert: Alert) -> None:
    with pytest.raises(NotPermitted):
        acknowledging.acknowledge(session, alert, by=Actor.reader(7), now=NOW)


def test_the_alerts_of_a_mailing_are_found_by_it(session: Session, alert: Alert) -> None:
    mailing = a_planned_mailing(session, "a@example.org")
    raising.raise_alert(session, causes.deliveries_unknown(mailing.id, "Aktuell", number=2), now=LATER)

    assert [found.key for found in listing.open_of(session, mailing_id=mailing.id)] == [f"mailing:{mailing.id}:unknown"]
    assert [found.id for found in listing.every(session)] == [alert.id + 1, alert.id]


def test_an_alert_that_is_not_there_is_named(session: Session) -> None:
    with pytest.raises(listing.AlertNotFound, match="There is no alert 7"):
        listing.alert(session, 7)

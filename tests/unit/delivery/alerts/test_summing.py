import datetime as dt

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from newsletter.delivery.alerts import comparing, summing
from newsletter.delivery.models import Delivery
from tests.support.alerts import a_planned_mailing, alerts, over
from tests.support.makers import NOW


def look(session: Session, *, after: dt.timedelta = dt.timedelta()) -> bool:
    difference = summing.look(session, now=NOW + after)
    comparing.settle(session, difference, now=NOW + after)
    return bool(difference)


def test_a_ledger_that_adds_up_is_no_news(session: Session) -> None:
    over(session, a_planned_mailing(session, "a@example.org", "b@example.org"))

    assert not look(session)


@pytest.mark.parametrize("is_over", [True, False])
def test_a_row_that_is_gone_is_told_once_until_it_is_back(session: Session, is_over: bool) -> None:  # noqa: FBT001
    mailing = a_planned_mailing(session, "a@example.org", "b@example.org")
    if is_over:
        over(session, mailing)
    session.execute(delete(Delivery).where(Delivery.position == 2))

    assert look(session)
    assert not look(session, after=dt.timedelta(days=9))
    [alert] = alerts(session)
    assert (alert.key, alert.facts["planned"], alert.facts["found"]) == (f"mailing:{mailing.id}:ledger", 2, 1)

    mailing.next_position = 2
    session.flush()
    assert look(session, after=dt.timedelta(days=9))
    assert alerts(session)[0].ended_at == NOW + dt.timedelta(days=9)


def test_sums_of_long_ago_are_not_taken(session: Session) -> None:
    over(session, a_planned_mailing(session, "a@example.org"))
    session.execute(delete(Delivery))

    assert not look(session, after=dt.timedelta(days=2))

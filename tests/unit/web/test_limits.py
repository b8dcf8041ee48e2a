import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.web import limits
from newsletter.web.limits import Limit
from newsletter.web.models import Rate
from tests.support.makers import NOW, SECRET

THREE_THEN_ONE_A_MINUTE = Limit("test", burst=3, interval=dt.timedelta(minutes=1))


def taken(session: Session, *, after: dt.timedelta = dt.timedelta(0), who: str = "anna") -> bool:
    return limits.take(session, THREE_THEN_ONE_A_MINUTE, who=who, secret=SECRET, now=NOW + after)


def test_a_burst_is_let_through_and_then_one_each_interval(session: Session) -> None:
    at_once = [taken(session) for _ in range(5)]
    later = [taken(session, after=dt.timedelta(seconds=seconds)) for seconds in (59, 60, 61, 120, 121)]

    assert at_once == [True, True, True, False, False]
    assert later == [False, True, False, True, False]


def test_after_a_long_pause_the_whole_burst_is_there_again(session: Session) -> None:
    for _ in range(3):
        taken(session)

    assert [taken(session, after=dt.timedelta(hours=1)) for _ in range(4)] == [True, True, True, False]


def test_one_person_does_not_use_up_anothers_burst(session: Session) -> None:
    for _ in range(4):
        taken(session)

    assert taken(session, who="bernd")


def test_rows_that_mean_nothing_any_more_are_deleted(session: Session) -> None:
    for number in range(5):
        taken(session, who=str(number))

    taken(session, after=dt.timedelta(minutes=2))

    assert session.scalar(select(func.count()).select_from(Rate)) == 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pauses=st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_in_no_stretch_of_time_more_is_let_through_than_promised(database: Database, pauses: list[int]) -> None:
    moments: list[int] = []
    at = 0
    with database.writing() as session:
        for pause in pauses:
            at += pause
            if taken(session, after=dt.timedelta(seconds=at)):
                moments.append(at)
        session.rollback()

    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            assert last - first + 1 <= 3 + (moments[last] - begin) / 60


@pytest.mark.parametrize(
    "limit",
    [limits.PER_VISITOR, limits.PER_ADDRESS, limits.per_list(at_once=1, a_minute=60)],
    ids=lambda limit: limit.name,
)
def test_every_limit_lets_somebody_through(session: Session, limit: Limit) -> None:
    assert limits.take(session, limit, who="anna", secret=SECRET, now=NOW)

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import pacing
from newsletter.delivery.pace import GLOBAL, Key, Pace, provider_key, relay_key
from newsletter.delivery.pacing import Grant, Rate, RateNotSet, RateOutOfRange, given_clock
from subscribers.actor import Actor, ActorKind
from subscribers.address import Provider
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from tests.support.makers import BY, NOW

RELAY = relay_key("mail.example.org:25")
GMAIL = provider_key(Provider.GMAIL)
YAHOO = provider_key(Provider.YAHOO)
ALL = (GLOBAL, RELAY, GMAIL)
# SQLite belongs to one machine, which has one clock, and lets one write at a time.
on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def limit(session: Session, key: Key = GLOBAL, per_second: float = 100, *, at: float = 0) -> None:
    pacing.set_rate(session, key, per_second, by=BY, now=after(at), clock=given_clock)


def ask(session: Session, *keys: Key, wanted: int = 1000, at: float = 0) -> Grant:
    return pacing.grant(session, keys or ALL, wanted=wanted, now=after(at), clock=given_clock)


def slow_down(session: Session, key: Key, *, observed: float = 0, at: float = 0) -> None:
    pacing.slow_down(session, [key], observed_per_second=observed, now=after(at), clock=given_clock)


def test_without_a_rate_everything_is_granted_at_once(session: Session) -> None:
    assert ask(session, wanted=200) == Grant(200, 0.0, 0.0)


def test_without_a_rate_a_slice_costs_one_read(session: Session) -> None:
    statements: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *them: statements.append(them[2]))

    ask(session)

    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


def test_a_fifth_of_a_second_is_granted_and_the_next_stands_behind_it(session: Session) -> None:
    limit(session, per_second=100)

    first, second, third = (ask(session) for _ in range(3))

    assert (first.rows, first.waits_s, first.gap_s) == (20, 0.0, 0.01)
    assert (second.rows, third.rows) == (20, 20)
    assert (second.waits_s, third.waits_s) == (0.15, 0.35)


def test_who_would_stand_too_far_back_is_told_when_to_ask_again(session: Session) -> None:
    limit(session, per_second=100)
    for _ in range(3):
        ask(session)

    assert ask(session) == Grant(0, 0.55, 0.0)
    assert ask(session, at=0.1).rows == 20


def test_no_more_is_booked_than_is_wanted(session: Session) -> None:
    limit(session, per_second=100)

    assert ask(session, wanted=1, at=1) == Grant(1, 0.0, 0.01)
    assert ask(session, wanted=1, at=1.05).waits_s == 0
    assert ask(session, wanted=3, at=1.05) == Grant(3, 0.0, 0.01)


def test_a_slow_rate_grants_one_at_a_time_and_sends_nobody_away_for_long(session: Session) -> None:
    limit(session, per_second=1 / 60)

    assert ask(session) == Grant(1, 0.0, 60.0)
    assert ask(session, at=1) == Grant(0, 2.0, 0.0)
    assert ask(session, at=59.0).rows == 0
    assert ask(session, at=59.5) == Grant(1, 0.45, 60.0)


def test_a_rate_that_stood_idle_catches_up_a_twentieth_of_a_second_and_no_more(session: Session) -> None:
    limit(session, per_second=100)
    ask(session)

    assert ask(session, at=0.17).waits_s == 0
    assert ask(session, at=3600).waits_s == 0
    assert ask(session, at=3600).waits_s == 0.15


def test_the_slowest_key_decides_how_many_and_the_latest_when(session: Session) -> None:
    limit(session, GLOBAL, 1000)
    limit(session, RELAY, 100)
    limit(session, GMAIL, 10)

    assert ask(session, GLOBAL, RELAY) == Grant(20, 0.0, 0.01)
    assert ask(session, GLOBAL, RELAY, GMAIL) == Grant(2, 0.15, 0.1)
    assert ask(session, GLOBAL) == Grant(200, 0.0, 0.001)


def test_a_key_that_is_booked_far_ahead_holds_up_nobody_who_has_it_not(session: Session) -> None:
    limit(session, GLOBAL, 1000)
    limit(session, GMAIL, 1)
    ask(session, GLOBAL, GMAIL)

    assert ask(session, GLOBAL, GMAIL).rows == 0
    assert ask(session, GLOBAL, YAHOO) == Grant(200, 0.0, 0.001)


def test_who_is_sent_away_has_booked_nothing(session: Session) -> None:
    limit(session, GLOBAL, 1000)
    limit(session, GMAIL, 1)
    ask(session, GLOBAL, GMAIL)
    before = session.get_one(Pace, GLOBAL, populate_existing=True).even_at

    for _ in range(50):
        ask(session, GLOBAL, GMAIL)

    assert session.get_one(Pace, GLOBAL, populate_existing=True).even_at == before


def test_a_clock_that_was_set_back_stops_nobody(session: Session) -> None:
    limit(session, per_second=100)
    ask(session, at=3600)

    assert ask(session) == Grant(20, 0.0, 0.01)
    assert ask(session).waits_s == 0.15


def test_a_new_rate_counts_at_once(session: Session) -> None:
    limit(session, per_second=1 / 3600)
    ask(session)
    assert ask(session, at=1).rows == 0

    limit(session, per_second=100, at=1)

    assert ask(session, at=1) == Grant(20, 0.5, 0.01)


def test_a_rate_taken_away_counts_at_once(session: Session) -> None:
    limit(session, per_second=1 / 3600)
    ask(session)

    pacing.set_rate(session, GLOBAL, None, by=BY, now=NOW)

    assert ask(session, wanted=77) == Grant(77, 0.0, 0.0)


def test_a_slowed_key_grants_by_its_present_rate(session: Session) -> None:
    limit(session, GLOBAL, 1000)
    slow_down(session, GMAIL, observed=40)

    assert ask(session, GLOBAL, GMAIL) == Grant(4, 0.0, 0.05)
    assert ask(session, GLOBAL, GMAIL, at=600) == Grant(200, 0.0, 0.001)


def test_a_key_without_a_limit_is_free_again_when_a_slow_down_is_over(session: Session) -> None:
    slow_down(session, GMAIL, observed=40)

    assert ask(session, at=599).rows == 4
    assert ask(session, at=600) == Grant(1000, 0.0, 0.0)


def test_many_keys_are_slowed_down_together(session: Session) -> None:
    limit(session, RELAY, 100)

    pacing.slow_down(session, [GMAIL, RELAY, GMAIL], observed_per_second=30, now=NOW, clock=given_clock)

    assert [(rate.key, rate.present) for rate in pacing.rates(session, now=NOW)] == [(GMAIL, 15), (RELAY, 50)]


def test_the_listing_tells_what_is_set_what_is_slowed_and_until_when(session: Session) -> None:
    limit(session, RELAY, 100)
    limit(session, GLOBAL, 50)
    slow_down(session, RELAY)
    slow_down(session, GMAIL, observed=40)

    assert pacing.rates(session, now=NOW) == [
        Rate(GLOBAL, 50, 50, None),
        Rate(GMAIL, None, 20, after(600)),
        Rate(RELAY, 100, 50, after(600)),
    ]
    assert [rate.key for rate in pacing.rates(session, now=after(600))] == [GLOBAL, RELAY]
    assert pacing.rates(session, now=NOW)[1].as_json() == {
        "key": "provider:gmail",
        "per_second": None,
        "present": 20,
        "slowed_until": "2026-11-23T09:10:00+00:00",
    }


def test_setting_a_rate_is_in_the_audit_log(session: Session) -> None:
    limit(session, GMAIL, 20)
    pacing.set_rate(session, GMAIL, None, by=BY, now=NOW)

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()

    assert [(entry.action, entry.subject, entry.details["per_second"]) for entry in entries] == [
        ("rate.set", "rate:provider:gmail", 20),
        ("rate.set", "rate:provider:gmail", None),
    ]


def test_the_longest_name_of_a_relay_has_a_rate_and_an_audit_row(session: Session) -> None:
    key = relay_key("x" * 200)

    limit(session, key, 20)
    session.flush()

    assert ask(session, key).rows == 4
    [entry] = session.scalars(select(AuditEntry))
    assert (len(entry.subject), entry.details["key"]) == (120, key)


@pytest.mark.parametrize("per_second", [0.0, -1.0, 1 / 3601, 100_001.0, float("inf"), float("nan")])
def test_a_rate_that_nobody_can_mean_is_refused(session: Session, per_second: float) -> None:
    with pytest.raises(RateOutOfRange, match="pause the mailing"):
        limit(session, GLOBAL, per_second)

    assert ask(session, wanted=9).rows == 9


def test_what_is_not_limited_cannot_be_freed(session: Session) -> None:
    with pytest.raises(RateNotSet, match="provider:gmail"):
        pacing.set_rate(session, GMAIL, None, by=BY, now=NOW)


def test_only_who_may_set_rates_does(session: Session) -> None:
    editor = Actor(ActorKind.STAFF, "eva@example.org", frozenset())

    with pytest.raises(NotPermitted):
        pacing.set_rate(session, GLOBAL, 20, by=editor, now=NOW)


@on_postgresql
def test_two_machines_with_wrong_clocks_share_a_rate_by_the_clock_of_the_server(database: Database) -> None:
    yesterday, tomorrow = after(-86_400), after(86_400)
    with database.writing() as session:
        pacing.set_rate(session, GLOBAL, 5, by=BY, now=yesterday)
        first = pacing.grant(session, [GLOBAL], wanted=9, now=tomorrow)
        second = pacing.grant(session, [GLOBAL], wanted=9, now=yesterday)
        third = pacing.grant(session, [GLOBAL], wanted=9, now=tomorrow)

    assert (first.rows, second.rows, third.rows) == (1, 1, 1)
    assert first.waits_s <= 0.5  # a new rate begins half a second ahead at the latest
    assert 0.1 < second.waits_s - first.waits_s <= 0.2
    assert 0.1 < third.waits_s - second.waits_s <= 0.2


@on_postgresql
def test_time_goes_on_within_a_transaction(session: Session) -> None:
    pacing.set_rate(session, GLOBAL, 5, by=BY, now=NOW)
    pacing.grant(session, [GLOBAL], wanted=1, now=NOW)
    session.execute(text("SELECT pg_sleep(0.25)"))

    assert pacing.grant(session, [GLOBAL], wanted=1, now=NOW).waits_s == 0


@on_postgresql
def test_who_was_overtaken_while_waiting_for_a_key_gives_the_others_back(database: Database) -> None:
    """B has read that all is even and booked `global`; then it waits for A, which fills up `provider:gmail`."""
    with database.writing() as session:
        limit(session, GLOBAL, 20)
        limit(session, GMAIL, 10)
    waits = threading.Event()

    def second() -> Grant:
        with database.writing() as session:
            event.listen(
                session.connection(),
                "before_cursor_execute",
                lambda *them: waits.set() if them[2].startswith("UPDATE") and GMAIL in str(them[3]) else None,
            )
            return ask(session, GLOBAL, GMAIL, at=10)

    with ThreadPoolExecutor() as pool, database.writing() as session:
        for _ in range(4):
            ask(session, GMAIL, at=10)
        overtaken = pool.submit(second)
        assert waits.wait(10)
        session.commit()
        refused = overtaken.result(10)

    assert refused == Grant(0, 0.5, 0.0)
    with database.reading() as session:
        assert session.get_one(Pace, GLOBAL).even_at <= after(10).timestamp() * 1e6


def test_many_who_ask_in_any_order_of_keys_never_wait_for_each_other(database: Database) -> None:
    with database.writing() as session:
        for key in (GLOBAL, GMAIL, RELAY):
            limit(session, key, 1000)

    def asks(number: int) -> int:
        keys = [GLOBAL, GMAIL, RELAY]
        keys = keys[number % 3 :] + keys[: number % 3]
        granted = 0
        for second in range(1, 11):
            with database.writing() as session:
                if number % 4 == 0:
                    pacing.slow_down(session, keys, observed_per_second=0, now=after(second))
                else:
                    granted += ask(session, *keys, wanted=2, at=second).rows
        return granted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(asks, range(8))) > 0


STEP_S = 0.01
ASKS = st.lists(
    st.tuples(
        st.integers(0, 30),  # hundredths of a second since the last ask
        st.sampled_from([(GLOBAL,), (GLOBAL, GMAIL), (GLOBAL, YAHOO), (GMAIL,)]),
        st.integers(1, 50),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asks=ASKS, rates=st.tuples(*[st.sampled_from([0.5, 3.0, 20.0, 100.0])] * 3))
def test_in_no_stretch_of_time_more_begin_than_promised(
    database: Database, asks: list[tuple[int, tuple[Key, ...], int]], rates: tuple[float, float, float]
) -> None:
    per_second = dict(zip((GLOBAL, GMAIL, YAHOO), rates, strict=True))
    begun: dict[Key, list[float]] = {key: [] for key in per_second}
    at = 1.0
    with database.writing() as session:
        for key, rate in per_second.items():
            limit(session, key, rate)
        for pause, keys, wanted in asks:
            at += pause * STEP_S
            granted = ask(session, *keys, wanted=wanted, at=at)
            assert granted.waits_s <= 2
            for key in keys:
                begun[key] += [at + granted.waits_s + number * granted.gap_s for number in range(granted.rows)]
        session.rollback()

    for key, rate in per_second.items():
        assert _most_beyond(sorted(begun[key]), rate) <= 1 + rate * (0.05 + 0.5 + 0.2) + 1e-6


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asks=ASKS, rate=st.sampled_from([0.5, 3.0, 20.0, 100.0, 333.0]))
def test_one_key_alone_is_held_to_a_twentieth_of_a_second(
    database: Database, asks: list[tuple[int, tuple[Key, ...], int]], rate: float
) -> None:
    begun: list[float] = []
    at = 1.0
    with database.writing() as session:
        limit(session, GLOBAL, rate)
        for pause, _, wanted in asks:
            at += pause * STEP_S
            granted = ask(session, GLOBAL, wanted=wanted, at=at)
            begun += [at + granted.waits_s + number * granted.gap_s for number in range(granted.rows)]
        session.rollback()

    assert _most_beyond(sorted(begun), rate) <= 1 + rate * 0.05 + 1e-3


def _most_beyond(moments: list[float], rate: float) -> float:
    """How many more than rate × time began in the worst stretch of time."""
    return max(
        (
            last - first + 1 - rate * (moments[last] - moments[first])
            for first in range(len(moments))
            for last in range(first, len(moments))
        ),
        default=0,
    )

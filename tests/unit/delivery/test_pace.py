import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.pace import FLOOR_PER_SECOND, KeyUnknown, Pace, parse_key, provider_key, relay_key
from subscribers.address import Provider
from tests.support.makers import NOW


def minutes(number: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=number)


def a_pace(per_second: float | None = None) -> Pace:
    return Pace(key="global", per_second=per_second, even_at=0, holds=0)


def test_without_a_rate_and_without_a_complaint_there_is_no_limit() -> None:
    assert a_pace().present(NOW) is None


def test_a_complaint_halves_the_rate_for_ten_minutes() -> None:
    pace = a_pace(100)

    pace.slow_down(observed=30, now=NOW)

    assert [pace.present(minutes(number)) for number in (0, 9.99, 10)] == [50, 50, 100]
    assert pace.slowed_until(NOW) == minutes(10)
    assert pace.slowed_until(minutes(10)) is None


def test_without_a_rate_half_of_what_was_observed_is_left_and_then_no_limit_again() -> None:
    pace = a_pace()

    pace.slow_down(observed=30, now=NOW)

    assert [pace.present(minutes(number)) for number in (0, 9.99, 10)] == [15, 15, None]


def test_after_several_halvings_the_rate_comes_back_step_by_step() -> None:
    pace = a_pace(80)
    for number in (0, 1, 2):
        pace.slow_down(observed=0, now=minutes(number))

    assert [pace.present(minutes(number)) for number in (2, 11.9, 12, 21.9, 22, 31.9, 32, 500)] == [
        10, 10, 20, 20, 40, 40, 80, 80,
    ]  # fmt: skip
    assert pace.slowed_until(minutes(2)) == minutes(32)


def test_complaints_of_one_moment_count_once() -> None:
    pace = a_pace(80)
    for seconds in (0, 0.1, 1, 1.9, -0.5):
        pace.slow_down(observed=0, now=NOW + dt.timedelta(seconds=seconds))

    assert pace.present(NOW) == 40

    pace.slow_down(observed=0, now=NOW + dt.timedelta(seconds=2))
    assert pace.present(NOW) == 20


def test_a_slow_rate_is_tried_with_a_few_messages_before_it_is_halved_again() -> None:
    pace = a_pace(1)
    pace.slow_down(observed=0, now=NOW)

    pace.slow_down(observed=0, now=NOW + dt.timedelta(seconds=7.9))
    assert pace.present(NOW) == 0.5

    pace.slow_down(observed=0, now=NOW + dt.timedelta(seconds=8))
    assert pace.present(NOW) == 0.25


def test_complaints_within_a_hold_begin_it_anew_and_make_it_no_longer() -> None:
    pace = a_pace(80)
    for number in range(3):
        pace.slow_down(observed=0, now=minutes(number))

    assert pace.held_until == minutes(12)


def test_each_complaint_on_the_way_back_doubles_the_hold_up_to_four_hours() -> None:
    pace = a_pace(80)
    holds = []
    now = NOW
    pace.slow_down(observed=0, now=now)
    pace.slow_down(observed=0, now=now + dt.timedelta(seconds=10))
    for _ in range(7):
        assert pace.held_until
        now = pace.held_until + dt.timedelta(minutes=1)  # at twice the slowed rate
        pace.slow_down(observed=0, now=now)
        holds.append((pace.held_until - now) // dt.timedelta(minutes=1))

    assert holds == [20, 40, 80, 160, 240, 240, 240]
    assert pace.present(now) == 20


def test_a_rate_that_was_whole_again_begins_with_ten_minutes() -> None:
    pace = a_pace(80)
    pace.slow_down(observed=0, now=NOW)
    pace.slow_down(observed=0, now=minutes(60))

    assert pace.held_until == minutes(70)


def test_no_complaint_slows_below_one_message_a_minute() -> None:
    pace = a_pace(80)
    for number in range(20):
        pace.slow_down(observed=0, now=minutes(5 * number))

    assert pace.present(minutes(95)) == FLOOR_PER_SECOND == 1 / 60


def test_where_nothing_was_observed_one_message_a_minute_is_left() -> None:
    pace = a_pace()

    pace.slow_down(observed=0, now=NOW)

    assert pace.present(NOW) == 1 / 60


def test_a_complaint_never_makes_a_rate_faster_that_is_slower_than_the_floor() -> None:
    pace = a_pace(1 / 600)

    pace.slow_down(observed=50, now=NOW)

    assert pace.present(NOW) == 1 / 600


def test_a_rate_set_below_the_slowed_one_holds_at_once() -> None:
    pace = a_pace(100)
    pace.slow_down(observed=0, now=NOW)

    pace.per_second = 20

    assert pace.present(NOW) == 20
    assert pace.slowed_until(NOW) is None


def test_a_rate_set_above_the_slowed_one_waits_until_it_is_over() -> None:
    pace = a_pace()
    pace.slow_down(observed=10, now=NOW)

    pace.per_second = 40

    assert [pace.present(minutes(number)) for number in (0, 10, 20, 30)] == [5, 10, 20, 40]


@given(
    per_second=st.none() | st.floats(1 / 3600, 1e5),
    complaints=st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 20_000)), min_size=1, max_size=40),
)
def test_whatever_is_complained_the_rate_comes_back(
    per_second: float | None, complaints: list[tuple[float, int]]
) -> None:
    pace = a_pace(per_second)
    now = NOW
    for observed, seconds in complaints:
        before = pace.present(now)
        pace.slow_down(observed=observed, now=now)
        after = pace.present(now)
        assert after is not None or per_second is None
        assert before is None or (after is not None and after <= before)
        assert after is None or after >= min(FLOOR_PER_SECOND, per_second or 1)
        now += dt.timedelta(seconds=seconds)

    back = pace.slowed_until(now)
    assert pace.present(back or now) == per_second
    assert back is None or back <= now + dt.timedelta(hours=4 + 24 / 6)


@pytest.mark.parametrize("text", ["global", "relay:mail.example.org:25", "provider:gmx-webde"])
def test_a_key_is_read_as_it_is_written(text: str) -> None:
    assert parse_key(f" {text} ") == text


def test_keys_of_relays_and_providers_are_those_that_are_read() -> None:
    assert relay_key("[::1]:25") == parse_key("relay:[::1]:25")
    assert provider_key(Provider.T_ONLINE) == parse_key("provider:t-online")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("provider:hotmail", "the groups of mailboxes are gmail, microsoft, yahoo, gmx-webde, t-online, other"),
        ("provider:", "the groups"),
        ("relay:", "write global, relay:NAME or provider:GROUP"),
        ("relay:" + "x" * 201, "write global"),
        ("relay:a\nb", "write global"),
        ("gmail", "write global"),
        ("", "write global"),
    ],
)
def test_what_is_no_key_is_refused_with_what_there_is(text: str, reason: str) -> None:
    with pytest.raises(KeyUnknown, match=reason):
        parse_key(text)

import datetime as dt

import pytest

from newsletter.delivery.retry import relay_delay, retry_delay


@pytest.mark.parametrize(
    ("attempt", "minutes"),
    [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 240), (8, 240), (16, 240)],
)
def test_each_wait_is_twice_the_last_up_to_four_hours(attempt: int, minutes: int) -> None:
    assert retry_delay(attempt) == dt.timedelta(minutes=minutes)


def test_all_waits_add_up_to_48_hours_then_comes_the_end() -> None:
    delays: list[dt.timedelta] = []
    while (delay := retry_delay(len(delays) + 1)) is not None:
        delays.append(delay)

    assert sum(delays, dt.timedelta()) == dt.timedelta(hours=48)
    assert len(delays) == 17
    assert retry_delay(99) is None


@pytest.mark.parametrize(("failures", "seconds"), [(1, 15), (2, 30), (3, 60), (6, 480), (7, 900), (1000, 900)])
def test_a_relay_rests_longer_each_time_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert relay_delay(failures) == dt.timedelta(seconds=seconds)

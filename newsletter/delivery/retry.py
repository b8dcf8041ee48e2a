"""When is a deferred recipient tried again, and when given up? And how long does a failing relay rest?

    >>> [int(retry_delay(attempt).total_seconds() // 60) for attempt in range(1, 9)]
    [5, 10, 20, 40, 80, 160, 240, 240]

The waiting times of one recipient add up to 48 hours. Counting what was waited between attempts,
and not the clock, leaves out by itself the time a mailing was paused or no worker ran.
"""

import datetime as dt

FIRST = dt.timedelta(minutes=5)
LONGEST = dt.timedelta(hours=4)
GIVEN_UP_AFTER = dt.timedelta(hours=48)

RELAY_FIRST = dt.timedelta(seconds=15)
RELAY_LONGEST = dt.timedelta(minutes=15)


def _series() -> tuple[dt.timedelta, ...]:
    delays: list[dt.timedelta] = []
    while (waited := sum(delays, dt.timedelta())) < GIVEN_UP_AFTER:
        delays.append(min(FIRST * (1 << len(delays)), LONGEST, GIVEN_UP_AFTER - waited))
    return tuple(delays)


DELAYS = _series()


def retry_delay(attempt: int) -> dt.timedelta | None:
    """How long to wait after the attempt-th refusal (from 1); None: give up, 48 hours have been waited."""
    return DELAYS[attempt - 1] if attempt <= len(DELAYS) else None


def relay_delay(failures: int) -> dt.timedelta:
    """How long a relay rests after so many failures in a row (from 1): 15 s, doubling to 15 min."""
    return min(RELAY_FIRST * (1 << min(failures - 1, 10)), RELAY_LONGEST)

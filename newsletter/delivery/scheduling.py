"""When an issue goes out: what a clock on the wall shows becomes a moment, or it is said why it cannot.

    moment_of(dt.datetime(2026, 11, 24, 10), zone=ZoneInfo("Europe/Berlin"))  # 09:00 UTC

Pure. Where the clocks are put forward some times do not exist, where they are put back some come twice.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from statistics import median
from zoneinfo import ZoneInfo

from newsletter.errors import NewsletterError

GRACE = dt.timedelta(minutes=5)  # so long “now” can be taken back
UNUSUAL_FROM = 2  # times as many as the last issues had: then the number is typed before it goes out
USUAL_TIME = dt.time(10)
_MINUTE = dt.timedelta(minutes=1)


class NoSuchTime(NewsletterError):
    """The clocks skip this time; `before` is the last one they show before that, `after` the first one then."""

    def __init__(self, wall: dt.datetime, before: dt.datetime, after: dt.datetime) -> None:
        super().__init__(f"{wall:%Y-%m-%d %H:%M} does not exist: after {before:%H:%M} the clocks show {after:%H:%M}.")
        self.wall = wall
        self.before = before
        self.after = after


class TimeTwice(NewsletterError):
    """The clocks show this time twice, at these two moments."""

    def __init__(self, wall: dt.datetime, first: dt.datetime, second: dt.datetime) -> None:
        super().__init__(f"{wall:%Y-%m-%d %H:%M} comes twice: say which one is meant.")
        self.wall = wall
        self.first = first
        self.second = second


def moment_of(wall: dt.datetime, *, zone: ZoneInfo, fold: int | None = None) -> dt.datetime:
    """The moment in UTC at which clocks of a zone show a time, to the minute; `fold` 0 or 1 chooses of two.

    Raises:
        NoSuchTime: they never show it.
        TimeTwice: they show it twice, and none was chosen.
    """
    wall = wall.replace(second=0, microsecond=0, tzinfo=None)
    first, second = (wall.replace(tzinfo=zone, fold=each).astimezone(dt.UTC) for each in (0, 1))
    if first > second:
        change = _change(zone, second, first)
        raise NoSuchTime(wall, _shown(change - _MINUTE, zone), _shown(change, zone))
    if first < second and fold is None:
        raise TimeTwice(wall, first, second)
    return second if fold else first


def proposed(last: dt.datetime | None, *, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """A moment to suggest: the next on the weekday and at the time of the last issue, else tomorrow at ten."""
    today = now.astimezone(zone).date()
    if last is None:
        return _at(today + dt.timedelta(days=1), USUAL_TIME, zone)
    usual = last.astimezone(zone)
    day = today + dt.timedelta(days=(usual.weekday() - today.weekday()) % 7)
    found = _at(day, usual.time(), zone)
    return found if found > now else _at(day + dt.timedelta(days=7), usual.time(), zone)


def is_unusual(number: int, *, last: Sequence[int]) -> bool:
    """Tell whether so many recipients are more than twice as many as the last issues had."""
    return bool(last) and number > UNUSUAL_FROM * median(last)


def _at(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    wall = dt.datetime.combine(day, time.replace(second=0, microsecond=0, fold=0), tzinfo=zone)
    return wall.astimezone(dt.UTC)


def _change(zone: ZoneInfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """The minute between two moments at which the clocks are put forward."""
    offset = before.astimezone(zone).utcoffset()
    minutes = range((after - before) // _MINUTE + 1)
    gone = bisect_left(minutes, True, key=lambda each: (before + each * _MINUTE).astimezone(zone).utcoffset() != offset)
    return before + gone * _MINUTE


def _shown(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return moment.astimezone(zone).replace(tzinfo=None)

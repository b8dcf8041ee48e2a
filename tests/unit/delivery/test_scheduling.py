import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import scheduling
from newsletter.delivery.scheduling import NoSuchTime, TimeTwice

BERLIN = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)  # a Monday


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]  # the zone is a name


def test_a_time_on_the_wall_is_a_moment_in_its_zone() -> None:
    assert scheduling.moment_of(dt.datetime(2026, 11, 24, 10), zone=BERLIN) == utc(2026, 11, 24, 9)
    assert scheduling.moment_of(dt.datetime(2026, 7, 24, 10, 0, 59), zone=BERLIN) == utc(2026, 7, 24, 8)


def test_a_time_that_the_clocks_skip_is_refused_with_its_neighbours() -> None:
    with pytest.raises(NoSuchTime, match="after 01:59 the clocks show 03:00") as refused:
        scheduling.moment_of(dt.datetime(2027, 3, 28, 2, 30), zone=BERLIN)

    assert refused.value.before == dt.datetime(2027, 3, 28, 1, 59)
    assert refused.value.after == dt.datetime(2027, 3, 28, 3, 0)


def test_a_time_that_comes_twice_is_asked_about() -> None:
    wall = dt.datetime(2026, 10, 25, 2, 30)

    with pytest.raises(TimeTwice) as asked:
        scheduling.moment_of(wall, zone=BERLIN)

    assert (asked.value.first, asked.value.second) == (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30))
    assert scheduling.moment_of(wall, zone=BERLIN, fold=0) == utc(2026, 10, 25, 0, 30)
    assert scheduling.moment_of(wall, zone=BERLIN, fold=1) == utc(2026, 10, 25, 1, 30)


@given(
    name=st.sampled_from(sorted(available_timezones())),
    moment=st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2037, 12, 31)).map(
        lambda each: each.replace(second=0, microsecond=0, tzinfo=dt.UTC)
    ),
)
def test_what_a_clock_shows_is_understood_in_every_zone(name: str, moment: dt.datetime) -> None:
    shown = moment.astimezone(ZoneInfo(name))

    assert scheduling.moment_of(shown, zone=ZoneInfo(name), fold=shown.fold) == moment


def test_in_every_zone_the_neighbours_of_a_gap_exist_and_nothing_lies_between() -> None:
    gaps = 0
    for name in available_timezones():
        zone = ZoneInfo(name)
        for skipped in _skipped(zone, 2027):
            gaps += 1
            with pytest.raises(NoSuchTime) as refused:
                scheduling.moment_of(skipped, zone=zone)
            before, after = refused.value.before, refused.value.after
            assert before < skipped < after, name
            first, last = (scheduling.moment_of(each, zone=zone, fold=0) for each in (before, after))
            assert last - first == dt.timedelta(minutes=1), name
    assert gaps > 100


def _skipped(zone: ZoneInfo, year: int) -> list[dt.datetime]:
    """A time in the middle of each gap of a year."""
    days = [utc(year, 1, 1) + dt.timedelta(days=day) for day in range(366)]
    offsets = [day.astimezone(zone).utcoffset() or dt.timedelta() for day in days]
    found = []
    for day, before, after in zip(days, offsets, offsets[1:], strict=False):
        if after > before:
            quarters = [(day + before).replace(tzinfo=None) + dt.timedelta(minutes=15 * each) for each in range(97)]
            gone = [each for each in quarters if not _exists(each, zone)]
            found += gone[len(gone) // 2 :][:1]
    return found


def _exists(wall: dt.datetime, zone: ZoneInfo) -> bool:
    return wall.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) == wall


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, utc(2026, 11, 24, 9)),
        (utc(2026, 11, 17, 9), utc(2026, 11, 24, 9)),  # Tuesdays at ten
        (utc(2026, 10, 20, 8), utc(2026, 11, 24, 9)),  # also where that was in summer
        (utc(2026, 11, 16, 13), utc(2026, 11, 23, 13)),  # later today
        (utc(2026, 11, 16, 8), utc(2026, 11, 30, 8)),  # over for today
    ],
    ids=["first", "weekly", "summer", "today", "over"],
)
def test_the_slot_of_the_last_issue_is_proposed(last: dt.datetime | None, expected: dt.datetime) -> None:
    assert scheduling.proposed(last, now=NOW, zone=BERLIN) == expected


@pytest.mark.parametrize(
    ("number", "last", "unusual"),
    [(12_431, (), False), (200, (100, 100, 100), False), (201, (100, 100, 100), True), (150, (100, 5, 5), True)],
)
def test_more_than_twice_the_usual_number_is_unusual(number: int, last: tuple[int, ...], *, unusual: bool) -> None:
    assert scheduling.is_unusual(number, last=last) is unusual

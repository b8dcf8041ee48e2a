import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from newsletter.web.staff import moments

AT = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "language", "said"),
    [
        ("Europe/Berlin", "de", "Dienstag, 24. November 2026, 10:00 (Europe/Berlin, UTC+1)"),
        ("Europe/Berlin", "en", "Tuesday 24 November 2026, 10:00 (Europe/Berlin, UTC+1)"),
        ("America/St_Johns", "en", "Tuesday 24 November 2026, 05:30 (America/St_Johns, UTC-3:30)"),
        ("UTC", "en", "Tuesday 24 November 2026, 09:00 (UTC)"),
    ],
)
def test_a_moment_is_written_out_with_its_zone(zone: str, language: str, said: str) -> None:
    assert moments.clock(AT, zone=ZoneInfo(zone), language=language) == said


def test_numbers_are_written_by_language() -> None:
    assert moments.numeral(12_431, language="de") == "12.431"
    assert moments.numeral(12_431, language="en") == "12,431"


def test_short_moments_and_days_are_those_of_the_zone() -> None:
    late = dt.datetime(2026, 11, 23, 23, 30, tzinfo=dt.UTC)
    berlin = ZoneInfo("Europe/Berlin")

    assert moments.moment(late, zone=berlin, language="de") == "24.11.2026, 00:30 UTC+1"
    assert moments.moment(late, zone=ZoneInfo("UTC"), language="en") == "23 Nov 2026, 23:30 UTC"
    assert moments.day(late, zone=berlin, language="en") == "24 Nov 2026"
    assert moments.day(late.date(), zone=berlin, language="de") == "23.11.2026"


def test_of_today_the_time_is_enough_and_today_is_that_of_the_zone() -> None:
    berlin, at = ZoneInfo("Europe/Berlin"), dt.datetime(2026, 11, 23, 22, 30, tzinfo=dt.UTC)

    def told(now: dt.datetime) -> str:
        return moments.lately(at, now=now, zone=berlin, language="de")

    assert told(at) == "23:30"
    assert told(at + dt.timedelta(hours=1)) == "23.11.2026, 23:30"

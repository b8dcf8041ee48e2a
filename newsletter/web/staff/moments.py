"""Moments for people: short, in their language, with the zone; and numbers, which are written by language, too."""

import datetime as dt
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

_LOCALES = {"de": "de", "en": "en_GB"}


def moment(at: dt.datetime, *, zone: ZoneInfo, language: str) -> str:
    """`24.11.2026, 10:00 UTC+1` or `24 Nov 2026, 10:00 UTC+1`."""
    return f"{short(at, zone=zone, language=language)} {_offset(at.astimezone(zone))}"


def day(at: dt.date, *, zone: ZoneInfo, language: str) -> str:
    """`23.11.2026` or `23 Nov 2026`; of a moment the day in the zone."""
    form = "dd.MM.y" if language == "de" else "d MMM y"
    whole_day = at.astimezone(zone).date() if isinstance(at, dt.datetime) else at
    return format_date(whole_day, form, locale=_LOCALES[language])


def clock(at: dt.datetime, *, zone: ZoneInfo, language: str) -> str:
    """`Dienstag, 24. November 2026, 10:00 (Europe/Berlin, UTC+1)`, or `Tuesday 24 November 2026, 10:00 (…)`."""
    there = at.astimezone(zone)
    form = "EEEE, d. MMMM y, HH:mm" if language == "de" else "EEEE d MMMM y, HH:mm"
    shown = format_datetime(there.replace(tzinfo=None), form, locale=_LOCALES[language])
    offset = _offset(there)
    return f"{shown} ({zone.key if zone.key == offset else f'{zone.key}, {offset}'})"


def short(at: dt.datetime, *, zone: ZoneInfo, language: str) -> str:
    """`24.11.2026, 10:00` or `24 Nov 2026, 10:00`, for tables whose head names the zone."""
    form = "dd.MM.y, HH:mm" if language == "de" else "d MMM y, HH:mm"
    return format_datetime(at.astimezone(zone).replace(tzinfo=None), form, locale=_LOCALES[language])


def lately(at: dt.datetime, *, now: dt.datetime, zone: ZoneInfo, language: str) -> str:
    """`10:00` of today, else as `short`."""
    there = at.astimezone(zone)
    is_today = there.date() == now.astimezone(zone).date()
    return there.strftime("%H:%M") if is_today else short(at, zone=zone, language=language)


def wall(at: dt.datetime, *, language: str) -> str:
    """A time on the wall without its zone: `28. März 2027, 01:59` or `28 March 2027, 01:59`."""
    form = "d. MMMM y, HH:mm" if language == "de" else "d MMMM y, HH:mm"
    return format_datetime(at.replace(tzinfo=None), form, locale=_LOCALES[language])


def numeral(number: float, *, language: str) -> str:
    """`12.431` or `12,431`."""
    return format_decimal(number, locale=_LOCALES[language])


def _offset(at: dt.datetime) -> str:
    """`UTC+1`, `UTC-3:30`, or `UTC`."""
    minutes = int((at.utcoffset() or dt.timedelta()) / dt.timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    whole = f"UTC{'+' if minutes > 0 else '-'}{hours}" if minutes else "UTC"
    return f"{whole}:{rest:02}" if rest else whole

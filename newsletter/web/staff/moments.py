"""Moments for people: short, in their language, with the zone."""

import datetime as dt

from babel.dates import format_date, format_datetime


def moment(at: dt.datetime, *, language: str) -> str:
    """`23.11.2026, 09:00 UTC` or `23 Nov 2026, 09:00 UTC`."""
    form = "dd.MM.y, HH:mm 'UTC'" if language == "de" else "d MMM y, HH:mm 'UTC'"
    return format_datetime(at.astimezone(dt.UTC), form, locale="de" if language == "de" else "en_GB")


def day(at: dt.date, *, language: str) -> str:
    """`23.11.2026` or `23 Nov 2026`; of a moment the day in UTC."""
    form, locale = ("dd.MM.y", "de") if language == "de" else ("d MMM y", "en_GB")
    whole_day = at.astimezone(dt.UTC).date() if isinstance(at, dt.datetime) else at
    return format_date(whole_day, form, locale=locale)

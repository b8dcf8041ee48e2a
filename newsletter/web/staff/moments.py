"""Moments for people: short, in their language, with the zone."""

import datetime as dt

from babel.dates import format_date, format_datetime


def moment(at: dt.datetime, *, language: str) -> str:
    """`23.11.2026, 09:00 UTC` or `23 Nov 2026, 09:00 UTC`."""
    form = "dd.MM.y, HH:mm 'UTC'" if language == "de" else "d MMM y, HH:mm 'UTC'"
    return format_datetime(at.astimezone(dt.UTC), form, locale="de" if language == "de" else "en_GB")


def day(at: dt.datetime, *, language: str) -> str:
    """`23.11.2026` or `23 Nov 2026`, in UTC."""
    form, locale = ("dd.MM.y", "de") if language == "de" else ("d MMM y", "en_GB")
    return format_date(at.astimezone(dt.UTC).date(), form, locale=locale)

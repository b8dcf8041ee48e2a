"""Lists and days in a sentence.

listed(("Region", "Termine"), language="de")  # '„Region“ und „Termine“', the value of `{lists}`
day(dt.date(2026, 12, 24), language="de")     # '24. Dezember 2026'
"""

import datetime as dt
from collections.abc import Iterable

from babel.dates import format_date
from babel.lists import format_list

from newsletter.i18n import translations


def listed(names: Iterable[str], *, language: str) -> str:
    """The names in quotation marks, joined as the language joins them."""
    quoted = [translations(language).gettext("“%(list)s”") % {"list": name} for name in names]
    return format_list(quoted, locale=language)


def day(date: dt.date, *, language: str) -> str:
    """A day as readers write it; English as in most of Europe, 24 December 2026."""
    return format_date(date, "long", locale={"en": "en_GB"}.get(language, language))

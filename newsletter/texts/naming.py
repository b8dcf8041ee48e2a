"""Several lists in one sentence, as the value of `{lists}`.

listed(("Region", "Termine"), language="de")  # '„Region“ und „Termine“'
"""

from collections.abc import Iterable

from babel.lists import format_list

from newsletter.i18n import translations


def listed(names: Iterable[str], *, language: str) -> str:
    """The names in quotation marks, joined as the language joins them."""
    quoted = [translations(language).gettext("“%(list)s”") % {"list": name} for name in names]
    return format_list(quoted, locale=language)

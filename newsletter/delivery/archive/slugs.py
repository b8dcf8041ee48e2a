"""Addresses of issues: the day and the words of the subject.

slug_of(dt.date(2026, 11, 23), "Die Straße ist fertig!")  # '2026-11-23-die-strasse-ist-fertig'
"""

import datetime as dt
import re

from newsletter.delivery.archive.folding import fold

_LONGEST = 90  # of the 120 of the column: a number may follow
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_FORM = re.compile(r"\d{4}-\d\d-\d\d(?:-[a-z0-9]+)*")


def slug_of(day: dt.date, subject: str) -> str:
    """Make it: small Latin letters, digits and hyphens; a subject in another script leaves the day alone."""
    words = re.findall("[a-z0-9]+", fold(subject.translate(_UMLAUTS)).replace("'", "").replace("’", ""))
    slug = day.isoformat()
    for word in words:
        if len(slug) + 1 + len(word) > _LONGEST:
            break
        slug += f"-{word}"
    return slug


def is_slug(text: str) -> bool:
    """Tell whether a text can be one, so that no database is asked for what is none."""
    return _FORM.fullmatch(text) is not None

"""German and English dates, as press offices write them.

    date_of("Lindau, 4. April 2019")  # date(2019, 4, 4)
    date_of("4. April")  # None: a year is never guessed
    dateline("LINDAU, 4.4.2019. Der Landkreis …")  # (date(2019, 4, 4), 'Der Landkreis …')

`05/04/2019` is the fifth of April to some and the fourth of May to others: it is no date here,
`13/04/2019` is one.
"""

import datetime as dt
import re

_MONTHS = {
    1: "januar jänner jan january",
    2: "februar feber feb february",
    3: "märz maerz mär mrz mar march",
    4: "april apr",
    5: "mai may",
    6: "juni jun june",
    7: "juli jul july",
    8: "august aug",
    9: "september sept sep",
    10: "oktober okt october oct",
    11: "november nov",
    12: "dezember dez december dec",
}
_NUMBER_OF = {name: number for number, names in _MONTHS.items() for name in names.split()}
_NAME = rf"(?:{'|'.join(sorted(_NUMBER_OF, key=len, reverse=True))})"
_YEAR = r"(?P<y>(?:19|20)\d\d)(?!\d)"
_DAY = r"(?<![\d.,/:])(?P<d>0?[1-9]|[12]\d|3[01])"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_DAY}\s?\.\s*(?P<name>{_NAME})\b\.?,?\s+{_YEAR}",  # 4. April 2019, 04. Apr. 2019
        rf"{_DAY}\s?\.\s?(?P<m>0?[1-9]|1[0-2])\s?\.\s?{_YEAR}",  # 4.4.2019
        r"(?<![\d.,/:])(?P<d>0[1-9]|[12]\d|3[01])\.(?P<m>0[1-9]|1[0-2])\.(?P<short>\d\d)(?![\d.:,])",  # 04.04.19
        r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/](?P<m>0[1-9]|1[0-2])[-/](?P<d>0[1-9]|[12]\d|3[01])(?!\d)",  # 2019-04-04
        rf"\b(?P<name>{_NAME})\b\.?\s+(?P<d>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?,?\s+{_YEAR}",  # April 4, 2019
        rf"{_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<name>{_NAME})\b\.?,?\s+{_YEAR}",  # 4 April 2019
        rf"(?<![\d.,/:])(?P<m>0?[1-9]|1[0-2])/(?P<d>1[3-9]|2\d|3[01])/{_YEAR}",  # 04/13/2019, which can only be April
        rf"(?<![\d.,/:])(?P<d>1[3-9]|2\d|3[01])/(?P<m>0?[1-9]|1[0-2])/{_YEAR}",  # 13/04/2019
    )
)
_COPYRIGHT = re.compile(r"©|\(c\)|copyright|alle rechte|all rights", re.IGNORECASE)
_CLOCK = r"\d{1,2}(?:[:.]\d\d(?::\d\d)?(?:\s*Uhr)?|\s*Uhr)(?:\s*[ap]\.?m\.?)?"
_TIME = rf"(?:T[\d:.]+(?:Z|[-+]\d\d:?\d\d)?|,?\s*(?:um\s+|at\s+|[-–|]\s*)?{_CLOCK})?"
_PLACE = r"(?:[^\W\d_][\w.’' /()-]{1,60}?(?:,|:|\s[-–—|])\s*)?"
_WEEKDAYS = (
    "mo(?:n(?:day|tag)?)?|di(?:enstag)?|mi(?:ttwoch)?|do(?:nnerstag)?|fr(?:i|iday|eitag)?|sa(?:t|mstag|turday)?"
    "|sonnabend|so(?:nntag)?|sun(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?"
)
_WEEKDAY = rf"(?:(?:am\s+)?(?:{_WEEKDAYS})\b\.?,?\s*)?"
_DATELINE_HEAD = re.compile(rf"\W{{0,3}}{_PLACE}{_WEEKDAY}(?:den\s+|the\s+)?\Z", re.IGNORECASE)
_DATELINE_TAIL = re.compile(rf"{_TIME}\s*(?:\)\s*(?:[-–—:.|]\s*)?|[.:|]\s+|[-–—]\s*|,\s*[-–—]\s*|\Z)", re.IGNORECASE)
_PARTS = re.compile(r"\s*[|·•]\s*")
_LABEL = re.compile(
    r"(?:^|\W)(?:stand|datum|date|veröffentlicht|publiziert|erschienen|erstellt|published|posted|released|vom|dated)"
    rf"(?:\s+(?:am|on))?\s*:?\s*{_WEEKDAY}(?:den\s+)?\Z",
    re.IGNORECASE,
)


def date_of(text: str) -> dt.date | None:
    """The first date that is written out in a text, with its year; a line about copyright has none."""
    found = _first(text)
    return found[0] if found else None


def dateline(text: str) -> tuple[dt.date, str] | None:
    """Split a text that opens with a date, perhaps after a place and before a dash, into the date and the rest.

    A sentence that merely begins with a date (“Am 4. April 2019 tagt …”) has no dateline.
    """
    found = _first(text[:160])
    if not found:
        return None
    date, start, end = found
    tail = _DATELINE_TAIL.match(text, end)
    if not _DATELINE_HEAD.match(text[:start]) or not tail:
        return None
    return date, text[tail.end() :].strip()


def labelled(text: str) -> dt.date | None:
    """A date that is said to be that of the publication: `Veröffentlicht am 4. April 2019`, `Stand: 4.4.2019`."""
    found = _first(text)
    return found[0] if found and _LABEL.search(text[: found[1]]) else None


def is_date_line(text: str, *, longest: int = 60) -> bool:
    """Tell whether a short line is only a date, with what usually stands around one: place, label, category."""
    if len(text) > longest:
        return False
    return any(_is_bare_date(part) for part in _PARTS.split(text))


def _is_bare_date(text: str) -> bool:
    opening = dateline(text)
    return labelled(text) is not None or (opening is not None and not opening[1])


def _first(text: str) -> tuple[dt.date, int, int] | None:
    """The earliest date of a text, and where it begins and ends."""
    found = []
    for form in _FORMS:
        for match in form.finditer(text):
            date = _date(match.groupdict())
            if date is not None:
                found.append((match.start(), match.end(), date))
                break
    if not found:
        return None
    start, end, date = min(found)
    line = text[text.rfind("\n", 0, start) + 1 : end]
    return None if _COPYRIGHT.search(line) else (date, start, end)


def _date(fields: dict[str, str | None]) -> dt.date | None:
    year = int(fields.get("y") or f"20{fields.get('short')}")
    name = fields.get("name")
    month = _NUMBER_OF[name.lower()] if name else int(fields.get("m") or 0)
    try:
        return dt.date(year, month, int(fields["d"] or 0))
    except ValueError:
        return None

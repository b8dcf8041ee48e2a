"""The date that a page has marked as one, near its headline.

nearest(page, headline)  # date(2019, 4, 4) of <time datetime="2019-04-04T10:00">
"""

import datetime as dt
from collections.abc import Iterator

from lxml.html import HtmlElement

from newsletter.news.dates import date_of
from newsletter.news.pages import text_of

_FARTHEST = 600  # characters of text between; farther off stand dates of other articles and events


def nearest(page: HtmlElement, headline: HtmlElement | None) -> dt.date | None:
    """What is marked as the date of publication; else the `time` with the least text between it and the headline."""
    stated = [element for element in page.iter("*") if "datepublished" in element.get("itemprop", "").lower()]
    marked = next((date for element in stated if (date := _date(element))), None)
    if marked or headline is None:
        return marked
    places = dict(_places(page))
    near = ((abs(places[time] - places[headline]), _date(time)) for time in page.iter("time"))
    return next((date for far, date in sorted(near, key=lambda pair: pair[0]) if date and far <= _FARTHEST), None)


def _date(element: HtmlElement) -> dt.date | None:
    machine = element.get("datetime") or element.get("content") or ""
    return date_of(machine) or date_of(text_of(element))


def _places(page: HtmlElement) -> Iterator[tuple[HtmlElement, int]]:
    """How much text stands before each element."""
    place = 0
    for element in page.iter("*"):
        yield element, place
        if element.tag not in {"script", "style"}:
            place += len((element.text or "").strip())
        place += len((element.tail or "").strip())

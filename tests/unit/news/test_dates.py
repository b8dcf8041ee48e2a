import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.news.dates import date_of, dateline, is_date_line, labelled

THE_DAY = dt.date(2019, 4, 4)


@pytest.mark.parametrize(
    "text",
    [
        "04. April 2019",
        "4. April 2019",
        "4.April 2019",
        "4.4.2019",
        "04.04.2019",
        "4. 4. 2019",
        "04.04.19",
        "4. Apr. 2019",
        "Do, 04.04.2019, 10:30 Uhr",
        "Do 04.04.2019",
        "Donnerstag, 4. April 2019",
        "Donnerstag, den 4. April 2019, 10 Uhr",
        "Stand: 4. April 2019",
        "Lindau, 4. April 2019",
        "Lindau, den 4. April 2019",
        "Veröffentlicht am 4. April 2019",
        "April 4, 2019",
        "Apr. 4th, 2019",
        "4 April 2019",
        "4th of April 2019",
        "Thursday, April 4, 2019",
        "2019-04-04",
        "2019-04-04T10:30:00+02:00",
        "2019/04/04",
        "Thu, 04 Apr 2019 10:00:00 GMT",
        "(4. April 2019)",
        "4.\u00a0April\u00a02019",
    ],
)
def test_german_and_english_forms_are_read(text: str) -> None:
    assert date_of(text) == THE_DAY


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("12. Jänner 2020", dt.date(2020, 1, 12)),
        ("1. Feber 2020", dt.date(2020, 2, 1)),
        ("3. März 2021", dt.date(2021, 3, 3)),
        ("3. Mrz. 2021", dt.date(2021, 3, 3)),
        ("12. Sept. 2019", dt.date(2019, 9, 12)),
        ("31. Dezember 1999", dt.date(1999, 12, 31)),
        ("May 5, 2024", dt.date(2024, 5, 5)),
        ("05.04.2019", dt.date(2019, 4, 5)),
        ("13/04/2019", dt.date(2019, 4, 13)),
        ("04/13/2019", dt.date(2019, 4, 13)),
        ("29.02.2024", dt.date(2024, 2, 29)),
    ],
)
def test_months_have_their_regional_names(text: str, date: dt.date) -> None:
    assert date_of(text) == date


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4. April",
        "April 2019",
        "März 2019",
        "2019",
        "© 2024 Stadt Lindau",
        "Copyright 04.04.2019 Stadt Lindau",
        "31.02.2019",
        "29. Februar 2023",
        "05/04/2019",
        "Tel. 0123/4.4.20195",
        "Version 10.04.22.1",
        "am Donnerstag um 10:30 Uhr",
        "IP 192.10.10.2019.1",
    ],
)
def test_no_date_is_guessed(text: str) -> None:
    assert date_of(text) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("LINDAU, 4.4.2019. Der Kreistag tagt.", "Der Kreistag tagt."),
        ("Bad Aibling/Rosenheim, 4. April 2019 – Der Kreistag tagt.", "Der Kreistag tagt."),
        ("(4. April 2019) Der Kreistag tagt.", "Der Kreistag tagt."),
        ("04.04.2019 | Der Kreistag tagt.", "Der Kreistag tagt."),
        ("4. April 2019", ""),
    ],
)
def test_a_dateline_opens_a_text(text: str, rest: str) -> None:
    assert dateline(text) == (THE_DAY, rest)


@pytest.mark.parametrize(
    "text",
    [
        "Am 4. April 2019 tagt der Kreistag.",
        "Der Kreistag, der am 4. April 2019 tagt, hat viel vor.",
        "Gastgeber am 4. und 5. April 2019 ist Lindau.",
        "Ohne Datum.",
    ],
)
def test_a_sentence_with_a_date_has_no_dateline(text: str) -> None:
    assert dateline(text) is None
    assert not is_date_line(text)


def test_a_date_may_say_that_it_is_that_of_the_publication() -> None:
    assert labelled("Erstellt am Donnerstag, 4. April 2019 von Ada Klein") == THE_DAY
    assert labelled("Presseinformation Nr. 12 vom 4. April 2019") == THE_DAY
    assert labelled("Der Umzug ist am 4. April 2019.") is None


@pytest.mark.parametrize("text", ["Talheim, den 4. April 2019 | Verkehr", "Rathaus · 04.04.2019", "4. April 2019"])
def test_a_date_line_may_name_a_category(text: str) -> None:
    assert is_date_line(text)


def test_a_long_line_is_no_date_line() -> None:
    assert not is_date_line("Lindau, 4. April 2019", longest=10)


@given(st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)))
@settings(max_examples=60)
def test_every_day_is_read_back(day: dt.date) -> None:
    assert date_of(f"{day.day}.{day.month}.{day.year}") == day
    assert date_of(day.isoformat()) == day
    assert date_of(day.strftime("%d %B %Y")) == day


@given(st.text(max_size=200))
@settings(max_examples=100)
def test_any_text_is_survived(text: str) -> None:
    date_of(text)
    dateline(text)
    labelled(text)

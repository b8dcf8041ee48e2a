import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.news import pool, searching
from newsletter.news.models import NewsItem, SourceKind
from newsletter.news.searching import Search
from tests.support.makers import BY, NOW, an_item


@pytest.fixture(autouse=True)
def _items(session: Session) -> None:
    source = pool.add_source(session, "https://example.org/feed", kind=SourceKind.FEED, by=BY, now=NOW)
    an_item(session, "Überseefest am Hafen", lead="Mit Musik.", date=dt.date(2026, 11, 18))
    an_item(session, "Neues Rathaus", lead="Am Hafen gebaut, 100% fertig.", source_id=source.id)
    an_item(session, "Harbour news", lead="A new pier.", language="en", date=None)


def titles(session: Session, search: Search, *, limit: int = 10) -> list[str]:
    return [item.title for item in searching.find(session, search, limit=limit).items]


def test_without_a_question_everything_is_found_newest_first(session: Session) -> None:
    assert titles(session, Search()) == ["Neues Rathaus", "Überseefest am Hafen", "Harbour news"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("hafen", ["Neues Rathaus", "Überseefest am Hafen"]),
        ("HAFEN musik", ["Überseefest am Hafen"]),
        ("überseefest", ["Überseefest am Hafen"]),
        ("100%", ["Neues Rathaus"]),
        ("1%0", []),
        ("_", []),
    ],
)
def test_every_word_is_in_title_or_lead(session: Session, words: str, found: list[str]) -> None:
    assert titles(session, Search(words=words)) == found


def test_sources_languages_and_sets_of_ids_narrow_it_down(session: Session) -> None:
    first = select(NewsItem.id).where(NewsItem.title == "Überseefest am Hafen")

    assert titles(session, Search(source_id=1)) == ["Neues Rathaus"]
    assert titles(session, Search(language="en")) == ["Harbour news"]
    assert titles(session, Search(within=first)) == ["Überseefest am Hafen"]
    assert searching.languages(session) == ("de", "en")


def test_that_there_is_more_is_told(session: Session) -> None:
    assert searching.find(session, Search(), limit=2).has_more
    assert not searching.find(session, Search(), limit=3).has_more

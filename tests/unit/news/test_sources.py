import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.news import pool, sources
from newsletter.news.models import NewsItem, Source, SourceKind
from newsletter.news.sources import SourceNotFound
from newsletter.news.troubles import Trouble, words
from subscribers.actor import Actor
from tests.support.makers import an_item

NOW = dt.datetime(2026, 11, 23, 9, 7, tzinfo=dt.UTC)
BY = Actor.command_line()


@pytest.fixture
def source(session: Session) -> Source:
    return pool.add_source(session, "https://a.example/feed", kind=SourceKind.FEED, by=BY, now=NOW)


def test_a_source_is_seen_with_its_items_and_its_next_turn(session: Session, source: Source) -> None:
    an_item(session, "Fest am See", source_id=source.id)
    an_item(session, "Ohne Quelle")

    [seen] = sources.seen(session, now=NOW)

    assert (seen.items, seen.next_at, seen.is_late, seen.trouble) == (1, NOW.replace(minute=15), False, None)


def test_a_paused_source_has_no_turn_until_it_is_resumed_and_then_soon(session: Session, source: Source) -> None:
    sources.pause(session, source, by=BY, now=NOW)
    paused = sources.seen(session, now=NOW + dt.timedelta(days=1))[0]
    sources.resume(session, source, by=BY, now=NOW)
    resumed = sources.seen(session, now=NOW)[0]

    assert (paused.next_at, paused.paused_at, paused.is_late) == (None, NOW, False)
    assert (resumed.next_at, resumed.paused_at, resumed.wanted_at) == (None, None, NOW)


def test_a_removed_source_leaves_its_items(session: Session, source: Source) -> None:
    an_item(session, "Fest am See", source_id=source.id)
    number = source.id

    assert sources.remove(session, source, by=BY, now=NOW) == 1

    assert session.scalars(select(NewsItem.source_id)).all() == [None]
    with pytest.raises(SourceNotFound):
        sources.one(session, number)


@pytest.mark.usefixtures("source")
def test_a_source_that_nobody_asks_is_late(session: Session) -> None:
    assert sources.seen(session, now=NOW + dt.timedelta(hours=2))[0].is_late


def test_a_failure_of_an_older_version_has_no_kind(session: Session, source: Source) -> None:
    source.failure = "https://a.example/feed cannot be fetched: the answer takes too long."

    assert sources.seen(session, now=NOW)[0].trouble is Trouble.OTHER


@pytest.mark.parametrize(("minute", "turn"), [(0, "09:15"), (14, "09:15"), (15, "09:30"), (59, "10:00")], ids=str)
def test_all_are_asked_at_the_quarters_of_the_hour(minute: int, turn: str) -> None:
    assert f"{sources.next_turn(NOW.replace(minute=minute, second=30)):%H:%M}" == turn


@pytest.mark.parametrize("trouble", list(Trouble))
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_trouble_says_what_to_do(trouble: Trouble, language: str) -> None:
    said = words(trouble, "404", language=language)

    assert said.message.endswith("(404)")
    assert said.remedy.endswith(".")

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.news import pool
from newsletter.news.article import Article
from newsletter.news.models import SourceKind
from newsletter.news.pictures import StoredPicture
from newsletter.news.pool import ItemNotFound, Kept, Outcome, SourceExists, SourceInvalid
from subscribers.actor import Actor
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
BY = Actor.command_line()
STORY = Article(
    title="Neuer Steg eröffnet",
    date=dt.date(2019, 4, 4),
    lead="Der Steg ist offen.",
    body="<p>Er ist lang.</p>",
    credit="Foto: Anna Beck",
    caption="Der Steg",
    link="https://a.example/steg",
    language="de",
    identity="https://a.example/steg",
    image_url="https://a.example/steg.jpg",
    image_alt="Ein Steg",
    picture=StoredPicture("abc.jpg", 1200, 800),
)


def keep(session: Session, article: Article = STORY, now: dt.datetime = NOW) -> Kept:
    return pool.keep(session, article, origin="https://a.example/feed", source_id=None, by=BY, now=now)


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_story_seen_first_is_new(session: Session) -> None:
    kept = keep(session)

    assert kept.outcome is Outcome.NEW
    assert pool.as_json(kept.item, {7, 3}, "Region Seenland") == {
        "id": kept.item.id,
        "title": "Neuer Steg eröffnet",
        "date": "2019-04-04",
        "lead": "Der Steg ist offen.",
        "body": "<p>Er ist lang.</p>",
        "credit": "Foto: Anna Beck",
        "image": "abc.jpg",
        "link": "https://a.example/steg",
        "language": "de",
        "used_in": [3, 7],
        "source": "Region Seenland",
    }
    assert (kept.item.image_width, kept.item.image_height, kept.item.image_alt) == (1200, 800, "Ein Steg")
    assert (kept.item.version, kept.item.changed_at) == (1, None)
    assert actions(session) == ["news.keep"]


def test_a_story_seen_again_is_left_alone(session: Session) -> None:
    first = keep(session)
    again = keep(session, replace(STORY, image_url="https://cdn.example/steg.jpg?v=2", picture=None), LATER)

    assert again == Kept(first.item, Outcome.UNCHANGED)
    assert (again.item.version, again.item.changed_at, again.item.image) == (1, None, "abc.jpg")
    assert actions(session) == ["news.keep"]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Steg wieder zu"},
        {"lead": "Anders."},
        {"body": "<p>Anders.</p>"},
        {"credit": "Foto: Tom"},
        {"caption": "Anders"},
        {"date": dt.date(2019, 4, 5)},
        {"link": "https://a.example/neu"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_story_with_other_words_is_changed(change: dict[str, object], session: Session) -> None:
    first = keep(session)
    again = keep(session, replace(STORY, **change), LATER)  # type: ignore[arg-type]  # one field each, of its own type

    assert again.outcome is Outcome.CHANGED
    assert again.item.id == first.item.id
    assert (again.item.version, again.item.changed_at, again.item.created_at) == (2, LATER, NOW)
    assert {name: getattr(again.item, name) for name in change} == change
    assert actions(session) == ["news.keep", "news.change"]


def test_a_changed_story_keeps_its_picture_while_it_names_one(session: Session) -> None:
    keep(session)

    assert keep(session, replace(STORY, title="Neu", picture=None)).item.image == "abc.jpg"
    assert keep(session, replace(STORY, title="Neuer", picture=None, image_url="")).item.image is None


def test_without_an_identity_the_origin_tells_the_story_apart(session: Session) -> None:
    kept = keep(session, replace(STORY, identity=""))

    assert kept.item.identity == "https://a.example/feed"


def test_a_story_that_another_process_kept_meanwhile_is_read_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keep(session)
    monkeypatch.setattr(pool, "_known", lambda *_: None)  # as if it had come between look-up and insert

    assert keep(session) == Kept(first.item, Outcome.UNCHANGED)


def test_items_come_newest_first_and_those_without_a_date_last(session: Session) -> None:
    dates = [None, dt.date(2020, 1, 1), dt.date(2024, 1, 1), dt.date(2020, 1, 1)]
    ids = [keep(session, replace(STORY, identity=f"i{n}", date=date)).item.id for n, date in enumerate(dates)]

    assert [item.id for item in pool.items(session)] == [ids[2], ids[3], ids[1], ids[0]]
    assert [item.id for item in pool.items(session, without={ids[2], ids[0]})] == [ids[3], ids[1]]
    used = select(AuditEntry.id).where(AuditEntry.id == ids[2])
    assert [item.id for item in pool.items(session, without=used)] == [ids[3], ids[1], ids[0]]


def test_an_item_is_found_by_its_number(session: Session) -> None:
    kept = keep(session)

    assert pool.item(session, kept.item.id) is kept.item
    with pytest.raises(ItemNotFound, match=r"^There is no news item 99\. `newsletter news list` shows"):
        pool.item(session, 99)


def test_a_source_is_added_once(session: Session) -> None:
    source = pool.add_source(session, " https://a.example/feed ", kind=SourceKind.FEED, by=BY, now=NOW)

    assert (source.url, source.kind, source.failure) == ("https://a.example/feed", "feed", "")
    assert pool.sources(session) == [source]
    with pytest.raises(SourceExists, match=r"^https://a.example/feed is a source already\.$"):
        pool.add_source(session, "https://a.example/feed", kind=SourceKind.PAGE, by=BY, now=NOW)


@pytest.mark.parametrize(
    ("url", "kind", "reason"),
    [
        ("file:///etc/passwd", SourceKind.FEED, "http or https"),
        ("a.example/feed", SourceKind.FEED, "http or https"),
        ("https://", SourceKind.FEED, "http or https"),
        ("https://[::1", SourceKind.FEED, "http or https"),
        ("https://a.example/" + "x" * 2000, SourceKind.FEED, "http or https"),
        ("https://me:secret@a.example/", SourceKind.FEED, "user name or password"),
        ("https://a.example/termine.ics", SourceKind.CALENDAR, "calendars cannot be read yet"),
    ],
)
def test_what_cannot_be_a_source_is_a_clear_error(url: str, kind: SourceKind, reason: str, session: Session) -> None:
    with pytest.raises(SourceInvalid, match=rf"cannot be a source: .*{reason}") as caught:
        pool.add_source(session, url, kind=kind, by=BY, now=NOW)

    assert "secret" not in str(caught.value)


def test_a_reader_changes_no_news(session: Session) -> None:
    reader = Actor.reader(7)

    with pytest.raises(NotPermitted):
        pool.keep(session, STORY, origin="o", source_id=None, by=reader, now=NOW)
    with pytest.raises(NotPermitted):
        pool.add_source(session, "https://a.example/", kind=SourceKind.FEED, by=reader, now=NOW)


def test_a_story_with_an_endless_identity_in_any_script_is_known_again(session: Session) -> None:
    article = Article(title="Ein Titel\0", body="<p>Text\0</p>", identity="Straße\0 " + "漢" * 1990, language="de")

    first = pool.keep(session, article, origin="test", source_id=None, by=BY, now=NOW)
    second = pool.keep(session, article, origin="test", source_id=None, by=BY, now=NOW)

    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.UNCHANGED)
    assert first.item.identity.startswith("sha256:")
    assert (first.item.title, first.item.body) == ("Ein Titel", "<p>Text</p>")
    assert pool.digests(session, [article.identity]) == {article.identity: first.item.content_digest}


def test_an_endless_origin_without_an_identity_is_known_again(session: Session) -> None:
    article = Article(title="Ein Titel", body="<p>Text</p>", language="de")
    origin = "/" + "ä" * 3000

    first = pool.keep(session, article, origin=origin, source_id=None, by=BY, now=NOW)
    second = pool.keep(session, article, origin=origin, source_id=None, by=BY, now=NOW)

    assert second == Kept(first.item, Outcome.UNCHANGED)
    assert first.item.origin == origin[:2000]

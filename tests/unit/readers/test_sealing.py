import datetime as dt

import pytest

from newsletter.database import Database
from newsletter.readers import sealing
from newsletter.readers.sealing import Sealed
from subscribers import consent
from subscribers.consent import sealing as pieces
from tests.support.people import NOW, SECRET, STAFF, a_list, a_subscription

NEXT_DAY = NOW + dt.timedelta(hours=14)  # past midnight, in UTC


def daily(database: Database, now: dt.datetime) -> Sealed | None:
    return sealing.seal_daily(database, secret=SECRET, by=STAFF, now=now)


def test_a_day_is_sealed_once_by_whichever_machine_comes_first(database: Database) -> None:
    with database.writing() as session:
        a_subscription(session, a_list(session))

    made = [daily(database, NOW), daily(database, NOW + dt.timedelta(hours=1)), daily(database, NEXT_DAY)]

    assert [each and (each.number, each.records, each.chains) for each in made] == [(1, 2, 1), None, (2, 2, 1)]


def test_by_hand_it_is_sealed_as_often_as_wanted(database: Database) -> None:
    first = sealing.seal(database, secret=SECRET, by=STAFF, now=NOW)
    second = sealing.seal(database, secret=SECRET, by=STAFF, now=NOW)

    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (1, 2)
    assert first.digest != second.digest


def test_pieces_are_written_in_transactions_of_their_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces.unsealed, "__kwdefaults__", {"size": 2})
    with database.writing() as session:
        news = a_list(session)
        for number in range(5):
            a_subscription(session, news, f"reader{number}@example.org")

    made = sealing.seal(database, secret=SECRET, by=STAFF, now=NOW)

    assert made is not None
    assert (made.number, made.records, made.chains) == (3, 10, 5)
    with database.reading() as session:
        assert consent.verify(session, secret=SECRET).holds


def test_who_finds_another_sealing_leaves_it_to_them(database: Database) -> None:
    with database.writing() as session:
        a_subscription(session, a_list(session))
    with database.reading() as snapshot:
        held = next(pieces.unsealed(snapshot))
    original = pieces.unsealed

    def outdated(session: object, **kwargs: int) -> object:
        del session, kwargs
        return iter([held])

    assert sealing.seal(database, secret=SECRET, by=STAFF, now=NOW) is not None
    try:
        pieces.unsealed = outdated  # type: ignore[assignment]  # what another saw a moment ago
        assert sealing.seal(database, secret=SECRET, by=STAFF, now=NOW) is None
    finally:
        pieces.unsealed = original

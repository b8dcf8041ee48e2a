import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.database import Database
from subscribers import consent
from subscribers.actor import Actor
from subscribers.audit import AuditEntry
from subscribers.consent import sealing
from subscribers.consent.models import ConsentSeal, ConsentSealHead, ConsentSealWording
from subscribers.consent.sealing import Piece, SealOvertaken
from subscribers.errors import NotPermitted
from subscribers.models import ConsentKind, MailingList
from tests.support import postgres, tampering
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription

LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def news(session: Session) -> MailingList:
    return a_list(session)


@pytest.fixture
def side_by_side(migrated_postgresql: str) -> Iterator[Database]:
    """A database in which transactions write beside each other, as SQLite's never do."""
    database = Database(migrated_postgresql)
    yield database
    database.close()
    postgres.empty(migrated_postgresql)


def seal(session: Session, piece: Piece) -> ConsentSeal:
    return sealing.seal(session, piece, secret=SECRET, by=STAFF, now=NOW)


def heads(session: Session) -> list[tuple[int, int, int]]:
    rows = select(ConsentSealHead.seal, ConsentSealHead.subscriber_id, ConsentSealHead.sequence)
    ordered = rows.order_by(ConsentSealHead.seal, ConsentSealHead.subscriber_id)
    return [(seal, person, sequence) for seal, person, sequence in session.execute(ordered)]


def grow(session: Session, subscriber_id: int, mailing_list: MailingList) -> None:
    consent.append(
        session,
        subscriber_id,
        list_id=mailing_list.id,
        kind=ConsentKind.REQUESTED,
        source="x",
        wording=None,
        evidence={},
        secret=SECRET,
        by=VISITOR,
        now=NOW,
    )


def test_a_seal_counts_all_and_holds_the_heads_and_words(session: Session, news: MailingList) -> None:
    a_subscription(session, news)
    a_subscription(session, news, "bert@example.org", confirmed=False)

    made = tampering.seal(session)

    assert (made.number, made.at, made.records, made.chains, made.previous) == (1, NOW, 3, 2, "")
    assert [(seal, sequence) for seal, _, sequence in heads(session)] == [(1, 2), (1, 1)]
    assert len(session.scalars(select(ConsentSealWording)).all()) == 1
    assert consent.verify(session, secret=SECRET).holds


def test_the_next_seal_holds_only_what_grew_since(session: Session, news: MailingList) -> None:
    anna = a_subscription(session, news).subscriber_id
    bert = a_subscription(session, news, "bert@example.org").subscriber_id
    first = tampering.seal(session)
    grow(session, bert, news)

    second = tampering.seal(session, now=LATER)

    assert (second.number, second.records, second.chains, second.previous) == (2, 5, 2, first.digest)
    assert heads(session) == [(1, anna, 2), (1, bert, 2), (2, bert, 3)]
    assert consent.verify(session, secret=SECRET).holds


def test_a_day_without_news_is_sealed_too(session: Session, news: MailingList) -> None:
    a_subscription(session, news)
    tampering.seal(session)

    second = tampering.seal(session, now=LATER)

    assert (second.number, second.records, second.chains) == (2, 2, 1)
    assert consent.verify(session, secret=SECRET).holds


def test_an_empty_database_can_be_sealed(session: Session) -> None:
    made = tampering.seal(session)

    assert (made.number, made.records, made.chains) == (1, 0, 0)
    assert consent.verify(session, secret=SECRET).holds


def test_much_is_sealed_in_pieces_that_follow_each_other(session: Session, news: MailingList) -> None:
    for number in range(5):
        a_subscription(session, news, f"reader{number}@example.org")
    session.flush()

    made = [seal(session, piece) for piece in sealing.unsealed(session, size=2)]

    assert [(each.number, each.records, each.chains) for each in made] == [(1, 4, 2), (2, 8, 4), (3, 10, 5)]
    assert consent.verify(session, secret=SECRET).holds
    (rest,) = sealing.unsealed(session)
    assert rest == Piece(3, ())


def test_whoever_comes_second_writes_nothing(session: Session, news: MailingList) -> None:
    a_subscription(session, news)
    session.flush()
    (mine,) = sealing.unsealed(session)
    seal(session, mine)

    with pytest.raises(SealOvertaken):
        seal(session, mine)
    assert heads(session) == [(1, 1, 2)]


@pytest.mark.slow
def test_of_two_that_seal_at_the_same_moment_one_does(side_by_side: Database) -> None:
    database = side_by_side
    with database.writing() as session:
        a_subscription(session, a_list(session))
    with database.reading() as session:
        (piece,) = sealing.unsealed(session)

    with database._write() as first, first.begin():
        seal(first, piece)
        with database._write() as second, second.begin():
            second.execute(text("SET LOCAL lock_timeout = '200ms'"))
            with pytest.raises(Exception, match="lock timeout"):
                seal(second, piece)

    with database.writing() as session, pytest.raises(SealOvertaken):
        seal(session, piece)


@pytest.mark.slow
def test_a_record_committed_late_under_an_early_number_is_part_of_the_next_seal(side_by_side: Database) -> None:
    """PostgreSQL gives ids before the commit; a seal that went by ids would never see this record."""
    database = side_by_side
    with database.writing() as session:
        news = a_list(session)
        anna = a_subscription(session, news).subscriber_id
        bert = a_subscription(session, news, "bert@example.org").subscriber_id

    with database._write() as slow, slow.begin():
        grow(slow, anna, news)
        slow.flush()  # has its id, and is not committed
        with database.writing() as quick:
            grow(quick, bert, news)
        with database.reading() as snapshot:
            (piece,) = sealing.unsealed(snapshot)
        with database.writing() as session:
            assert seal(session, piece).records == 5
    with database.reading() as snapshot:
        (rest,) = sealing.unsealed(snapshot)

    assert [(head.subscriber_id, head.sequence, head.sealed) for head in rest.heads] == [(anna, 3, 2)]
    with database.writing() as session:
        assert seal(session, rest).records == 6
        assert consent.verify(session, secret=SECRET).holds


def test_records_written_while_it_is_sealed_wait_for_the_next_seal(database: Database) -> None:
    with database.writing() as session:
        news = a_list(session)
        anna = a_subscription(session, news).subscriber_id
    with database.reading() as snapshot:
        pieces = sealing.unsealed(snapshot)
        piece = next(pieces)
        with database.writing() as session:
            grow(session, anna, news)
        with database.writing() as session:
            seal(session, piece)
        assert list(pieces) == []

    with database.reading() as session:
        assert heads(session) == [(1, anna, 2)]
        assert consent.verify(session, secret=SECRET).holds


@pytest.mark.parametrize("table", ["consent_seal", "consent_seal_head", "consent_seal_wording", "wording"])
@pytest.mark.parametrize("act", ["UPDATE {} SET digest = 'x'", "DELETE FROM {}"])
def test_what_is_sealed_can_be_neither_changed_nor_deleted(database: Database, table: str, act: str) -> None:
    with database.writing() as session:
        a_subscription(session, a_list(session))
        tampering.seal(session)

    with pytest.raises(IntegrityError, match=f"{table} is append-only"), database.writing() as session:
        session.execute(text(act.format(table)))


def test_a_seal_stands_in_the_audit_log_with_its_digest(session: Session) -> None:
    made = tampering.seal(session)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "consent.seal")).one()
    assert (entry.subject, entry.details) == ("seal:1", {"digest": made.digest})


def test_a_reader_may_not_seal(session: Session) -> None:
    with pytest.raises(NotPermitted):
        sealing.seal(session, Piece(0, ()), secret=SECRET, by=Actor.reader(1), now=NOW)


def test_the_newest_seal_of_a_person_is_told(session: Session, news: MailingList) -> None:
    anna = a_subscription(session, news).subscriber_id
    assert sealing.seal_of(session, anna) is None
    tampering.seal(session)
    a_subscription(session, news, "bert@example.org")
    tampering.seal(session, now=LATER)

    found = sealing.seal_of(session, anna)

    assert found is not None
    assert found.number == 1

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import suppression
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted, OnlyTheReaders
from subscribers.models import Suppression, SuppressionReason
from subscribers.secret import Secret
from tests.support.people import NOW, SECRET, STAFF, VISITOR

ANNA = EmailAddress.parse("anna@example.org")


def add(session: Session, reason: SuppressionReason, *, by: Actor = STAFF) -> None:
    suppression.add(session, ANNA, reason, secret=SECRET, by=by, now=NOW)


def test_an_address_is_suppressed_however_it_is_spelt(session: Session) -> None:
    add(session, SuppressionReason.BOUNCED)

    assert suppression.is_suppressed(session, EmailAddress.parse("ANNA@example.ORG"), secret=SECRET)
    assert not suppression.is_suppressed(session, EmailAddress.parse("bert@example.org"), secret=SECRET)


def test_the_table_does_not_tell_the_address_without_the_secret(session: Session) -> None:
    add(session, SuppressionReason.BLOCKED)

    row = session.scalars(select(Suppression)).one()
    other = Secret(b"another secret of thirty-two byt")
    assert row.address_hash == suppression.key_of(ANNA.key, key=suppression.hashing_key(SECRET))
    assert row.address_hash != suppression.key_of(ANNA.key, key=suppression.hashing_key(other))
    assert len(row.address_hash) == 64


def test_adding_twice_changes_nothing(session: Session) -> None:
    add(session, SuppressionReason.BOUNCED)
    add(session, SuppressionReason.BOUNCED)

    assert len(session.scalars(select(Suppression)).all()) == 1
    assert len(session.scalars(select(AuditEntry)).all()) == 1


def test_lifting_one_reason_leaves_the_others(session: Session) -> None:
    add(session, SuppressionReason.BOUNCED)
    add(session, SuppressionReason.BLOCKED)

    lifted = suppression.lift(
        session,
        ANNA,
        reasons=[SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED],
        secret=SECRET,
        by=STAFF,
        now=NOW,
        because="the wrong file",
    )

    assert lifted == {SuppressionReason.BOUNCED}
    assert suppression.is_suppressed(session, ANNA, secret=SECRET)
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["suppression.add", "suppression.add", "suppression.lift"]


@pytest.mark.parametrize("reason", ["left", "complained", "erased"])
def test_what_a_reader_set_is_lifted_by_staff_only_as_a_mistake_that_is_told(session: Session, reason: str) -> None:
    set_by_reader = SuppressionReason(reason)
    add(session, set_by_reader)

    with pytest.raises(OnlyTheReaders, match=f"“{reason}” is ended by the reader's own sign-up alone"):
        suppression.lift(session, ANNA, reasons=[set_by_reader], secret=SECRET, by=STAFF, now=NOW, because=" ")
    assert [row.reason for row in suppression.held(session, ANNA, secret=SECRET)] == [reason]

    mistake = "the wrong file"
    suppression.lift(session, ANNA, reasons=[set_by_reader], secret=SECRET, by=STAFF, now=NOW, because=mistake)
    assert suppression.held(session, ANNA, secret=SECRET) == ()
    told = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "suppression.set_by_mistake")).one()
    assert told == {"reasons": [reason], "because": "the wrong file"}


def test_the_newest_come_first_and_all_are_counted(session: Session) -> None:
    add(session, SuppressionReason.BOUNCED)
    add(session, SuppressionReason.BLOCKED)

    assert [row.reason for row in suppression.newest(session, most=10)] == ["blocked", "bounced"]
    assert [row.reason for row in suppression.newest(session, most=1)] == ["blocked"]
    assert [row.reason for row in suppression.newest(session, reason=SuppressionReason.BOUNCED, most=10)] == ["bounced"]
    assert suppression.counts(session) == {"left": 0, "bounced": 1, "complained": 0, "blocked": 1, "erased": 0}


def test_what_came_later_than_a_moment_is_not_lifted(session: Session) -> None:
    add(session, SuppressionReason.BOUNCED)
    hashed = suppression.key_of(ANNA.key, key=suppression.hashing_key(SECRET))

    lifted = suppression.lift_hash(
        session,
        hashed,
        reasons=[SuppressionReason.BOUNCED],
        by=STAFF,
        now=NOW,
        set_before=NOW - dt.timedelta(seconds=1),
    )

    assert lifted == frozenset()


def test_a_reader_can_suppress_nobody(session: Session) -> None:
    with pytest.raises(NotPermitted):
        add(session, SuppressionReason.BLOCKED, by=VISITOR)


def test_many_hashes_are_looked_up_at_once(session: Session) -> None:
    add(session, SuppressionReason.LEFT)
    key = suppression.hashing_key(SECRET)
    hashes = [suppression.key_of(f"reader{number}@example.org", key=key) for number in range(1_200)]

    found = suppression.suppressed_among(session, [*hashes, suppression.key_of(ANNA.key, key=key)])

    assert found == {suppression.key_of(ANNA.key, key=key)}

"""Somebody with the database and without the key: whatever they do to the proof is named."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Column, select, text, update
from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.audit import AuditEntry
from subscribers.consent import Break, BreakKind, chain
from subscribers.consent.models import ConsentSeal, ConsentSealHead, ConsentSealWording
from subscribers.models import ConsentEvidence, ConsentRecord, MailingList, Subscriber, Subscription, Wording
from subscribers.secret import Secret
from tests.support import tampering
from tests.support.people import NOW, SECRET, a_list, a_subscription, asked
from tests.support.tampering import TABLES, change_a_byte, put_in, take_out

OTHER_SECRET = Secret(b"another secret of thirty-two byt")
LATER = NOW + dt.timedelta(days=1)
COLUMNS = [pytest.param(column, id=f"{table.name}.{column.name}") for table in TABLES for column in table.columns]


@pytest.fixture
def sealed(session: Session) -> Session:
    """Anna and Bert, both confirmed and sealed on one day, Carla on the next; and nothing guards the tables."""
    news = a_list(session)
    for address in ("anna@example.org", "bert@example.org"):
        a_subscription(session, news, address)
    tampering.seal(session)
    a_subscription(session, news, "carla@example.org", now=LATER)
    tampering.seal(session, now=LATER)
    tampering.open_up(session)
    assert session.scalars(select(ConsentSealHead.subscriber_id).order_by(ConsentSealHead.seal)).all()[-1] == 3
    return session


def breaks(session: Session, *kept: str) -> list[Break]:
    session.expire_all()
    return list(consent.verify(session, secret=SECRET, kept=kept).breaks)


def sentences(session: Session) -> list[str]:
    return [str(each) for each in breaks(session)]


def test_what_nobody_touched_holds(sealed: Session) -> None:
    found = consent.verify(sealed, secret=SECRET)

    assert (found.records, found.chains, found.seals, found.breaks) == (6, 3, 2, ())


@pytest.mark.parametrize("column", COLUMNS)
def test_one_byte_changed_in_any_column_is_named(sealed: Session, column: "Column[Any]") -> None:
    change_a_byte(sealed, column)

    found = breaks(sealed)
    assert found
    owner = {"consent_record": 1, "consent_evidence": 1}.get(column.table.name)
    if owner is not None:
        assert owner in {each.subscriber_id for each in found}


def test_the_last_record_deleted_is_named(sealed: Session) -> None:
    take_out(sealed, ConsentEvidence, record_id=4)
    take_out(sealed, ConsentRecord, subscriber_id=2, sequence=2)
    sealed.execute(text("UPDATE subscription SET state = 'pending' WHERE subscriber_id = 2"))

    assert sentences(sealed) == ["Subscriber 2, record 2: it is missing, and so is all that followed; seal 1 holds it."]


def test_a_record_deleted_and_written_anew_by_ourselves_is_named(sealed: Session) -> None:
    """Who cuts the end of a chain off may wait until we, who have the key, continue it."""
    take_out(sealed, ConsentEvidence, record_id=4)
    take_out(sealed, ConsentRecord, subscriber_id=2, sequence=2)
    sealed.execute(text("UPDATE subscription SET state = 'left' WHERE subscriber_id = 2"))
    sealed.expire_all()
    asked(sealed, sealed.scalars(select(MailingList)).one(), "bert@example.org", now=LATER)
    sealed.flush()

    assert sentences(sealed) == ["Subscriber 2, record 2: it is not the record that seal 1 holds."]


@pytest.mark.parametrize("with_the_person", [False, True])
def test_a_whole_chain_deleted_is_named(sealed: Session, with_the_person: bool) -> None:  # noqa: FBT001  # a case
    sealed.execute(text("DELETE FROM consent_evidence WHERE record_id IN (3, 4)"))
    take_out(sealed, ConsentRecord, subscriber_id=2)
    take_out(sealed, Subscription, subscriber_id=2)
    if with_the_person:
        take_out(sealed, Subscriber, id=2)

    assert sentences(sealed) == ["Subscriber 2: the whole chain is missing; seal 1 holds its last record."]


@pytest.mark.parametrize("key_id", ["theirs", "ours"])
def test_a_chain_recomputed_without_the_key_is_named(sealed: Session, key_id: str) -> None:
    key = chain.Key.of(OTHER_SECRET)
    named = chain.Key.of(SECRET).id if key_id == "ours" else key.id
    previous = chain.START
    for record in consent.history(sealed, 2):
        link = chain.Link(
            2, record.sequence, record.list_id, record.kind, LATER, "staff", "page", None, record.commitment, previous
        )
        previous = chain.digest(chain.Key(named, key.value), link)
        sealed.execute(
            update(ConsentRecord)
            .where(ConsentRecord.id == record.id)
            .values(**link.columns(), digest=previous)
            .execution_options(synchronize_session=False)
        )

    kind = BreakKind.CHANGED if key_id == "ours" else BreakKind.FOREIGN_KEY
    found = breaks(sealed)
    assert {each.subscriber_id for each in found} == {2}
    assert Break(2, 1, kind) in found
    assert Break(2, 2, kind) in found
    assert Break(2, 2, BreakKind.REPLACED, seal=1) in found


def test_a_wording_deleted_is_named(sealed: Session) -> None:
    digest = sealed.scalars(select(Wording.digest)).one()

    take_out(sealed, Wording, digest=digest)

    assert Break(0, 0, BreakKind.WORDING_MISSING, seal=1, name=digest) in breaks(sealed)


def test_a_seal_taken_out_is_named(sealed: Session) -> None:
    take_out(sealed, ConsentSeal, number=1)

    assert breaks(sealed) == [
        Break(0, 0, BreakKind.SEAL_MISSING, seal=1),
        Break(0, 0, BreakKind.SEAL_GAP, seal=2),
    ]


def test_the_last_seal_taken_out_with_all_it_held_is_named_by_the_audit_log(sealed: Session) -> None:
    for table in (ConsentSeal, ConsentSealHead, ConsentSealWording):
        take_out(sealed, table, **{"number" if table is ConsentSeal else "seal": 2})

    assert sentences(sealed) == ["Seal 2: it is missing, but the audit log tells that it was made."]


def test_a_seal_kept_outside_tells_what_was_deleted_together_with_its_seal_and_the_audit_log(sealed: Session) -> None:
    kept = sealed.get_one(ConsentSeal, 2).digest
    assert breaks(sealed, kept) == []
    for table in (ConsentSeal, ConsentSealHead, ConsentSealWording):
        take_out(sealed, table, **{"number" if table is ConsentSeal else "seal": 2})
    take_out(sealed, AuditEntry, subject="seal:2")
    sealed.execute(text("DELETE FROM consent_evidence WHERE record_id > 4"))
    take_out(sealed, ConsentRecord, subscriber_id=3)
    take_out(sealed, Subscription, subscriber_id=3)

    assert breaks(sealed) == []  # nothing in the database tells of it any more
    assert [str(each) for each in breaks(sealed, kept)] == [
        f"Digest {kept}: no seal has this digest, which was kept outside: seals were deleted or made anew."
    ]


def test_seals_made_anew_by_somebody_with_the_key_are_told_by_one_kept_outside(sealed: Session) -> None:
    kept = sealed.get_one(ConsentSeal, 1).digest
    for table in (ConsentSeal, ConsentSealHead, ConsentSealWording, AuditEntry):
        take_out(sealed, table)
    sealed.execute(text("DELETE FROM consent_evidence WHERE record_id > 4"))
    take_out(sealed, ConsentRecord, subscriber_id=3)
    take_out(sealed, Subscription, subscriber_id=3)
    tampering.seal(sealed, now=LATER)

    assert breaks(sealed) == []
    assert [each.kind for each in breaks(sealed, kept)] == [BreakKind.SEAL_UNKNOWN]


def test_a_seal_put_in_by_somebody_without_the_key_is_named(sealed: Session) -> None:
    last = sealed.get_one(ConsentSeal, 2)
    put_in(
        sealed,
        ConsentSeal,
        number=3,
        at=LATER,
        records=last.records,
        chains=last.chains,
        contents=last.contents,
        previous=last.digest,
        digest="0" * 64,
    )

    assert {each.kind for each in breaks(sealed)} == {BreakKind.SEAL_FOREIGN_KEY, BreakKind.SEAL_CONTENTS}


def test_evidence_put_under_another_number_is_named_with_its_record(sealed: Session) -> None:
    sealed.execute(text("UPDATE consent_evidence SET record_id = 999 WHERE record_id = 3"))

    assert breaks(sealed) == [Break(2, 1, BreakKind.EVIDENCE_APART)]


def test_evidence_of_nobody_is_named(sealed: Session) -> None:
    put_in(sealed, ConsentEvidence, record_id=999, salt=bytes(16), data={"address": "x"})

    assert sentences(sealed) == ["Evidence 999: it belongs to no record that there is."]


def test_evidence_erased_breaks_nothing(sealed: Session) -> None:
    sealed.execute(text("DELETE FROM consent_evidence"))

    assert breaks(sealed) == []


def test_a_subscription_set_to_measured_by_hand_is_named(sealed: Session) -> None:
    sealed.execute(text("UPDATE subscription SET measured = true WHERE subscriber_id = 2"))

    assert breaks(sealed) == [Break(2, 0, BreakKind.UNPROVEN_MEASURING)]

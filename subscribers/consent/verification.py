"""Does every chain still hold, and does every confirmed subscription rest on a record?

Streams: a million chains need the memory of one page of rows.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from subscribers.consent import chain
from subscribers.models import (
    AGREEING,
    ConsentEvidence,
    ConsentKind,
    ConsentRecord,
    Subscription,
    SubscriptionState,
    Wording,
)
from subscribers.secret import Secret

PAGE = 2_000


class BreakKind(StrEnum):
    """What is wrong with a record."""

    CHANGED = "a column was changed after it was sealed"
    FOREIGN_KEY = "it was sealed with another secret"
    EVIDENCE = "its evidence is not what was committed to"
    WORDING = "the wording it points to is missing or was changed"
    GAP = "records are missing before it"
    PREVIOUS = "it does not follow the record before it"
    UNPROVEN = "the subscription is confirmed, but the last record of that list does not say so"


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold. `sequence` is 0 where no record can be named."""

    subscriber_id: int
    sequence: int
    kind: BreakKind

    def __str__(self) -> str:
        where = f"Subscriber {self.subscriber_id}"
        return f"{where}, record {self.sequence}: {self.kind}." if self.sequence else f"{where}: {self.kind}."


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and every break in it, ordered by subscriber."""

    records: int
    chains: int
    breaks: tuple[Break, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing is broken."""
        return not self.breaks


def verify(session: Session, *, secret: Secret) -> Verification:
    """Check every record of everybody. Evidence that was erased is no break; changed evidence is."""
    key = chain.Key.of(secret)
    wordings = _true_wordings(session)
    breaks: list[Break] = []
    records = chains = 0
    before: chain.Link | None = None
    digest_before = chain.START
    for row in _rows(session):
        if before is None or before.subscriber_id != row.link.subscriber_id:
            before, digest_before = None, chain.START
            chains += 1
        kinds = _breaks_of(row, before, digest_before, key=key, wordings=wordings)
        breaks.extend(Break(row.link.subscriber_id, row.link.sequence, kind) for kind in kinds)
        before, digest_before = row.link, row.digest
        records += 1
    breaks.extend(_unproven(session))
    return Verification(records, chains, tuple(sorted(breaks, key=lambda each: (each.subscriber_id, each.sequence))))


@dataclass(frozen=True, slots=True)
class _Row:
    link: chain.Link
    digest: str
    salt: bytes | None
    evidence: dict[str, object] | None


def _rows(session: Session) -> Iterator[_Row]:
    columns = (
        select(
            ConsentRecord.subscriber_id,
            ConsentRecord.sequence,
            ConsentRecord.list_id,
            ConsentRecord.kind,
            ConsentRecord.at,
            ConsentRecord.actor,
            ConsentRecord.source,
            ConsentRecord.wording,
            ConsentRecord.commitment,
            ConsentRecord.previous,
        )
        .add_columns(ConsentRecord.digest, ConsentEvidence.salt, ConsentEvidence.data)
        .outerjoin(ConsentEvidence, ConsentEvidence.record_id == ConsentRecord.id)
        .order_by(ConsentRecord.subscriber_id, ConsentRecord.sequence)
        .execution_options(yield_per=PAGE)
    )
    for *link, digest, salt, evidence in session.execute(columns):
        yield _Row(chain.Link(*link), digest, salt, evidence)


def _breaks_of(
    row: _Row, before: chain.Link | None, digest_before: str, *, key: chain.Key, wordings: frozenset[str]
) -> Iterator[BreakKind]:
    expected = 1 if before is None else before.sequence + 1
    if row.link.sequence != expected:
        yield BreakKind.GAP
    elif row.link.previous != digest_before:
        yield BreakKind.PREVIOUS
    if not chain.is_sealed_by(key, row.digest):
        yield BreakKind.FOREIGN_KEY
    elif row.digest != chain.digest(key, row.link):
        yield BreakKind.CHANGED
    if row.salt is not None and chain.commitment(row.salt, row.evidence or {}) != row.link.commitment:
        yield BreakKind.EVIDENCE
    if row.link.wording is not None and row.link.wording not in wordings:
        yield BreakKind.WORDING


def _true_wordings(session: Session) -> frozenset[str]:
    """Digests of the wordings whose text is still what was hashed."""
    rows = session.execute(select(Wording.digest, Wording.text))
    return frozenset(digest for digest, text in rows if hashlib.sha256(text.encode()).hexdigest() == digest)


def _unproven(session: Session) -> Iterator[Break]:
    later = aliased(ConsentRecord)
    left_since = exists().where(
        later.subscriber_id == ConsentRecord.subscriber_id,
        later.list_id == ConsentRecord.list_id,
        later.kind == ConsentKind.LEFT.value,
        later.sequence > ConsentRecord.sequence,
    )
    proof = exists().where(
        ConsentRecord.subscriber_id == Subscription.subscriber_id,
        ConsentRecord.list_id == Subscription.list_id,
        ConsentRecord.kind.in_([kind.value for kind in AGREEING]),
        ~left_since,
    )
    unproven = (
        select(Subscription.subscriber_id)
        .where(Subscription.state == SubscriptionState.CONFIRMED.value, ~proof)
        .order_by(Subscription.subscriber_id)
    )
    for subscriber_id in session.scalars(unproven):
        yield Break(subscriber_id, 0, BreakKind.UNPROVEN)

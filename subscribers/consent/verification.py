"""Does every chain still hold, does every seal, and does every confirmed subscription rest on a record?

Streams: a million chains need the memory of one page of rows, and each break is told as it is found.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.orm import Session, aliased

from subscribers.consent import chain, verifying_seals
from subscribers.consent.breaks import Break, BreakKind, Progress, Tally
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


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and every break in it, ordered by subscriber."""

    records: int
    chains: int
    seals: int
    breaks: tuple[Break, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing is broken."""
        return not self.breaks


def verify(session: Session, *, secret: Secret, kept: Collection[str] = ()) -> Verification:
    """Check every record of everybody, and all seals; see `find_breaks`."""
    tally = Tally()
    found = sorted(find_breaks(session, tally, secret=secret, kept=kept), key=_place)
    return Verification(tally.records, tally.chains, tally.seals, tuple(found))


def find_breaks(
    session: Session,
    tally: Tally,
    *,
    secret: Secret,
    kept: Collection[str] = (),
    progress: Progress | None = None,
) -> Iterator[Break]:
    """Find every break: the seals' first, then chain by chain, then what rests on them.

    `tally` counts what was looked at. `kept` are digests of seals that were kept outside of the database.
    Evidence that was erased is no break; changed evidence is.
    """
    yield from verifying_seals.breaks_of_seals(session, tally, secret=secret, kept=kept)
    yield from _breaks_of_chains(session, tally, key=chain.Key.of(secret), progress=progress)
    yield from verifying_seals.breaks_of_contents(session)
    yield from _lost_evidence(session)
    yield from _unproven(session)
    yield from _unproven_measuring(session)


def verify_person(session: Session, subscriber_id: int, *, secret: Secret) -> Verification:
    """Check one person's chain, and that all of it is there that was ever sealed."""
    tally = Tally()
    found = [
        *_breaks_of_chains(session, tally, key=chain.Key.of(secret), progress=None, subscriber_id=subscriber_id),
        *verifying_seals.breaks_of_records(session, subscriber_id=subscriber_id),
    ]
    return Verification(tally.records, tally.chains, 0, tuple(sorted(found, key=_place)))


def count(session: Session) -> int:
    """How many records there are to look at."""
    return session.scalar(select(func.count()).select_from(ConsentRecord)) or 0


@dataclass(frozen=True, slots=True)
class _Row:
    link: chain.Link
    digest: str
    salt: bytes | None
    evidence: dict[str, object] | None


def _place(each: Break) -> tuple[int, int, int]:
    return (each.subscriber_id, each.sequence, each.seal)


def _breaks_of_chains(
    session: Session, tally: Tally, *, key: chain.Key, progress: Progress | None, subscriber_id: int | None = None
) -> Iterator[Break]:
    wordings = _true_wordings(session, subscriber_id)
    before: chain.Link | None = None
    digest_before = chain.START
    for row in _rows(session, subscriber_id):
        if before is None or before.subscriber_id != row.link.subscriber_id:
            before, digest_before = None, chain.START
            tally.chains += 1
        for kind in _breaks_of(row, before, digest_before, key=key, wordings=wordings):
            yield Break(row.link.subscriber_id, row.link.sequence, kind)
        before, digest_before = row.link, row.digest
        tally.records += 1
        tally.without_evidence += row.salt is None
        if progress is not None and tally.records % PAGE == 0:
            progress(tally.records)


def _rows(session: Session, subscriber_id: int | None) -> Iterator[_Row]:
    """Everybody's records, or one person's."""
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
    if subscriber_id is not None:
        columns = columns.where(ConsentRecord.subscriber_id == subscriber_id)
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


def _true_wordings(session: Session, subscriber_id: int | None) -> frozenset[str]:
    """Digests of the wordings whose text is still what was hashed: all, or those that one person was shown."""
    wordings = select(Wording.digest, Wording.text).execution_options(yield_per=PAGE)
    if subscriber_id is not None:
        shown = select(ConsentRecord.wording).where(ConsentRecord.subscriber_id == subscriber_id)
        wordings = wordings.where(Wording.digest.in_(shown))
    rows = session.execute(wordings)
    return frozenset(digest for digest, text in rows if hashlib.sha256(text.encode()).hexdigest() == digest)


def _lost_evidence(session: Session) -> Iterator[Break]:
    """Find evidence that no record has, and the record it was made for, by what that committed to."""
    has_record = exists().where(ConsentRecord.id == ConsentEvidence.record_id)
    lost = select(ConsentEvidence.record_id, ConsentEvidence.salt, ConsentEvidence.data).where(~has_record)
    for record_id, salt, data in session.execute(lost.order_by(ConsentEvidence.record_id)).all():
        committed = select(ConsentRecord.subscriber_id, ConsentRecord.sequence).where(
            ConsentRecord.commitment == chain.commitment(salt, data)
        )
        owner = session.execute(committed.limit(1)).first()
        if owner is None:
            yield Break(0, 0, BreakKind.EVIDENCE_OF_NOTHING, name=str(record_id))
        else:
            yield Break(owner.subscriber_id, owner.sequence, BreakKind.EVIDENCE_APART)


def _unproven(session: Session) -> Iterator[Break]:
    proof = _last_word(AGREEING, unless=ConsentKind.LEFT)
    unproven = (
        select(Subscription.subscriber_id)
        .where(Subscription.state == SubscriptionState.CONFIRMED.value, ~proof)
        .order_by(Subscription.subscriber_id)
    )
    for subscriber_id in session.scalars(unproven):
        yield Break(subscriber_id, 0, BreakKind.UNPROVEN)


def _unproven_measuring(session: Session) -> Iterator[Break]:
    proof = _last_word((ConsentKind.MEASURING_AGREED,), unless=ConsentKind.MEASURING_REFUSED)
    unproven = (
        select(Subscription.subscriber_id)
        .where(Subscription.measured.is_(True), ~proof)
        .order_by(Subscription.subscriber_id)
    )
    for subscriber_id in session.scalars(unproven):
        yield Break(subscriber_id, 0, BreakKind.UNPROVEN_MEASURING)


def _last_word(kinds: Collection[ConsentKind], *, unless: ConsentKind) -> Exists:
    """Tell in SQL whether a subscription has a record of these kinds, and none after it that takes it back."""
    later = aliased(ConsentRecord)
    taken_back = exists().where(
        later.subscriber_id == ConsentRecord.subscriber_id,
        later.list_id == ConsentRecord.list_id,
        later.kind == unless.value,
        later.sequence > ConsentRecord.sequence,
    )
    return exists().where(
        ConsentRecord.subscriber_id == Subscription.subscriber_id,
        ConsentRecord.list_id == Subscription.list_id,
        ConsentRecord.kind.in_([kind.value for kind in kinds]),
        ~taken_back,
    )

"""Do the seals hold, and is all that they hold still there?

A seal tells what a chain alone cannot: that its last records, or all of them, are gone.
"""

from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from subscribers.audit import AuditEntry
from subscribers.consent import chain, seals
from subscribers.consent.breaks import Break, BreakKind, Tally
from subscribers.consent.models import ConsentSeal, ConsentSealHead, ConsentSealWording
from subscribers.models import ConsentRecord, Wording
from subscribers.secret import Secret

PAGE = 2_000


def breaks_of_seals(session: Session, tally: Tally, *, secret: Secret, kept: Collection[str] = ()) -> Iterator[Break]:
    """Check the seals themselves: that none was changed or taken out, and that those kept outside are there."""
    key = seals.key_of(secret)
    contents = _contents(session)
    empty = seals.Contents().hexdigest()
    unknown = set(kept)
    number, previous = 0, seals.START
    for row in session.scalars(select(ConsentSeal).order_by(ConsentSeal.number).execution_options(yield_per=PAGE)):
        kinds = _breaks_of(row, number, previous, key=key, contents=contents.pop(row.number, empty))
        yield from (Break(0, 0, kind, seal=row.number) for kind in kinds)
        number, previous = row.number, row.digest
        unknown.discard(row.digest)
        tally.seals += 1
        tally.sealed = row.records
    yield from (Break(0, 0, BreakKind.SEAL_MISSING, seal=missing) for missing in sorted(contents))
    yield from _unheard(session, number, besides=contents)
    yield from (Break(0, 0, BreakKind.SEAL_UNKNOWN, name=digest) for digest in sorted(unknown))


def breaks_of_contents(session: Session) -> Iterator[Break]:
    """Check that each record and each wording that was ever sealed is there, and is the same."""
    yield from breaks_of_records(session)
    yield from _breaks_of_wordings(session)


def breaks_of_records(session: Session, *, subscriber_id: int | None = None) -> Iterator[Break]:
    """Check the sealed records of everybody, or of one person."""
    gone = _records_gone().execution_options(yield_per=PAGE)
    if subscriber_id is not None:
        gone = gone.where(ConsentSealHead.subscriber_id == subscriber_id)
    for owner, group in groupby(session.execute(gone), key=lambda row: row.subscriber_id):
        yield from _breaks_of_chain(owner, [(row.seal, row.sequence, row.digest, row.end) for row in group])


def _contents(session: Session) -> dict[int, str]:
    """What each seal holds, hashed again from what there is; a number for each seal, in little memory."""
    hashes: dict[int, seals.Contents] = {}
    heads = select(
        ConsentSealHead.seal, ConsentSealHead.subscriber_id, ConsentSealHead.sequence, ConsentSealHead.digest
    ).order_by(ConsentSealHead.seal, ConsentSealHead.subscriber_id)
    for seal, subscriber_id, sequence, digest in session.execute(heads.execution_options(yield_per=PAGE)):
        hashes.setdefault(seal, seals.Contents()).add_head(subscriber_id, sequence, digest)
    wordings = select(ConsentSealWording.seal, ConsentSealWording.digest, ConsentSealWording.content).order_by(
        ConsentSealWording.seal, ConsentSealWording.digest
    )
    for seal, digest, content in session.execute(wordings.execution_options(yield_per=PAGE)):
        hashes.setdefault(seal, seals.Contents()).add_wording(digest, content)
    return {seal: each.hexdigest() for seal, each in hashes.items()}


def _breaks_of(
    row: ConsentSeal, number_before: int, digest_before: str, *, key: chain.Key, contents: str
) -> Iterator[BreakKind]:
    if row.number != number_before + 1:
        yield BreakKind.SEAL_GAP
    elif row.previous != digest_before:
        yield BreakKind.SEAL_PREVIOUS
    sealed = seals.Seal(row.number, row.at, row.records, row.chains, row.contents, row.previous)
    if not chain.is_sealed_by(key, row.digest):
        yield BreakKind.SEAL_FOREIGN_KEY
    elif row.digest != seals.digest(key, sealed):
        yield BreakKind.SEAL_CHANGED
    if row.contents != contents:
        yield BreakKind.SEAL_CONTENTS


def _unheard(session: Session, last: int, *, besides: Collection[int]) -> Iterator[Break]:
    """Find seals that the audit log tells of, beyond the last one there is."""
    told = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "consent.seal"))
    numbers = {int(number) for subject in told if (number := subject.removeprefix("seal:")).isdecimal()}
    for unheard in sorted(each for each in numbers if each > last and each not in besides):
        yield Break(0, 0, BreakKind.SEAL_UNHEARD, seal=unheard)


def _records_gone() -> Select[*tuple[Any, ...]]:
    """Select the sealed heads whose record is gone or another, with the end of the chain as it is now."""
    of_chain = aliased(ConsentRecord)
    end = (
        select(func.max(of_chain.sequence))
        .where(of_chain.subscriber_id == ConsentSealHead.subscriber_id)
        .scalar_subquery()
    )
    return (
        select(
            ConsentSealHead.subscriber_id,
            ConsentSealHead.sequence,
            ConsentSealHead.seal,
            ConsentRecord.digest,
            end.label("end"),
        )
        .outerjoin(
            ConsentRecord,
            (ConsentRecord.subscriber_id == ConsentSealHead.subscriber_id)
            & (ConsentRecord.sequence == ConsentSealHead.sequence),
        )
        .where((ConsentRecord.digest.is_(None)) | (ConsentRecord.digest != ConsentSealHead.digest))
        .order_by(ConsentSealHead.subscriber_id, ConsentSealHead.sequence)
    )


def _breaks_of_chain(subscriber_id: int, heads: list[tuple[int, int, str | None, int | None]]) -> Iterator[Break]:
    """Name what is gone of one chain: all of it, its end, or single records."""
    end = heads[0][3]
    if end is None:
        yield Break(subscriber_id, 0, BreakKind.CHAIN_MISSING, seal=heads[-1][0])
        return
    for seal, sequence, digest, _ in heads:
        if sequence > end:
            yield Break(subscriber_id, end + 1, BreakKind.CUT, seal=seal)
            return
        kind = BreakKind.MISSING if digest is None else BreakKind.REPLACED
        yield Break(subscriber_id, sequence, kind, seal=seal)


def _breaks_of_wordings(session: Session) -> Iterator[Break]:
    rows = (
        select(ConsentSealWording.digest, ConsentSealWording.seal, ConsentSealWording.content)
        .add_columns(Wording.digest.label("found"), Wording.language, Wording.text, Wording.created_at)
        .outerjoin(Wording, Wording.digest == ConsentSealWording.digest)
        .order_by(ConsentSealWording.digest)
        .execution_options(yield_per=PAGE)
    )
    for row in session.execute(rows):
        if row.found is None:
            yield Break(0, 0, BreakKind.WORDING_MISSING, seal=row.seal, name=row.digest)
        elif seals.content_of_wording(row.digest, row.language, row.text, row.created_at) != row.content:
            yield Break(0, 0, BreakKind.WORDING_CHANGED, seal=row.seal, name=row.digest)

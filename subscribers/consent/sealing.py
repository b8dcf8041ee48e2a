"""Making seals: what grew since the last one is read from one snapshot, and written a piece at a time.

    with database.reading() as reading:
        for piece in sealing.unsealed(reading):
            with database.writing() as session:
                sealing.seal(session, piece, secret=secret, by=by, now=now)

What grew is told by the sequence of each chain, never by ids or times: a transaction that took its
id early may commit late, and its record is then simply part of the next seal. Chains only grow, so
what the snapshot shows is still true when it is written.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from sqlalchemy import Select, exists, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.consent import seals
from subscribers.consent.models import ConsentSeal, ConsentSealHead, ConsentSealWording
from subscribers.models import ConsentRecord, Wording
from subscribers.secret import Secret

PIECE = 5_000  # heads in one seal: as many as a transaction writes in well under a tenth of a second


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain as it is now, and how many of its records were sealed before."""

    subscriber_id: int
    sequence: int
    digest: str
    sealed: int


@dataclass(frozen=True, slots=True)
class SealedWording:
    """A wording that no seal holds yet."""

    digest: str
    content: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What one seal is to hold; `after` is the number of the seal it follows, 0 for none."""

    after: int
    heads: tuple[Head, ...]
    wordings: tuple[SealedWording, ...] = ()


class SealOvertaken(Exception):  # never leaves the loop that seals
    """Somebody else sealed meanwhile; what is left is read anew, or left to them."""


def unsealed(session: Session, *, size: int = PIECE) -> Iterator[Piece]:
    """What grew since the last seal, by subscriber, in pieces; one empty piece where nothing did.

    Each piece but the first follows the seal that is made of the one before.
    """
    after = last_number(session)
    first = Piece(after, (), tuple(_wordings(session)))
    heads = _heads(session)
    while True:
        piece = replace(first, heads=tuple(islice(heads, size)))
        if not piece.heads and piece.after > after:
            return
        yield piece
        first = Piece(piece.after + 1, ())


def seal(session: Session, piece: Piece, *, secret: Secret, by: Actor, now: dt.datetime) -> ConsentSeal:
    """Write one seal, and its number into the audit log.

    Raises:
        SealOvertaken: it is not the next seal any more; nothing was written.
    """
    by.require(MANAGE_PEOPLE)
    before = session.get(ConsentSeal, piece.after) if piece.after else None
    if last_number(session) != piece.after or (piece.after and before is None):
        raise SealOvertaken
    made = _made(piece, before, secret=secret, now=now)
    try:
        with session.begin_nested():
            session.add(made)
            _insert(session, piece, made.number)
    except IntegrityError as error:
        raise SealOvertaken from error
    audit.record(session, "consent.seal", f"seal:{made.number}", by=by, now=now, digest=made.digest)
    return made


def last(session: Session) -> ConsentSeal | None:
    """The newest seal."""
    return session.scalar(select(ConsentSeal).order_by(ConsentSeal.number.desc()).limit(1))


def last_number(session: Session) -> int:
    """The number of the newest seal, 0 where there is none."""
    return session.scalar(select(func.max(ConsentSeal.number))) or 0


def seal_of(session: Session, subscriber_id: int) -> ConsentSeal | None:
    """The newest seal that holds records of a person."""
    newest = select(func.max(ConsentSealHead.seal)).where(ConsentSealHead.subscriber_id == subscriber_id)
    return session.scalar(select(ConsentSeal).where(ConsentSeal.number == newest.scalar_subquery()))


def _made(piece: Piece, before: ConsentSeal | None, *, secret: Secret, now: dt.datetime) -> ConsentSeal:
    contents = seals.Contents()
    for head in piece.heads:
        contents.add_head(head.subscriber_id, head.sequence, head.digest)
    for wording in piece.wordings:
        contents.add_wording(wording.digest, wording.content)
    sealed = seals.Seal(
        number=piece.after + 1,
        at=now,
        records=(before.records if before else 0) + sum(head.sequence - head.sealed for head in piece.heads),
        chains=(before.chains if before else 0) + sum(not head.sealed for head in piece.heads),
        contents=contents.hexdigest(),
        previous=before.digest if before else seals.START,
    )
    return ConsentSeal(
        number=sealed.number,
        at=sealed.at,
        records=sealed.records,
        chains=sealed.chains,
        contents=sealed.contents,
        previous=sealed.previous,
        digest=seals.digest(seals.key_of(secret), sealed),
    )


def _insert(session: Session, piece: Piece, number: int) -> None:
    connection = session.connection()
    if piece.heads:
        heads = [
            {"seal": number, "subscriber_id": head.subscriber_id, "sequence": head.sequence, "digest": head.digest}
            for head in piece.heads
        ]
        connection.execute(insert(ConsentSealHead), heads)
    if piece.wordings:
        wordings = [{"digest": each.digest, "seal": number, "content": each.content} for each in piece.wordings]
        connection.execute(insert(ConsentSealWording), wordings)


def _heads(session: Session) -> Iterator[Head]:
    for subscriber_id, sequence, digest, sealed in session.execute(_grown().execution_options(yield_per=PIECE)):
        yield Head(subscriber_id, sequence, digest, sealed)


def _grown() -> Select[int, int, str, int]:
    """Each chain's end where it lies beyond what was sealed; both groups are read along an index."""
    ends = (
        select(ConsentRecord.subscriber_id, func.max(ConsentRecord.sequence).label("sequence"))
        .group_by(ConsentRecord.subscriber_id)
        .subquery()
    )
    sealed = (
        select(ConsentSealHead.subscriber_id, func.max(ConsentSealHead.sequence).label("sequence"))
        .group_by(ConsentSealHead.subscriber_id)
        .subquery()
    )
    known = func.coalesce(sealed.c.sequence, 0)
    return (
        select(ConsentRecord.subscriber_id, ConsentRecord.sequence, ConsentRecord.digest, known)
        .join(
            ends,
            (ends.c.subscriber_id == ConsentRecord.subscriber_id) & (ends.c.sequence == ConsentRecord.sequence),
        )
        .outerjoin(sealed, sealed.c.subscriber_id == ends.c.subscriber_id)
        .where(known < ends.c.sequence)
        .order_by(ConsentRecord.subscriber_id)
    )


def _wordings(session: Session) -> Iterator[SealedWording]:
    sealed = exists().where(ConsentSealWording.digest == Wording.digest)
    rows = select(Wording.digest, Wording.language, Wording.text, Wording.created_at).where(~sealed)
    for digest, language, text, created_at in session.execute(rows.order_by(Wording.digest)):
        yield SealedWording(digest, seals.content_of_wording(digest, language, text, created_at))

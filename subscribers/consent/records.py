"""Writing to a person's consent chain, and reading it in order."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers.actor import Actor
from subscribers.consent import chain
from subscribers.models import ConsentEvidence, ConsentKind, ConsentRecord, Wording
from subscribers.secret import Secret

# Two transactions that add to one chain at the same moment meet at the unique sequence; the later
# one reads again. Losing this often in a row means that something else is wrong.
ATTEMPTS = 5


def append(
    session: Session,
    subscriber_id: int,
    *,
    list_id: int,
    kind: ConsentKind,
    source: str,
    wording: str | None,
    evidence: Mapping[str, Any],
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> ConsentRecord:
    """Add one record to the end of a person's chain.

    `wording` is the digest of the words shown (`keep_wording`), `evidence` the personal part as
    JSON values: address, name, IP, proof.
    """
    salt = secrets.token_bytes(chain.SALT_BYTES)
    key = chain.Key.of(secret)
    committed = chain.commitment(salt, evidence)
    for attempt in range(ATTEMPTS):
        sequence, previous = _end_of_chain(session, subscriber_id)
        link = chain.Link(
            subscriber_id, sequence + 1, list_id, kind.value, now, by.kind.value, source, wording, committed, previous
        )
        record = ConsentRecord(**link.columns(), digest=chain.digest(key, link))
        try:
            with session.begin_nested():
                session.add(record)
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        break
    session.add(ConsentEvidence(record_id=record.id, salt=salt, data=dict(evidence)))
    return record


def keep_wording(session: Session, text: str, *, language: str, now: dt.datetime) -> str:
    """Keep the exact words a person was shown, once, and give their digest (SHA-256, hexadecimal)."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    if session.scalar(select(Wording.digest).where(Wording.digest == digest)) is None:
        try:
            with session.begin_nested():
                session.execute(insert(Wording).values(digest=digest, language=language, text=text, created_at=now))
        except IntegrityError:
            pass  # somebody else was shown the same words in this very moment
    return digest


def history(session: Session, subscriber_id: int) -> tuple[ConsentRecord, ...]:
    """A person's records, the oldest first."""
    records = select(ConsentRecord).where(ConsentRecord.subscriber_id == subscriber_id)
    return tuple(session.scalars(records.order_by(ConsentRecord.sequence)))


def _end_of_chain(session: Session, subscriber_id: int) -> tuple[int, str]:
    last = session.execute(
        select(ConsentRecord.sequence, ConsentRecord.digest)
        .where(ConsentRecord.subscriber_id == subscriber_id)
        .order_by(ConsentRecord.sequence.desc())
        .limit(1)
    ).first()
    return (0, chain.START) if last is None else (last.sequence, last.digest)

"""Writing many people at once: subscribers, subscriptions, consent records and their evidence.

Each table takes one bulk insert a chunk. What a later table needs of an earlier one is looked up
again by its unique key, which costs little and works alike on every database.
"""

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.orm import Session

from subscribers.actor import Actor
from subscribers.consent import chain
from subscribers.importing.consents import EarlierConsent
from subscribers.importing.sheet import Sheet
from subscribers.importing.sorting import SOURCE, Sorted, Wanted, parts
from subscribers.models import (
    ConsentEvidence,
    ConsentKind,
    ConsentRecord,
    Subscriber,
    Subscription,
    SubscriptionState,
    SubscriptionTopic,
)
from subscribers.orm import Base, UtcDateTime
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A file that shows that people agreed, kept elsewhere under its SHA-256 (hexadecimal)."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the records of an import rest on.

    `stated` is the digest of the kept statement that these people agreed, `wording` that of the words they
    agreed to, `of_rows` gives those of the texts that rows tell of their own; None where there is none.
    """

    list_id: int
    stated: str | None
    secret: Secret
    wording: str | None = None
    file: ProofFile | None = None
    of_rows: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_given(self) -> bool:
        """Tell whether there is any proof for the file as a whole."""
        return self.stated is not None or self.file is not None

    def wording_of(self, consent: EarlierConsent) -> str | None:
        """The digest of the words a row's person agreed to; else of the statement that they did."""
        return self.of_rows.get(consent.text) or self.wording or self.stated

    def evidence_of(self, consent: EarlierConsent) -> dict[str, Any]:
        """What the record of a row keeps beside: the row's own proof, and that of the whole file."""
        kept: dict[str, Any] = {}
        if told := consent.evidence():
            kept["consent"] = told
        proof: dict[str, str] = {}
        if self.stated is not None and self.stated != self.wording_of(consent):
            proof["wording"] = self.stated
        if self.file is not None:
            proof |= {"file": self.file.name, "sha256": self.file.sha256}
        return {**kept, "proof": proof} if proof else kept

    @property
    def kind(self) -> ConsentKind:
        """What the records tell."""
        return ConsentKind.IMPORTED_WITH_PROOF if self.is_given else ConsentKind.IMPORTED_WITHOUT_PROOF

    @property
    def state(self) -> SubscriptionState:
        """How the people then stand to the list."""
        return SubscriptionState.CONFIRMED if self.is_given else SubscriptionState.PENDING


class Overtaken(Exception):  # never leaves the import
    """Somebody acted since they were looked up, and may have left or be erased."""


def write(
    session: Session,
    found: Sorted,
    sheet: Sheet,
    proof: Proof,
    *,
    topic_ids: Mapping[str, int],
    by: Actor,
    now: dt.datetime,
) -> None:
    """Write the wanted people; `topic_ids` by the short names that the rows choose among.

    Raises:
        IntegrityError, Overtaken: somebody else wrote one of them since they were looked up.
    """
    if not found.wanted:
        return
    subscriber_ids = _subscribers(session, found.wanted, now=now)
    _subscriptions(session, found.wanted, subscriber_ids, proof, now=now)
    _check_that_none_is_erased(session, found.wanted)
    _topics(session, found.wanted, subscriber_ids, proof, topic_ids)
    _records(session, found.wanted, subscriber_ids, sheet, proof, by=by, now=now)


def _subscribers(session: Session, wanted: Sequence[Wanted], *, now: dt.datetime) -> list[int]:
    """Insert who is not known yet, and give everybody's id in order."""
    new = [each for each in wanted if each.subscriber_id is None]
    ids: dict[str, int] = {}
    if new:
        _insert(session, Subscriber, [_subscriber(each, now) for each in new])
    for part in parts(new):
        keys = [each.row.address.key for each in part]
        rows = select(Subscriber.address_key, Subscriber.id).where(Subscriber.address_key.in_(keys))
        ids.update(session.execute(rows).all())
    return [each.subscriber_id or ids[each.row.address.key] for each in wanted]


def _subscriber(wanted: Wanted, now: dt.datetime) -> dict[str, Any]:
    address = wanted.row.address
    return {
        "address": address.address,
        "address_key": address.key,
        "suppression_key": wanted.suppression_key,
        "provider": address.provider.value,
        "created_at": now,
        **wanted.row.person.fields(),
    }


def _subscriptions(
    session: Session, wanted: Sequence[Wanted], subscriber_ids: Sequence[int], proof: Proof, *, now: dt.datetime
) -> None:
    columns = ["subscriber_id", "list_id", "state", "source", "created_at", "changed_at"]
    new = [
        subscriber_id
        for each, subscriber_id in zip(wanted, subscriber_ids, strict=True)
        if each.subscription_id is None
    ]
    for part in parts(new):
        at = literal(now, UtcDateTime)
        people = select(Subscriber.id, literal(proof.list_id), literal(proof.state.value), literal(SOURCE), at, at)
        session.execute(insert(Subscription).from_select(columns, people.where(Subscriber.id.in_(part))))
    waiting = [each.subscription_id for each in wanted if each.subscription_id is not None]
    for part in parts(waiting):
        moved = (
            update(Subscription)
            .where(
                Subscription.id.in_(part),
                Subscription.state == SubscriptionState.PENDING.value,
                Subscription.source == SOURCE,
            )
            .values(state=proof.state.value, changed_at=now)
            .returning(Subscription.id)
            .execution_options(synchronize_session=False)
        )
        if len(session.execute(moved).all()) < len(part):
            raise Overtaken


def _check_that_none_is_erased(session: Session, wanted: Sequence[Wanted]) -> None:
    """See that everybody is who they were when they were looked up.

    From here on nobody can be erased before this transaction ends: rows of it point to them.

    Raises:
        Overtaken: somebody was erased meanwhile.
    """
    for part in parts([each.subscriber_id for each in wanted if each.subscriber_id is not None]):
        erased = select(Subscriber.id).where(Subscriber.id.in_(part), Subscriber.erased_at.is_not(None))
        if session.scalar(erased.limit(1)) is not None:
            raise Overtaken


def _topics(
    session: Session,
    wanted: Sequence[Wanted],
    subscriber_ids: Sequence[int],
    proof: Proof,
    topic_ids: Mapping[str, int],
) -> None:
    """Let the people whose rows choose topics get those alone."""
    choices = {
        subscriber_id: each.row.topics
        for each, subscriber_id in zip(wanted, subscriber_ids, strict=True)
        if each.row.topics is not None
    }
    for part in parts(list(choices)):
        mine = (Subscription.list_id == proof.list_id, Subscription.subscriber_id.in_(part))
        chosen = dict(session.execute(select(Subscription.id, Subscription.subscriber_id).where(*mine)).all())
        session.execute(
            update(Subscription).where(*mine).values(topics_chosen=True).execution_options(synchronize_session=False)
        )
        before = delete(SubscriptionTopic).where(SubscriptionTopic.subscription_id.in_(chosen))
        session.execute(before.execution_options(synchronize_session=False))
        rows = [
            {"subscription_id": subscription_id, "topic_id": topic_ids[slug]}
            for subscription_id, subscriber_id in chosen.items()
            for slug in sorted(choices[subscriber_id])
        ]
        if rows:
            _insert(session, SubscriptionTopic, rows)


def _records(
    session: Session,
    wanted: Sequence[Wanted],
    subscriber_ids: Sequence[int],
    sheet: Sheet,
    proof: Proof,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    key = chain.Key.of(proof.secret)
    labels = _labels(sheet.columns.header)
    ends = _ends_of_chains(session, [each.subscriber_id for each in wanted if each.subscriber_id is not None])
    salts = secrets.token_bytes(chain.SALT_BYTES * len(wanted))
    records: list[dict[str, Any]] = []
    evidence: list[dict[str, Any]] = []
    for place, (each, subscriber_id) in enumerate(zip(wanted, subscriber_ids, strict=True)):
        salt = salts[place * chain.SALT_BYTES : (place + 1) * chain.SALT_BYTES]
        data = {
            "address": each.row.address.address,
            "file": sheet.path.name,
            "line": each.row.line,
            "row": dict(zip(labels, each.row.cells, strict=False)),
            "entered_by": by.name,
            **proof.evidence_of(each.row.consent),
        }
        sequence, previous = ends.get(subscriber_id, (0, chain.START))
        link = chain.Link(
            subscriber_id=subscriber_id,
            sequence=sequence + 1,
            list_id=proof.list_id,
            kind=proof.kind.value,
            at=now,
            actor=by.kind.value,
            source=SOURCE,
            wording=proof.wording_of(each.row.consent),
            commitment=chain.commitment(salt, data),
            previous=previous,
        )
        records.append({**link.columns(), "digest": chain.digest(key, link)})
        evidence.append({"salt": salt, "data": data})
    _insert(session, ConsentRecord, records)
    ids = _record_ids(session, records)
    for record, kept in zip(records, evidence, strict=True):
        kept["record_id"] = ids[record["subscriber_id"], record["sequence"]]
    _insert(session, ConsentEvidence, evidence)


def _ends_of_chains(session: Session, subscriber_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    ends: dict[int, tuple[int, str]] = {}
    for part in parts(subscriber_ids):
        rows = (
            select(ConsentRecord.subscriber_id, ConsentRecord.sequence, ConsentRecord.digest)
            .where(ConsentRecord.subscriber_id.in_(part))
            .order_by(ConsentRecord.subscriber_id, ConsentRecord.sequence)
        )
        for subscriber_id, sequence, digest in session.execute(rows):
            ends[subscriber_id] = (sequence, digest)  # the last one wins
    return ends


def _record_ids(session: Session, records: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], int]:
    ids: dict[tuple[int, int], int] = {}
    for part in parts([record["subscriber_id"] for record in records]):
        rows = select(ConsentRecord.subscriber_id, ConsentRecord.sequence, ConsentRecord.id).where(
            ConsentRecord.subscriber_id.in_(part)
        )
        for subscriber_id, sequence, record_id in session.execute(rows):
            ids[subscriber_id, sequence] = record_id
    return ids


def _insert(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert by the connection: the session's way round costs twice the time and gives nothing here."""
    session.connection().execute(insert(table), rows)


def _labels(header: Sequence[str]) -> list[str]:
    """Name each column once, also where the file names two alike or one not at all."""
    labels: list[str] = []
    for number, cell in enumerate(header, start=1):
        name = cell.strip() or f"column {number}"
        labels.append(name if name not in labels else f"{name} ({number})")
    return labels

"""What becomes of each person of a chunk: wanted, there already, or suppressed.

Nobody is changed for the better or the worse who knows the list already. The one exception is a
person who stands there as pending because of an earlier import alone: an import with proof confirms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import suppression
from subscribers.importing.sheet import GoodRow
from subscribers.models import Subscriber, Subscription, SubscriptionState
from subscribers.secret import Secret

SOURCE = "import"
LOOK_UP = 500  # values in one statement

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row to be written. None where the person, or the relation to the list, is new."""

    row: GoodRow
    suppression_key: str
    subscriber_id: int | None
    subscription_id: int | None


@dataclass(frozen=True, slots=True)
class Sorted:
    """A chunk's people; `wanted` in the order of the file."""

    wanted: tuple[Wanted, ...]
    already_there: int
    suppressed: int


def sort(session: Session, rows: Sequence[GoodRow], *, list_id: int, secret: Secret, with_proof: bool) -> Sorted:
    """Look everybody up; changes nothing. No address may come twice in `rows`."""
    hashing_key = suppression.hashing_key(secret)
    hashes = [suppression.key_of(row.address.key, key=hashing_key) for row in rows]
    suppressed = suppression.suppressed_among(session, hashes)
    known = _known(session, [row.address.key for row in rows])
    related = _related(session, list(known.values()), list_id=list_id)
    wanted: list[Wanted] = []
    already_there = suppressed_count = 0
    for row, hashed in zip(rows, hashes, strict=True):
        subscriber_id = known.get(row.address.key)
        relation = related.get(subscriber_id) if subscriber_id is not None else None
        if relation is not None and not (with_proof and relation.waits_since_import):
            already_there += 1
        elif hashed in suppressed:
            suppressed_count += 1
        else:
            wanted.append(Wanted(row, hashed, subscriber_id, relation.id if relation is not None else None))
    return Sorted(tuple(wanted), already_there, suppressed_count)


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence so that each part fits into one statement."""
    for start in range(0, len(values), LOOK_UP):
        yield values[start : start + LOOK_UP]


@dataclass(frozen=True, slots=True)
class _Relation:
    id: int
    waits_since_import: bool


def _known(session: Session, address_keys: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for part in parts(address_keys):
        rows = select(Subscriber.address_key, Subscriber.id).where(Subscriber.address_key.in_(part))
        known.update(session.execute(rows).all())
    return known


def _related(session: Session, subscriber_ids: Sequence[int], *, list_id: int) -> dict[int, _Relation]:
    related: dict[int, _Relation] = {}
    for part in parts(subscriber_ids):
        rows = select(Subscription.subscriber_id, Subscription.id, Subscription.state, Subscription.source).where(
            Subscription.list_id == list_id, Subscription.subscriber_id.in_(part)
        )
        for subscriber_id, subscription_id, state, source in session.execute(rows):
            waits = state == SubscriptionState.PENDING.value and source == SOURCE
            related[subscriber_id] = _Relation(subscription_id, waits)
    return related

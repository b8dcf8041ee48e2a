"""Who looks after what is kept of a person: every place with personal data has one holder.

    holder.disclose(session, of)        # what it has of the person, as JSON values
    holder.erase(session, of, now=now)  # it has nothing of the person any more

A column that may tell of a person is marked at its model, `info=READER` or `info=STAFF`; what is told of
readers must have a holder. A test goes through all columns of all tables, so a new one has to be decided.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from subscribers.models import Subscriber
from subscribers.orm import Base

Found = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DataSubject:
    """The facts by which a person's rows are found. The law calls somebody a data subject whose data it is."""

    subscriber_id: int
    address: str
    address_key: str
    suppression_key: str


@dataclass(frozen=True, slots=True)
class Holder:
    """One place with personal data.

    Attributes:
        name: what a disclosure calls it.
        tables: those whose personal columns it looks after; none where it holds files.
        disclose: tells everything it has of the person, each entry as JSON values, in a stated order.
        erase: takes it away for good; called as `erase(session, of, now=now)`, as often as one likes.
    """

    name: str
    tables: tuple[type[Base], ...]
    disclose: Callable[[Session, DataSubject], Found]
    erase: Callable[..., None]


def subject_of(subscriber: Subscriber) -> DataSubject:
    """The facts by which the rows of a person who is not erased are found."""
    return DataSubject(
        subscriber_id=subscriber.id,
        address=subscriber.address,
        address_key=subscriber.address_key,
        suppression_key=subscriber.suppression_key,
    )

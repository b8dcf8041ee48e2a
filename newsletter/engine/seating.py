"""Who is there, and the work of those who are not.

A seat that has not been seen for a while is taken for dead, and what it had begun goes back to its
queue. If it lives after all, two work on the same for a moment; what is run must bear that.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, type_coerce
from sqlalchemy.orm import Session

from newsletter.engine import APPLICATION
from newsletter.engine.models import EngineSeat
from subscribers.orm import UtcDateTime, upsert

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

SILENT_AFTER = dt.timedelta(seconds=60)


def beat(session: Session, seat: str) -> None:
    """Say that the seat is taken by a living process."""
    statement = upsert(session, EngineSeat).values(id=seat, seen_at=func.now())
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": func.now()}))


def present(session: Session, *, silent_after: dt.timedelta = SILENT_AFTER) -> frozenset[str]:
    """The seats that were seen lately, by the database's clock."""
    oldest = moment(session) - silent_after
    return frozenset(seat.id for seat in session.scalars(select(EngineSeat)) if seat.seen_at >= oldest)


def moment(session: Session) -> dt.datetime:
    """What time it is for the database; the machines' own clocks may differ."""
    return session.execute(select(type_coerce(func.now(), UtcDateTime))).scalar_one()


def reap(client: "DBOSClient", living: Collection[str]) -> list[str]:
    """Give back to its queue what all others but these had begun; twice at a time is as good as once."""
    begun = _begun(client)
    return give_back(client, (work for work in begun if work.executor_id not in living))


def begun_by(client: "DBOSClient", seat: str) -> "list[WorkflowStatus]":
    """What a seat has begun and not ended."""
    return _begun(client, seat)


def give_back(client: "DBOSClient", works: "Iterable[WorkflowStatus]") -> list[str]:
    """Have somebody else run these, each in its queue."""
    queues: dict[str | None, list[str]] = defaultdict(list)
    for work in works:
        queues[work.queue_name].append(work.workflow_id)
    for queue, names in queues.items():
        client.resume_workflows(names, queue_name=queue)
    return [name for names in queues.values() for name in names]


def forget(session: Session, *, before: dt.datetime) -> None:
    """Remove seats that have been empty since then."""
    session.execute(delete(EngineSeat).where(EngineSeat.seen_at < before))


def _begun(client: "DBOSClient", seat: str | None = None) -> "list[WorkflowStatus]":
    return client.list_workflows(
        status="PENDING", executor_id=seat, application_name=APPLICATION, load_input=False, load_output=False
    )

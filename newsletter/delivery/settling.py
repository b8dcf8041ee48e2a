"""What became of an attempt, written into the ledger.

    settling.settle_all(session, settlements)  # many, in one transaction of the caller's

**A reply is a fact.** Settling asks neither for the mailing's state nor for its epoch nor for the lease: it
overrides whatever the row says, except a reply of the same or a later attempt. So settling twice
changes nothing, a journal may be replayed as often as one likes, and a late reply mends a doubt.

**Accepted is for good.** Who has the message once has it, whichever attempt it was and whatever a later
attempt met: an acceptance overrides all that is said of other attempts, and nothing overrides it.

Nearly all replies say that the message was taken. These go to the database as one JSON text in one statement
for all: a statement a row costs several times as much, and the sockets' thread waits while the
interpreter goes back and forth between the rows.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Integer,
    String,
    Update,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from newsletter.delivery import batches
from newsletter.delivery.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Mailing,
    MailingKind,
    MailingState,
    Window,
    WindowState,
)
from newsletter.delivery.retry import retry_delay
from newsletter.delivery.verdicts import Reply, Verdict
from subscribers.orm import current


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. `date` and `digest` tell which bytes were sent."""

    verdict: Verdict
    reply: Reply
    relay: str
    at: dt.datetime
    date: dt.datetime | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """An outcome and the attempt it is about.

    `lost_with` is the token of a lease that was lost as a whole: should its journal be found after
    all, it tells which rows may be judged anew.
    """

    kind: MailingKind
    mailing_id: int
    position: int
    attempt: int
    outcome: Outcome
    lost_with: str = ""


def settle_all(session: Session, settlements: Sequence[Settlement]) -> None:
    """Write down many: the accepted in one go, since that is what nearly all are."""
    accepted: dict[tuple[int, int], Settlement] = {}
    others = []
    for one in settlements:
        row = one.mailing_id, one.position
        if _is_accepted(one) and row not in accepted:
            accepted[row] = one
        else:
            others.append(one)
    if accepted:
        _write_accepted(session, accepted.values())
    for one in others:
        settle(session, one)


def settle(session: Session, one: Settlement) -> None:
    """Write down one.

    A system mail in doubt is queued once more: a second confirmation mail is better than none.
    Everything else in doubt waits for a person.
    """
    state, next_at = _settled(one)
    is_doubt = state is DeliveryState.UNKNOWN
    if is_doubt and one.kind is MailingKind.SYSTEM and not _was_in_doubt(session, one):
        state = DeliveryState.QUEUED
    written = session.connection().execute(_WRITE, _values(one, state, next_at)).rowcount
    if written and not _is_accepted(one):
        session.connection().execute(insert(DeliveryAttempt), _attempt(one))
    if written and next_at is not None:
        _have_tried_again(session, one, next_at)


def _is_accepted(one: Settlement) -> bool:
    return one.outcome.verdict is Verdict.ACCEPTED


def _have_tried_again(session: Session, one: Settlement, next_at: dt.datetime) -> None:
    """See that a deferred row, of which was heard only after its lease was lost, is not forgotten.

    Its window may be done by now. It opens again; where the whole mailing is over, the row is given up.
    """
    of_window = (
        Window.mailing_id == one.mailing_id,
        Window.first_position <= one.position,
        Window.last_position >= one.position,
    )
    if session.scalar(select(Window.state).where(*of_window)) != WindowState.DONE:
        return  # who holds it, or claims it next, sees to it
    mailing = current(session, Mailing, one.mailing_id)
    if mailing is None or mailing.state not in (MailingState.SENDING, MailingState.PAUSED):
        is_cancelled = mailing is not None and mailing.state == MailingState.CANCELLED
        state = DeliveryState.CANCELLED if is_cancelled else DeliveryState.EXPIRED
        session.execute(
            update(Delivery)
            .where(Delivery.mailing_id == one.mailing_id, Delivery.position == one.position)
            .values(state=state.value, next_at=None)
            .execution_options(synchronize_session=False)
        )
        return
    number = session.scalar(
        update(Window)
        .where(*of_window, Window.state == WindowState.DONE.value)
        .values(state=WindowState.OPEN.value, due_at=next_at)
        .returning(Window.batch)
        .execution_options(synchronize_session=False)
    )
    batches.enqueue_open(session, mailing, number=number)


def _write_accepted(session: Session, accepted: Iterable[Settlement]) -> None:
    connection = session.connection()
    dialect = connection.dialect.name
    as_text = dt.datetime.isoformat if dialect == "postgresql" else _as_sqlite_keeps_it
    rows = json.dumps([_values(one, DeliveryState.ACCEPTED, None) for one in accepted], default=as_text)
    connection.execute(_write_many(dialect), {"rows": rows})


def _updating(row: Mapping[str, ColumnElement[Any]]) -> Update:
    """Over what is earlier: a lower attempt, or for a reply the same attempt without one; an acceptance over all."""
    attempt = row["attempt_made"]
    same_without_reply = and_(Delivery.attempt == attempt, Delivery.code.is_(None), row["is_reply"] == 1)
    return (
        update(Delivery)
        .where(
            Delivery.mailing_id == row["of_mailing"],
            Delivery.position == row["at_position"],
            Delivery.state != DeliveryState.ACCEPTED.value,
            or_(Delivery.attempt < attempt, same_without_reply, row["state"] == DeliveryState.ACCEPTED.value),
        )
        .values(attempt=case((Delivery.attempt < attempt, attempt), else_=Delivery.attempt))
        .values(first_at=func.coalesce(Delivery.first_at, row["at"]))
        .values({name: row[name] for name in _COLUMNS})
    )


_COLUMNS = ("state", "reason", "next_at", "at", "relay", "code", "enhanced", "reply", "date", "content_digest")
_TYPES: dict[str, TypeEngine[Any]] = {
    **dict.fromkeys(("of_mailing", "at_position", "attempt_made", "is_reply"), Integer()),
    **{name: Delivery.__table__.c[name].type for name in _COLUMNS},
}
_WRITE = _updating({name: bindparam(name, type_=kind) for name, kind in _TYPES.items()})


@cache
def _write_many(dialect: str) -> Update:
    """The same for each object of a JSON array."""
    rows = bindparam("rows", type_=String())
    if dialect == "postgresql":
        columns = [column(name, kind) for name, kind in _TYPES.items()]
        table: FromClause = func.json_to_recordset(cast(rows, JSON)).table_valued(*columns, name="made")
        return _updating(table.render_derived(with_types=True).c)
    each = func.json_each(rows).table_valued("value").c.value
    values = [type_coerce(each.op("->>")(name), kind).label(name) for name, kind in _TYPES.items()]
    return _updating(select(*values).subquery("made").c)


def _as_sqlite_keeps_it(moment: dt.datetime) -> str:
    """UTC without saying so, as `subscribers.orm.UtcDateTime` has it kept."""
    return moment.astimezone(dt.UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


def _values(one: Settlement, state: DeliveryState, next_at: dt.datetime | None) -> dict[str, Any]:
    outcome, reply = one.outcome, one.outcome.reply
    return {
        "of_mailing": one.mailing_id,
        "at_position": one.position,
        "attempt_made": one.attempt,
        "is_reply": int(reply.code is not None),
        "state": state.value,
        "reason": one.lost_with if state is DeliveryState.UNKNOWN else "",
        "next_at": next_at,
        "at": outcome.at,
        "relay": outcome.relay,
        "code": reply.code,
        "enhanced": reply.enhanced,
        "reply": reply.text,
        "date": outcome.date,
        "content_digest": outcome.digest,
    }


def _settled(one: Settlement) -> tuple[DeliveryState, dt.datetime | None]:
    if one.outcome.verdict is not Verdict.DEFERRED:
        return DeliveryState(one.outcome.verdict.value), None
    delay = retry_delay(one.attempt)
    return (DeliveryState.DEFERRED, one.outcome.at + delay) if delay else (DeliveryState.EXPIRED, None)


def _was_in_doubt(session: Session, one: Settlement) -> bool:
    doubts = exists().where(
        DeliveryAttempt.mailing_id == one.mailing_id,
        DeliveryAttempt.position == one.position,
        DeliveryAttempt.code.is_(None),
    )
    return bool(session.scalar(select(doubts)))


def _attempt(one: Settlement) -> dict[str, Any]:
    outcome = one.outcome
    return {
        "mailing_id": one.mailing_id,
        "position": one.position,
        "attempt": one.attempt,
        "at": outcome.at,
        "relay": outcome.relay,
        "code": outcome.reply.code,
        "enhanced": outcome.reply.enhanced,
        "reply": outcome.reply.text,
    }

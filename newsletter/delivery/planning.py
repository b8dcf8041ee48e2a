"""Freezing an audience: a due mailing becomes ledger rows and windows, chunk by chunk.

    while planning.plan_chunk(session, mailing_id, now=now): commit

A chunk is one `INSERT … SELECT` of the next subscribers, ordered within the chunk by who runs the
mailbox, so that its windows are ranges of one provider group. The cursor and the next position
move in the same transaction: planning cut off anywhere goes on where it stopped. Nothing can be
claimed before all is planned.
"""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Insert, Select, exists, func, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from newsletter.delivery import endings
from newsletter.delivery.models import Delivery, Mailing, MailingState, StopCause, Window
from newsletter.errors import WrongState
from subscribers import audience
from subscribers.models import Subscriber, Subscription

CHUNK = 10_000  # people; about a tenth of a second on SQLite
WINDOW = 200  # positions at most: what a sender holds at a time
GRACE = dt.timedelta(hours=2)
MERGE_FIELDS = ("salutation", "title", "first_name", "last_name", "organisation")


def due(session: Session, *, now: dt.datetime) -> tuple[int, ...]:
    """The mailings to be planned now, the longest due first."""
    waiting = select(Mailing.id).where(Mailing.state == MailingState.PLANNING.value, Mailing.due_at <= now)
    return tuple(session.scalars(waiting.order_by(Mailing.due_at, Mailing.id)))


def plan_chunk(session: Session, mailing_id: int, *, now: dt.datetime) -> bool:
    """Plan the next chunk; False when there is no more to plan, and sending may begin.

    A mailing whose time was missed by more than `GRACE` waits for a person: news of yesterday may
    be wrong today.
    """
    mailing = session.get_one(Mailing, mailing_id, with_for_update=True, populate_existing=True)
    if mailing.state != MailingState.PLANNING or not _begun(session, mailing, now=now):
        return False
    if _planned(session, mailing):
        return True
    mailing.planned_at = now
    mailing.move(MailingState.SENDING)
    session.flush()
    endings.finish_where_done(session, mailing, now=now)
    return False


def _begun(session: Session, mailing: Mailing, *, now: dt.datetime) -> bool:
    """See at the first chunk that it may begin, and take the issue along."""
    if mailing.plan_cursor:
        return True
    if now - mailing.due_at > GRACE:
        reason = f"It was due at {mailing.due_at:%Y-%m-%d %H:%M} UTC, and no worker ran. Resume it to send it now."
        endings.stop(session, mailing, reason=reason, now=now, cause=StopCause.LATE)
        return False
    try:
        endings.issue_is_sending(session, mailing)
    except WrongState as error:
        endings.stop(session, mailing, reason=str(error), now=now)
        return False
    return True


def _planned(session: Session, mailing: Mailing) -> bool:
    """Insert the next people's deliveries and their windows; False when there are none."""
    first = mailing.next_position
    _insert(session, mailing)
    groups = session.execute(
        select(
            Subscriber.provider,
            func.min(Delivery.position),
            func.max(Delivery.position),
            func.max(Delivery.subscriber_id),
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.mailing_id == mailing.id, Delivery.position >= first)
        .group_by(Subscriber.provider)
    ).all()
    if not groups:
        return False
    session.execute(
        insert(Window),
        [
            {
                "mailing_id": mailing.id,
                "first_position": begin,
                "last_position": min(begin + WINDOW - 1, last),
                "provider": provider,
                "due_at": mailing.due_at,
            }
            for provider, start, last, _ in groups
            for begin in range(start, last + 1, WINDOW)
        ],
    )
    mailing.next_position = 1 + max(last for _, _, last, _ in groups)
    mailing.plan_cursor = max(subscriber or 0 for _, _, _, subscriber in groups)
    return True


def _insert(session: Session, mailing: Mailing) -> None:
    """Insert the next people; whose address was planned under another person before is left out.

    That happens only when an address moves from one person to another while an audience is being
    frozen, so it is looked for only when the unique key says so.
    """
    people = _people(mailing)
    try:
        with session.begin_nested():
            session.execute(_insertion(mailing, people))
    except IntegrityError:
        planned = exists().where(Delivery.mailing_id == mailing.id, Delivery.address_key == Subscriber.address_key)
        session.execute(_insertion(mailing, people.where(~planned.correlate(Subscriber))))


def _insertion(mailing: Mailing, chosen: Select[*tuple[Any, ...]]) -> Insert:
    """Number the people by their ids alone, and only then fetch what is written of each."""
    people = chosen.subquery()
    place = func.row_number().over(order_by=(people.c.provider, people.c.subscriber_id))
    numbered = select(place.label("place"), people.c.subscriber_id, people.c.subscription_id).subquery()
    fields = (part for name in MERGE_FIELDS for part in (literal(name), getattr(Subscriber, name)))
    return insert(Delivery).from_select(
        ["mailing_id", "position", "subscriber_id", "subscription_id", "address", "address_key", "fields"],
        select(
            literal(mailing.id),
            numbered.c.place + (mailing.next_position - 1),
            numbered.c.subscriber_id,
            numbered.c.subscription_id,
            Subscriber.address,
            Subscriber.address_key,
            _JsonObject(*fields),
        )
        .select_from(numbered)
        .join(Subscriber, Subscriber.id == numbered.c.subscriber_id),
    )


def _people(mailing: Mailing) -> Select[*tuple[Any, ...]]:
    """The next people behind the cursor."""
    return (
        audience.confirmed(mailing.list_id or 0)
        .with_only_columns(
            Subscription.subscriber_id.label("subscriber_id"),
            Subscription.id.label("subscription_id"),
            Subscriber.provider,
        )
        .where(Subscription.subscriber_id > mailing.plan_cursor)
        .order_by(Subscription.subscriber_id)
        .limit(CHUNK)
    )


class _JsonObject(FunctionElement[Any]):
    """A JSON object of names and values in turn, made by the database."""

    type = JSON()
    inherit_cache = True


@compiles(_JsonObject, "sqlite")
def _on_sqlite(element: _JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_object({compiler.process(element.clauses, **options)})"


@compiles(_JsonObject, "postgresql")
def _on_postgresql(element: _JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_build_object({compiler.process(element.clauses, **options)})"

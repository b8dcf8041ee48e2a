"""Freezing an audience: a due mailing becomes ledger rows and windows, chunk by chunk.

    while planning.plan_chunk(session, mailing_id, now=now): commit

A chunk is one `INSERT … SELECT` of the next subscribers, ordered within the chunk by who runs the
mailbox, so that its windows are ranges of one provider group. The cursor and the next position
move in the same transaction: planning cut off anywhere goes on where it stopped. Nothing can be
claimed before all is planned.

A mailing to the missed leaves out whoever has the issue by another of its mailings. Each of its
chunks locks the mailing it is a child of, before it looks: of two children that are planned at once,
the second waits and then sees whom the first one has taken.

Where blocks have topics, each row remembers which of them its recipient's choice gives (`choices`), as frozen now.
Whoever is left without a story has a row, too, which is excluded: so the statement says how many there are.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import JSON, ColumnElement, Insert, Select, and_, exists, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from newsletter.delivery import batches, choices, endings, missed
from newsletter.delivery.archive import publishing
from newsletter.delivery.choices import Choosing
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, MailingState, StopCause, Window
from newsletter.errors import WrongState
from subscribers import audience
from subscribers.models import Subscriber, Subscription, SubscriptionState
from subscribers.orm import current

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
    parent_id = session.scalar(select(Mailing.parent_id).where(Mailing.id == mailing_id))
    parent = current(session, Mailing, parent_id) if parent_id is not None else None
    mailing = session.get_one(Mailing, mailing_id, with_for_update=True, populate_existing=True)
    if parent is not None and parent.planned_at is None:  # whom it will reach, nobody knows yet
        return False
    if mailing.state != MailingState.PLANNING or not _begun(session, mailing, now=now):
        return False
    if _planned(session, mailing, now=now):
        return True
    mailing.planned_at = now
    mailing.move(MailingState.SENDING)
    session.flush()
    batches.enqueue_open(session, mailing)
    endings.finish_where_done(session, mailing, now=now)
    return False


def _begun(session: Session, mailing: Mailing, *, now: dt.datetime) -> bool:
    """See at the first chunk that it may begin, and take the issue along, also into the archive."""
    if mailing.plan_cursor:
        return True
    if now - mailing.due_at > GRACE:
        reason = f"It was due at {mailing.due_at:%Y-%m-%d %H:%M} UTC, and no worker ran. Resume it to send it now."
        endings.stop(session, mailing, reason=reason, now=now, cause=StopCause.LATE)
        return False
    try:
        endings.issue_is_sending(session, mailing)
        publishing.publish(session, mailing)
    except WrongState as error:
        endings.stop(session, mailing, reason=str(error), now=now)
        return False
    return True


def _planned(session: Session, mailing: Mailing, *, now: dt.datetime) -> bool:
    """Insert the next people's deliveries and their windows; False when no people are left."""
    last = _end_of_chunk(session, mailing)
    if last is None:
        return False
    choosing = choices.choosing(session, mailing)
    _insert(session, mailing, _people(session, mailing, last, choosing, now=now), choosing)
    if choosing and choosing.without_story:
        _exclude(session, mailing, choosing.without_story, now=now)
    _insert_windows(session, mailing, last)
    mailing.plan_cursor = last
    return True


def _insert_windows(session: Session, mailing: Mailing, last: int) -> None:
    """Cut what was just inserted into windows, and count it.

    The groups follow each other as their rows were numbered. So windows are disjoint by their making,
    whatever happens to a person's address meanwhile.
    """
    groups = session.execute(
        select(Subscriber.provider, func.count())
        .join(Delivery, Delivery.subscriber_id == Subscriber.id)
        .where(
            Delivery.mailing_id == mailing.id,
            Delivery.position >= mailing.next_position,
            _is_between(Subscriber.id, mailing, last),
        )
        .group_by(Subscriber.provider)
        .order_by(Subscriber.provider)
    )
    windows: list[dict[str, Any]] = []
    for provider, number in groups:
        end = mailing.next_position + number
        windows.extend(
            {
                "mailing_id": mailing.id,
                "first_position": begin,
                "last_position": min(begin + WINDOW, end) - 1,
                "provider": provider,
                "due_at": mailing.due_at,
            }
            for begin in range(mailing.next_position, end, WINDOW)
        )
        mailing.next_position = end
    if windows:
        session.execute(insert(Window), _in_batches(session, mailing, windows))


def _in_batches(session: Session, mailing: Mailing, windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number a chunk's windows by the batches they are handed out in, on from those of the chunks before."""
    before = session.scalar(select(func.max(Window.batch)).where(Window.mailing_id == mailing.id)) or 0
    return [{**window, "batch": before + 1 + index // batches.WINDOWS} for index, window in enumerate(windows)]


def _insert(session: Session, mailing: Mailing, people: Select[*tuple[Any, ...]], choosing: Choosing | None) -> None:
    """Insert the next people; whose address was planned under another person before is left out.

    That happens only when an address moves from one person to another while an audience is being
    frozen, so it is looked for only when the unique key says so.
    """
    try:
        with session.begin_nested():
            session.execute(_insertion(mailing, people, choosing))
    except IntegrityError:
        planned = exists().where(Delivery.mailing_id == mailing.id, Delivery.address_key == Subscriber.address_key)
        session.execute(_insertion(mailing, people.where(~planned.correlate(Subscriber)), choosing))


def _insertion(mailing: Mailing, people: Select[*tuple[Any, ...]], choosing: Choosing | None) -> Insert:
    place = func.row_number().over(order_by=(Subscriber.provider, Subscriber.id))
    fields = (part for name in MERGE_FIELDS for part in (literal(name), getattr(Subscriber, name)))
    frozen: dict[str, ColumnElement[Any] | InstrumentedAttribute[Any]] = {
        "mailing_id": literal(mailing.id),
        "position": place + (mailing.next_position - 1),
        "subscriber_id": Subscriber.id,
        "subscription_id": Subscription.id,
        "address": Subscriber.address,
        "address_key": Subscriber.address_key,
        "fields": _JsonObject(*fields),
    }
    if choosing:
        frozen["variant"] = choosing.variant
    return insert(Delivery).from_select([*frozen], people.with_only_columns(*frozen.values()))


def _exclude(session: Session, mailing: Mailing, variants: Collection[int], *, now: dt.datetime) -> None:
    """Of those just inserted, leave out whom the issue tells no news of the topics they chose."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.mailing_id == mailing.id,
            Delivery.position >= mailing.next_position,
            Delivery.variant.in_(variants),
        )
        .values(state=DeliveryState.EXCLUDED.value, reason=choices.NO_STORY, at=now)
        .execution_options(synchronize_session=False)
    )


def _end_of_chunk(session: Session, mailing: Mailing) -> int | None:
    """The last of the next people on the list, whether or not they get the mailing; None where there are no more."""
    following = (
        select(Subscription.subscriber_id)
        .where(
            Subscription.list_id == mailing.list_id,
            Subscription.state == SubscriptionState.CONFIRMED.value,
            Subscription.subscriber_id > mailing.plan_cursor,
        )
        .order_by(Subscription.subscriber_id)
        .limit(CHUNK)
    ).subquery()
    last: int | None = session.scalar(select(func.max(following.c.subscriber_id)))
    return last


def _people(
    session: Session, mailing: Mailing, last: int, choosing: Choosing | None, *, now: dt.datetime
) -> Select[*tuple[Any, ...]]:
    """Those behind the cursor, up to the last of the chunk, who get the mailing."""
    people = audience.confirmed(mailing.list_id or 0, now=now).where(
        _is_between(Subscription.subscriber_id, mailing, last), _is_between(Subscriber.id, mailing, last)
    )
    return people if mailing.parent_id is None else missed.among(session, people, mailing, choosing)


def _is_between(person: InstrumentedAttribute[int], mailing: Mailing, last: int) -> ColumnElement[bool]:
    """Tell whether a person is of this chunk.

    Said of each table by itself: PostgreSQL does not conclude it of one from the other, and would read all people
    for each chunk.
    """
    return and_(person > mailing.plan_cursor, person <= last)


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

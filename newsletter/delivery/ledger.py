"""The ledger's leases: who holds which window, which rows it may send, and how it is given back.

    lease = claim(session, executor, token=journal.token, now=now)
    rows = read(session, lease, after=0, limit=200, now=now)
    …                                       # `sending` sends them, `settling` writes what became of them
    end(session, lease.owner, now=now)

The rules (design, section 5), and why no crash breaks them, stand in `sending`.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, func, literal, not_, null, or_, select, true, update
from sqlalchemy import Row as SqlRow
from sqlalchemy.orm import InstrumentedAttribute, Session

from newsletter.delivery import endings
from newsletter.delivery.models import (
    Delivery,
    DeliveryState,
    Mailing,
    MailingKind,
    MailingState,
    Window,
    WindowState,
)
from subscribers import audience
from subscribers.address import Provider
from subscribers.models import Subscriber, Subscription
from subscribers.orm import current


@dataclass(frozen=True, slots=True)
class Lease:
    """The sole right to send the open rows of one window."""

    mailing_id: int
    first_position: int
    last_position: int
    batch: int
    owner: str
    epoch: int
    since: dt.datetime
    kind: MailingKind
    issue_id: int | None
    compiled: str
    provider: Provider
    made_at: dt.datetime
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient to send to; `attempt` is the number of the attempt to be made, from 1."""

    position: int
    attempt: int
    subscriber_id: int | None
    subscription_id: int | None
    address: str
    fields: Mapping[str, str]
    address_key: str
    variant: int | None = None


# What a sender needs, and no objects that a session would have to look after: there is one of them a recipient.
_OF_ROW = (
    Delivery.position,
    Delivery.attempt,
    Delivery.subscriber_id,
    Delivery.subscription_id,
    Delivery.address,
    Delivery.fields,
    Delivery.address_key,
    Delivery.variant,
)


def claim(
    session: Session, executor: str, *, token: str, now: dt.datetime, of: ColumnElement[bool] | None = None
) -> Lease | None:
    """Take the next open window that is due: tests and system mail before issues. None where there is none.

    `of` is a condition on `Window`: only of those.

    Asked again with the same token, because nobody knows whether the first commit came through, it
    gives the same lease.
    """
    found = session.execute(_leased_as(token)).first() or session.execute(_next_open(now, of)).first()
    if found is None:
        return None
    window, mailing = found
    if window.state == WindowState.OPEN:
        window.state = WindowState.LEASED.value
        window.owner, window.executor, window.epoch = token, executor, mailing.epoch
        window.leased_at = window.seen_at = now
        session.flush()
    return lease_of(window, mailing)


def leased_as(session: Session, token: str) -> Lease | None:
    """The lease that has this token, as long as it stands."""
    found = session.execute(_leased_as(token)).first()
    return lease_of(found[0], found[1]) if found else None


def lease_of(window: Window, mailing: Mailing) -> Lease:
    """The lease that stands in a leased window."""
    return Lease(
        mailing_id=mailing.id,
        first_position=window.first_position,
        last_position=window.last_position,
        batch=window.batch,
        owner=window.owner,
        epoch=window.epoch,
        since=window.leased_at or window.due_at,
        kind=MailingKind(mailing.kind),
        issue_id=mailing.issue_id,
        compiled=mailing.compiled,
        provider=Provider(window.provider),
        made_at=mailing.created_at,
        name=mailing.name,
    )


def running(session: Session, tokens: Collection[str]) -> frozenset[str]:
    """Of these leases, those that stand and whose mailings still run as they did when they were claimed."""
    found = session.scalars(
        select(Window.owner)
        .join(Mailing, Mailing.id == Window.mailing_id)
        .where(
            Window.state == WindowState.LEASED.value,
            Window.owner.in_(tokens),
            Mailing.state == MailingState.SENDING.value,
            Mailing.epoch == Window.epoch,
        )
    )
    return frozenset(found)


def seen(session: Session, tokens: Collection[str], *, now: dt.datetime) -> None:
    """Note that the holders of these leases live, for those who cannot look into their journals."""
    session.execute(
        update(Window)
        .where(Window.state == WindowState.LEASED.value, Window.owner.in_(tokens))
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def read(session: Session, lease: Lease, *, after: int, limit: int, now: dt.datetime) -> tuple[Row, ...]:
    """The next rows of the lease behind a position, in order; those that may no longer get it are excluded here.

    Empty means that the lease holds nothing more.
    """
    found = session.execute(
        select(*_OF_ROW, _exclusion(lease.kind, now).label("exclusion"))
        .outerjoin(Subscription, Subscription.id == Delivery.subscription_id)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            _of_window(lease),
            Delivery.position > after,
            is_held(lease.since),
        )
        .order_by(Delivery.position)
        .limit(limit)
    ).all()
    for reason in {row.exclusion for row in found} - {None}:
        _exclude(session, lease, [row.position for row in found if row.exclusion == reason], reason=reason, now=now)
    rows = tuple(_row_of(row) for row in found if row.exclusion is None)
    if found and not rows:
        return read(session, lease, after=found[-1].position, limit=limit, now=now)
    return rows


def held(session: Session, lease: Lease) -> tuple[Row, ...]:
    """Every row the lease has not settled, in order."""
    found = session.execute(select(*_OF_ROW).where(_of_window(lease), is_held(lease.since)).order_by(Delivery.position))
    return tuple(_row_of(delivery) for delivery in found)


def end(session: Session, token: str, *, now: dt.datetime) -> bool:
    """Give a lease's window back; False where somebody has closed the lease or taken it away.

    The mailing is locked first, as by everybody who needs both. So of two who end its last windows at
    once, the second sees that all are done.
    """
    lease = leased_as(session, token)
    mailing = current(session, Mailing, lease.mailing_id) if lease else None
    if lease is None or mailing is None:
        return False
    window = current(session, Window, (lease.mailing_id, lease.first_position))
    if window is None or window.state != WindowState.LEASED or window.owner != token:
        return False
    _reopen(session, mailing, window, now=now)
    return True


def cancel_unleased(session: Session, mailing_id: int) -> None:
    """Cancel every row of a mailing that no lease holds, and close its windows."""
    leased = session.execute(
        select(Window.first_position, Window.last_position).where(
            Window.mailing_id == mailing_id, Window.state == WindowState.LEASED.value
        )
    )
    held = [Delivery.position.between(first, last) for first, last in leased]
    _cancel(session, and_(Delivery.mailing_id == mailing_id, *(not_(positions) for positions in held)))
    session.execute(
        update(Window)
        .where(Window.mailing_id == mailing_id, Window.state == WindowState.OPEN.value)
        .values(state=WindowState.DONE.value)
    )


def is_held(since: dt.datetime | InstrumentedAttribute[dt.datetime | None] | None) -> ColumnElement[bool]:
    """The rows of a lease: those queued, and those deferred that were due when it began."""
    return or_(
        Delivery.state == DeliveryState.QUEUED.value,
        and_(Delivery.state == DeliveryState.DEFERRED.value, Delivery.next_at <= since),
    )


def _reopen(session: Session, mailing: Mailing, window: Window, *, now: dt.datetime) -> None:
    """End a lease: open again for what is queued or deferred, done where nothing is left."""
    of_window = _of_window(window)
    if mailing.state == MailingState.CANCELLED:
        _cancel(session, of_window)
    due_at = _next_due(session, of_window, now=now)
    window.state = WindowState.DONE.value if due_at is None else WindowState.OPEN.value
    window.due_at = due_at or window.due_at
    window.owner = window.executor = ""
    window.leased_at = window.seen_at = None
    session.flush()
    endings.finish_where_done(session, mailing, now=now)


def _leased_as(token: str) -> Select[Window, Mailing]:
    return (
        select(Window, Mailing)
        .join(Mailing, Mailing.id == Window.mailing_id)
        .where(Window.state == WindowState.LEASED.value, Window.owner == token)
    )


def _next_open(now: dt.datetime, of: ColumnElement[bool] | None) -> Select[Window, Mailing]:
    return (
        select(Window, Mailing)
        .join(Mailing, Mailing.id == Window.mailing_id)
        .where(
            Window.state == WindowState.OPEN.value,
            Window.due_at <= now,
            Mailing.state == MailingState.SENDING.value,
            true() if of is None else of,
        )
        .order_by(issues_last(), Window.due_at, Window.mailing_id, Window.first_position)
        .limit(1)
        .with_for_update(of=Window, skip_locked=True)
    )


def _of_window(window: Window | Lease) -> ColumnElement[bool]:
    return and_(
        Delivery.mailing_id == window.mailing_id,
        Delivery.position.between(window.first_position, window.last_position),
    )


def issues_last() -> ColumnElement[int]:
    """An order of mailings: tests and system mail first."""
    return case((Mailing.kind == MailingKind.ISSUE.value, 1), else_=0)


def _exclusion(kind: MailingKind, now: dt.datetime) -> ColumnElement[str | None]:
    """Why a row of this kind of mailing may not go out now: NULL while it may."""
    match kind:
        case MailingKind.ISSUE:
            return audience.exclusion(Delivery.address_key, now=now)
        case MailingKind.SYSTEM:  # to somebody who is no subscriber, such as a staff user: no reason against it
            nobody = (Delivery.subscriber_id.is_(None), null())
            return case(nobody, else_=audience.system_exclusion(Delivery.address_key))
        case MailingKind.TEST:
            return literal(None, String)


def _row_of(delivery: SqlRow[*tuple[Any, ...]]) -> Row:
    """What a sender needs for the next attempt."""
    return Row(
        position=delivery.position,
        attempt=delivery.attempt + 1,
        subscriber_id=delivery.subscriber_id,
        subscription_id=delivery.subscription_id,
        address=delivery.address,
        fields=delivery.fields,
        address_key=delivery.address_key,
        variant=delivery.variant,
    )


def _exclude(session: Session, lease: Lease, positions: Sequence[int], *, reason: str, now: dt.datetime) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.mailing_id == lease.mailing_id, Delivery.position.in_(positions))
        .values(state=DeliveryState.EXCLUDED.value, reason=reason, at=now, next_at=None)
    )


def _cancel(session: Session, of_rows: ColumnElement[bool]) -> None:
    """Cancel what is queued or deferred; what was in doubt and waited to be resent is in doubt again."""
    was_in_doubt = and_(Delivery.state == DeliveryState.QUEUED.value, Delivery.attempt > 0, Delivery.code.is_(None))
    session.execute(
        update(Delivery)
        .where(of_rows, Delivery.state.in_((DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value)))
        .values(
            state=case((was_in_doubt, DeliveryState.UNKNOWN.value), else_=DeliveryState.CANCELLED.value), next_at=None
        )
        .execution_options(synchronize_session=False)
    )


def _next_due(session: Session, of_rows: ColumnElement[bool], *, now: dt.datetime) -> dt.datetime | None:
    """When the first open row is due; a queued one is due now. None where no row is open."""
    queued, next_at = session.execute(
        select(
            func.count().filter(Delivery.state == DeliveryState.QUEUED.value),
            func.min(Delivery.next_at).filter(Delivery.state == DeliveryState.DEFERRED.value),
        ).where(of_rows)
    ).one()
    return now if queued else next_at

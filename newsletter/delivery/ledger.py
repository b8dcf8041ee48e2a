"""The ledger: who holds which window, what was begun, what became of each recipient.

A sender goes through it like this, each line one transaction:

    lease = claim(session, executor, token=…, now=now)
    rows = read(session, lease, after=0, limit=50, now=now); begin(session, lease, rows[0])
    settle(session, lease, rows[0], outcome); begin(session, lease, rows[1])      # one write
    release(session, lease, now=now)

The rules (design, section 5):

* One sender holds a window: claiming is a conditional update, and every later write of the lease
  asks for its random token again. Leases do not end by time; `recovering` ends those of the dead.
* No mark, no send: `begin` is committed before the message goes out, in the transaction that
  settles the one before. So a crash leaves at most one message of a lease in doubt.
* A reply is a fact: `settle` asks neither for state nor epoch nor lease. It yields only to a reply
  of the same or a later attempt.
* State and epoch of the mailing gate claiming and beginning, and each slice of rows is checked
  again, so that pause, cancel and leave count within a second.
* What a lease holds is left to its owner, who settles or releases it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, and_, case, exists, func, literal, not_, null, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from newsletter.delivery import endings
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
from subscribers import audience
from subscribers.models import Subscriber, Subscription
from subscribers.orm import current


@dataclass(frozen=True, slots=True)
class Lease:
    """The sole right to send the open rows of one window."""

    mailing_id: int
    first_position: int
    last_position: int
    owner: str
    epoch: int
    since: dt.datetime
    kind: MailingKind
    issue_id: int | None
    compiled: str


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient to send to; `attempt` is the number of the attempt to be made, from 1."""

    position: int
    attempt: int
    subscriber_id: int | None
    subscription_id: int | None
    address: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. `date` and `digest` tell which bytes were sent."""

    verdict: Verdict
    reply: Reply
    relay: str
    at: dt.datetime
    date: dt.datetime | None = None
    digest: str = ""


def claim(session: Session, executor: str, *, token: str, now: dt.datetime) -> Lease | None:
    """Take the next open window that is due: tests and system mail before issues. None where there is none.

    With the same token it gives the same lease: the connection to a database may break just when it
    has committed, and a window that is held without anybody's knowing would never be sent.
    """
    windows = select(Window, Mailing).join(Mailing, Mailing.id == Window.mailing_id)
    taken = session.execute(windows.where(Window.state == WindowState.LEASED.value, Window.owner == token)).first()
    if taken is not None:
        return lease_of(*taken)
    found = session.execute(
        windows.where(
            Window.state == WindowState.OPEN.value,
            Window.due_at <= now,
            Mailing.state == MailingState.SENDING.value,
        )
        .order_by(_issues_last(), Window.due_at, Window.mailing_id, Window.first_position)
        .limit(1)
        .with_for_update(of=Window, skip_locked=True)
    ).first()
    if found is None:
        return None
    window, mailing = found
    window.state = WindowState.LEASED.value
    window.owner, window.executor, window.epoch = token, executor, mailing.epoch
    window.leased_at, window.begun = now, None
    session.flush()
    return lease_of(window, mailing)


def lease_of(window: Window, mailing: Mailing) -> Lease:
    """The lease that stands in a leased window."""
    return Lease(
        mailing_id=mailing.id,
        first_position=window.first_position,
        last_position=window.last_position,
        owner=window.owner,
        epoch=window.epoch,
        since=window.leased_at or window.due_at,
        kind=MailingKind(mailing.kind),
        issue_id=mailing.issue_id,
        compiled=mailing.compiled,
    )


def may_begin(session: Session, lease: Lease) -> bool:
    """Tell whether the mailing still runs as it did when the window was claimed."""
    running = select(Mailing.id).where(
        Mailing.id == lease.mailing_id,
        Mailing.state == MailingState.SENDING.value,
        Mailing.epoch == lease.epoch,
    )
    return session.scalar(running) is not None


def read(session: Session, lease: Lease, *, after: int, limit: int, now: dt.datetime) -> tuple[Row, ...]:
    """The next rows of the lease behind a position, in order; those that may no longer get it are excluded here.

    Empty means that the lease holds nothing more.
    """
    found = session.execute(
        select(Delivery, _exclusion(lease.kind).label("exclusion"))
        .outerjoin(Subscription, Subscription.id == Delivery.subscription_id)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            Delivery.mailing_id == lease.mailing_id,
            Delivery.position > after,
            Delivery.position.between(lease.first_position, lease.last_position),
            is_held(lease.since),
        )
        .order_by(Delivery.position)
        .limit(limit)
    ).all()
    for delivery, exclusion in found:
        if exclusion is not None:
            delivery.state, delivery.reason = DeliveryState.EXCLUDED.value, exclusion
            delivery.at, delivery.next_at = now, None
    rows = tuple(row_of(delivery) for delivery, exclusion in found if exclusion is None)
    session.flush()
    if found and not rows:
        return read(session, lease, after=found[-1][0].position, limit=limit, now=now)
    return rows


def row_of(delivery: Delivery) -> Row:
    """What a sender needs of a delivery for its next attempt."""
    return Row(
        position=delivery.position,
        attempt=delivery.attempt + 1,
        subscriber_id=delivery.subscriber_id,
        subscription_id=delivery.subscription_id,
        address=delivery.address,
        fields=delivery.fields,
    )


def begin(session: Session, lease: Lease, row: Row) -> bool:
    """Mark a row as perhaps on the wire; False where the lease is lost and nothing may be sent."""
    return _update_window(session, lease, begun=row.position)


def unbegin(session: Session, lease: Lease) -> bool:
    """Take the mark back: the message was certainly not sent."""
    return _update_window(session, lease, begun=None)


def settle(session: Session, lease: Lease, row: Row, outcome: Outcome) -> None:
    """Write down what became of an attempt.

    It overrides whatever the row says, except a reply of the same or a later attempt; so settling
    twice changes nothing. A system mail in doubt is queued once more: a second confirmation mail is
    better than none. Everything else in doubt waits for a person.
    """
    state, next_at = _settled(row.attempt, outcome)
    if state is DeliveryState.UNKNOWN and lease.kind is MailingKind.SYSTEM and not _was_in_doubt(session, lease, row):
        state = DeliveryState.QUEUED
    reply = outcome.reply
    is_earlier = Delivery.attempt < row.attempt
    if reply.code is not None:
        is_earlier = or_(is_earlier, and_(Delivery.attempt == row.attempt, Delivery.code.is_(None)))
    written = session.scalar(
        update(Delivery)
        .where(Delivery.mailing_id == lease.mailing_id, Delivery.position == row.position, is_earlier)
        .values(
            state=state.value,
            reason="",
            attempt=row.attempt,
            first_at=func.coalesce(Delivery.first_at, outcome.at),
            next_at=next_at,
            at=outcome.at,
            relay=outcome.relay,
            code=reply.code,
            enhanced=reply.enhanced,
            reply=reply.text,
            date=outcome.date,
            content_digest=outcome.digest,
        )
        .returning(Delivery.position)
        .execution_options(synchronize_session=False)
    )
    if written is not None and outcome.verdict is not Verdict.ACCEPTED:
        session.add(_attempt(lease.mailing_id, row, outcome))


def release(session: Session, lease: Lease, *, now: dt.datetime) -> None:
    """Give the window back, with nothing on the wire; a lease that was taken away is left alone."""
    current(session, Mailing, lease.mailing_id)  # whoever needs both locks the mailing first
    window = session.get(Window, (lease.mailing_id, lease.first_position), populate_existing=True)
    if window is not None and window.state == WindowState.LEASED and window.owner == lease.owner:
        reopen(session, window, now=now)


def reopen(session: Session, window: Window, *, now: dt.datetime) -> None:
    """End a lease: open again for what is queued or deferred, done where nothing is left.

    The mailing is locked: of two who end its last windows at once, the second sees that all are done.
    """
    mailing = current(session, Mailing, window.mailing_id)
    assert mailing is not None  # noqa: S101  # its foreign key says so
    of_window = and_(
        Delivery.mailing_id == window.mailing_id,
        Delivery.position.between(window.first_position, window.last_position),
    )
    if mailing.state == MailingState.CANCELLED:
        _cancel(session, of_window)
    due_at = _next_due(session, of_window, now=now)
    window.state = WindowState.DONE.value if due_at is None else WindowState.OPEN.value
    window.due_at = due_at or window.due_at
    window.owner = window.executor = ""
    window.begun = window.leased_at = None
    session.flush()
    endings.finish_where_done(session, mailing, now=now)


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


def _issues_last() -> ColumnElement[int]:
    return case((Mailing.kind == MailingKind.ISSUE.value, 1), else_=0)


def _exclusion(kind: MailingKind) -> ColumnElement[str | None]:
    """Why a row of this kind of mailing may not go out: NULL while it may."""
    match kind:
        case MailingKind.ISSUE:
            return audience.exclusion(Delivery.address_key)
        case MailingKind.SYSTEM:  # to somebody who is no subscriber, such as a staff user: no reason against it
            nobody = (Delivery.subscriber_id.is_(None), null())
            return case(nobody, else_=audience.system_exclusion(Delivery.address_key))
        case MailingKind.TEST:
            return literal(None, String)


def _settled(attempt: int, outcome: Outcome) -> tuple[DeliveryState, dt.datetime | None]:
    if outcome.verdict is not Verdict.DEFERRED:
        return DeliveryState(outcome.verdict.value), None
    delay = retry_delay(attempt)
    return (DeliveryState.DEFERRED, outcome.at + delay) if delay else (DeliveryState.EXPIRED, None)


def _was_in_doubt(session: Session, lease: Lease, row: Row) -> bool:
    doubts = exists().where(
        DeliveryAttempt.mailing_id == lease.mailing_id,
        DeliveryAttempt.position == row.position,
        DeliveryAttempt.code.is_(None),
    )
    return bool(session.scalar(select(doubts)))


def _attempt(mailing_id: int, row: Row, outcome: Outcome) -> DeliveryAttempt:
    return DeliveryAttempt(
        mailing_id=mailing_id,
        position=row.position,
        attempt=row.attempt,
        at=outcome.at,
        relay=outcome.relay,
        code=outcome.reply.code,
        enhanced=outcome.reply.enhanced,
        reply=outcome.reply.text,
    )


def _update_window(session: Session, lease: Lease, *, begun: int | None) -> bool:
    written = session.scalar(
        update(Window)
        .where(
            Window.mailing_id == lease.mailing_id,
            Window.first_position == lease.first_position,
            Window.state == WindowState.LEASED.value,
            Window.owner == lease.owner,
        )
        .values(begun=begun)
        .returning(Window.first_position)
        .execution_options(synchronize_session=False)
    )
    return written is not None


def _cancel(session: Session, of_rows: ColumnElement[bool]) -> None:
    session.execute(
        update(Delivery)
        .where(of_rows, Delivery.state.in_((DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value)))
        .values(state=DeliveryState.CANCELLED.value, next_at=None)
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

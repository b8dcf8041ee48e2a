"""Resending what is unknown: only a person can weigh a second copy against none.

    resending.resend(session, mailing, positions=[4, 17], by=by, now=now)
    resending.resend_all(session, mailing, by=by, now=now)

The same row goes out again, as its next attempt and under the same Message-ID, so that a mail program
shows one copy where the first one arrived after all. The row keeps its attempt: a late reply to it is
still a fact and overrides, also this.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, true, update
from sqlalchemy.orm import Session

from newsletter.delivery import batches, pairing
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, MailingKind, MailingState, Window, WindowState
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.errors import NewsletterError, WrongState
from subscribers import audit
from subscribers.actor import Actor


class NotResendable(NewsletterError):
    """A test or a system mail is not resent by a person."""

    def __init__(self, mailing_id: int, kind: str) -> None:
        why = {
            MailingKind.TEST: "a test is not resent; send another one",
            MailingKind.SYSTEM: "a system mail in doubt is resent once by itself, and then only by asking for it anew",
        }
        super().__init__(f"Mailing {mailing_id} is no issue: {why[MailingKind(kind)]}.")
        self.mailing_id = mailing_id


class NotUnknown(NewsletterError):
    """What is known to have arrived, or not to have, is not resent."""

    def __init__(self, mailing_id: int, positions: Collection[int]) -> None:
        which = ", ".join(map(str, positions))
        super().__init__(
            f"Mailing {mailing_id} has no unknown delivery at position {which}; nothing was resent. "
            f"`newsletter mailing deliveries {mailing_id} --state unknown` shows them."
        )
        self.mailing_id = mailing_id
        self.positions = tuple(positions)


class NothingUnknown(NewsletterError):
    """There is nothing to resend."""

    def __init__(self, mailing_id: int) -> None:
        super().__init__(f"Mailing {mailing_id} has no unknown delivery; there is nothing to resend.")
        self.mailing_id = mailing_id


def resend(
    session: Session, mailing: Mailing, *, positions: Collection[int], by: Actor, now: dt.datetime
) -> tuple[int, ...]:
    """Queue these unknown deliveries of an issue once more, all of them or none; give their positions in order.

    `mailing` is locked by whoever found it.

    Raises:
        NotPermitted: the actor may not send.
        NotResendable: it is a test or a system mail.
        WrongState: the mailing is cancelled.
        RestoreInDoubt: the database or a home was restored; see `pairing`.
        NotUnknown: one of them is not unknown, or not anymore.
    """
    by.require(SEND_ISSUES)
    _check(mailing)
    pairing.require_certainty(session)
    queued = _queue(session, mailing, Delivery.position.in_(positions), now=now)
    others = sorted(set(positions) - set(queued))
    if others:
        raise NotUnknown(mailing.id, others)
    _note(session, mailing, queued, by=by, now=now)
    return queued


def resend_all(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> tuple[int, ...]:
    """Queue every unknown delivery of an issue's mailing once more; give their positions in order.

    Raises:
        NotPermitted: the actor may not send.
        NotResendable: it is a test or a system mail.
        WrongState: the mailing is cancelled.
        RestoreInDoubt: the database or a home was restored; see `pairing`.
        NothingUnknown: there is none.
    """
    by.require(SEND_ISSUES)
    _check(mailing)
    pairing.require_certainty(session)
    queued = _queue(session, mailing, true(), now=now)
    if not queued:
        raise NothingUnknown(mailing.id)
    _note(session, mailing, queued, by=by, now=now)
    return queued


def _check(mailing: Mailing) -> None:
    if mailing.kind != MailingKind.ISSUE:
        raise NotResendable(mailing.id, mailing.kind)
    if mailing.state == MailingState.CANCELLED:
        raise WrongState(f"Mailing {mailing.id}", mailing.state, MailingState.SENDING.value)


def _queue(session: Session, mailing: Mailing, which: ColumnElement[bool], *, now: dt.datetime) -> tuple[int, ...]:
    """Queue the unknown rows, open their windows, and let the mailing go on where it was sent."""
    queued = session.scalars(
        update(Delivery)
        .where(Delivery.mailing_id == mailing.id, Delivery.state == DeliveryState.UNKNOWN.value, which)
        .values(state=DeliveryState.QUEUED.value, reason="", next_at=None)
        .returning(Delivery.position)
        .execution_options(synchronize_session=False)
    ).all()
    if queued:
        _open_windows(session, mailing, sorted(queued), now=now)
    if queued and mailing.state == MailingState.SENT:
        mailing.move(MailingState.SENDING)
        mailing.finished_at = None
    session.flush()
    batches.enqueue_open(session, mailing)
    return tuple(sorted(queued))


def _open_windows(session: Session, mailing: Mailing, queued: Sequence[int], *, now: dt.datetime) -> None:
    """Make the windows around these positions due, but for the leased: their owners open those again."""
    firsts = session.scalars(
        select(Window.first_position).where(Window.mailing_id == mailing.id).order_by(Window.first_position)
    ).all()
    around = {firsts[bisect_right(firsts, position) - 1] for position in queued}
    waits_for_retries = and_(Window.state == WindowState.OPEN.value, Window.due_at > now)
    session.connection().execute(
        update(Window)
        .where(
            Window.mailing_id == mailing.id,
            Window.first_position == bindparam("around"),
            or_(Window.state == WindowState.DONE.value, waits_for_retries),
        )
        .values(state=WindowState.OPEN.value, due_at=now),
        [{"around": first} for first in sorted(around)],
    )


def _note(session: Session, mailing: Mailing, queued: Collection[int], *, by: Actor, now: dt.datetime) -> None:
    audit.record(session, "mailing.resend", f"mailing:{mailing.id}", by=by, now=now, number=len(queued))

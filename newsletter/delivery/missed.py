"""Sending an issue to those it missed: who joined later, was refused, or was left out.

    missed.number(session, mailing, now=now)  # of people, asked beforehand
    child = missed.send(session, mailing, by=by, now=now)

A mailing to the missed is a child of the issue's mailing: the same stored mail to the same list. Its
audience is today's, without every address that has the issue or may still get it in any mailing of
that issue. Who that is, planning finds out: a row that is settled meanwhile counts as it is then.
"""

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import Session

from newsletter.delivery import batches, choices, pairing
from newsletter.delivery.choices import Choosing
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, MailingKind
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.errors import NewsletterError
from subscribers import audience, audit
from subscribers.actor import Actor
from subscribers.models import Subscriber, Subscription

# An address in one of these states has the issue, or may have it, or is about to get it. What open
# leases hold is queued or deferred.
_NOT_MISSED = (DeliveryState.ACCEPTED, DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN)


class NotOfAnIssue(NewsletterError):
    """Only the mailing of an issue can have missed somebody."""

    def __init__(self, mailing_id: int, kind: str) -> None:
        super().__init__(f"Mailing {mailing_id} is a {kind} mailing; only an issue goes to those whom it missed.")
        self.mailing_id = mailing_id


class AudienceOpen(NewsletterError):
    """Nobody can have been missed by a mailing whose audience is not settled yet."""

    def __init__(self, mailing_id: int, state: str) -> None:
        super().__init__(f"Mailing {mailing_id} is {state}, and its audience is not settled: it has missed nobody.")
        self.mailing_id = mailing_id


class Forgotten(NewsletterError):
    """Whom the issue reached was forgotten, as its time was over: nobody can tell any more whom it missed."""

    def __init__(self, mailing_id: int) -> None:
        super().__init__(
            f"Whom mailing {mailing_id} reached is no longer known: the time set for keeping it is over. "
            "Make a new issue of it to send it again."
        )
        self.mailing_id = mailing_id


class NobodyMissed(NewsletterError):
    """Everybody on the list has the issue, or will get it."""

    def __init__(self, mailing_id: int) -> None:
        super().__init__(f"Mailing {mailing_id} has missed nobody: everybody on its list has the issue or will get it.")
        self.mailing_id = mailing_id


def number(session: Session, mailing: Mailing, *, now: dt.datetime) -> int:
    """How many people a mailing to the missed would reach now.

    Raises:
        NotOfAnIssue: it is a test or a system mail.
        AudienceOpen: its audience is not frozen yet.
        Forgotten: whom it reached is kept no longer.
    """
    _full_mailing(session, mailing)
    people = audience.confirmed(mailing.list_id or 0, now=now).with_only_columns(func.count())
    return session.scalar(among(session, people, mailing, choices.choosing(session, mailing))) or 0


def some(session: Session, mailing: Mailing, *, now: dt.datetime, limit: int) -> tuple[str, ...]:
    """The first addresses of those people, by when they came to be known.

    Raises:
        NotOfAnIssue, AudienceOpen, Forgotten: as for `number`.
    """
    _full_mailing(session, mailing)
    people = audience.confirmed(mailing.list_id or 0, now=now).with_only_columns(Subscriber.address)
    missed = among(session, people, mailing, choices.choosing(session, mailing))
    return tuple(session.scalars(missed.order_by(Subscription.subscriber_id).limit(limit)))


def send(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> Mailing:
    """Have the issue of a mailing go to those whom all its mailings missed; whatever became of the mailing itself.

    A worker plans it at once. The issue's own state stays as it is.

    Raises:
        NotPermitted: the actor may not send.
        NotOfAnIssue: it is a test or a system mail.
        AudienceOpen: its audience is not frozen yet.
        Forgotten: whom it reached is kept no longer.
        RestoreInDoubt: the database or a home was restored; see `pairing`.
    """
    by.require(SEND_ISSUES)
    pairing.require_certainty(session)
    full = _full_mailing(session, mailing)
    child = Mailing(
        kind=full.kind,
        name=full.name,
        issue_id=full.issue_id,
        parent_id=full.id,
        list_id=full.list_id,
        compiled=full.compiled,
        due_at=now,
        created_at=now,
        created_by=by.name,
    )
    session.add(child)
    session.flush()
    batches.enqueue_audience(session, child)
    audit.record(session, "mailing.missed", f"mailing:{child.id}", by=by, now=now, issue=full.issue_id, parent=full.id)
    return child


def among(
    session: Session, people: Select[*tuple[Any, ...]], mailing: Mailing, choosing: Choosing | None
) -> Select[*tuple[Any, ...]]:
    """Of these people those whom the issue missed; whom it has no news for by the topics they chose, it did not."""
    missed = people.where(~_has_issue(session, mailing))
    if not (choosing and choosing.without_story):
        return missed
    return missed.where(choosing.variant.not_in(choosing.without_story))


def _has_issue(session: Session, mailing: Mailing) -> ColumnElement[bool]:
    """Tell in SQL whether a `Subscriber`'s address is not missed: some mailing of the issue reached it, or still may.

    The mailings are those of this moment. Who goes on to write must keep others from planning.
    """
    of_issue = session.scalars(
        select(Mailing.id).where(Mailing.issue_id == mailing.issue_id, Mailing.kind == MailingKind.ISSUE.value)
    ).all()
    row = select(literal(1)).where(
        Delivery.mailing_id.in_(of_issue),
        Delivery.address_key == Subscriber.address_key,
        Delivery.state.in_([state.value for state in _NOT_MISSED]),
    )
    # No EXISTS: of that PostgreSQL makes a join, and of the wrong kind, as long as it has no statistics of
    # a mailing that was planned just now. This is asked of each person by itself, in the index of addresses.
    return row.limit(1).correlate(Subscriber).scalar_subquery().is_not(None)


def _full_mailing(session: Session, mailing: Mailing) -> Mailing:
    """The mailing to everybody: it itself, or the one it is a child of."""
    if mailing.kind != MailingKind.ISSUE:
        raise NotOfAnIssue(mailing.id, mailing.kind)
    full = mailing if mailing.parent_id is None else session.get_one(Mailing, mailing.parent_id)
    if full.planned_at is None:
        raise AudienceOpen(full.id, full.state)
    if full.forgotten_to:
        raise Forgotten(full.id)
    return full

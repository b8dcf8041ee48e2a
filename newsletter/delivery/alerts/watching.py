"""Which states wait for a person now? Derived from the tables, so that no crash can forget one.

    with database.reading() as session:
        is_due = watching.has_changed(session, now=now)
    if is_due:
        with database.writing() as session:
            watching.watch(session, now=now)

Five small questions: paused or overdue mailings, paused mail of the system, answers that never came,
relays (a handful), open alerts. Each is answered from an index that is empty while nothing is wrong.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.delivery import planning
from newsletter.delivery.alerts import causes, comparing
from newsletter.delivery.alerts.causes import Cause
from newsletter.delivery.alerts.comparing import Difference
from newsletter.delivery.alerts.models import Alert, AlertKind
from newsletter.delivery.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Mailing,
    MailingKind,
    MailingState,
    Relay,
    StopCause,
)

PATIENCE = dt.timedelta(minutes=10)  # how long a relay may fail before a person is told
REPEATED = 2  # failures in a row; one alone may be a hiccup that nobody had reason to try again after
TRIED = dt.timedelta(minutes=1)  # a relay that is needed is tried again soon after its rest
FORGOTTEN = dt.timedelta(days=1)  # a failure after so long without a try is a new story

DERIVED = (
    AlertKind.MAILING_PAUSED,
    AlertKind.SYSTEM_MAIL_PAUSED,
    AlertKind.SCHEDULE_MISSED,
    AlertKind.DELIVERIES_UNKNOWN,
    AlertKind.RELAY_FAILING,
)


def has_changed(session: Session, *, now: dt.datetime) -> bool:
    """Tell whether there is anything to raise, to end or to note; writes nothing."""
    relays = _Relays.of(session, now=now)
    return bool(relays.failing or relays.forgotten or _difference(session, relays, now=now))


def watch(session: Session, *, now: dt.datetime) -> None:
    """Raise an alert for each state that waits for a person, and end those whose state is over."""
    relays = _Relays.of(session, now=now)
    relays.note(session, now=now)
    comparing.settle(session, _difference(session, relays, now=now), now=now)


def _difference(session: Session, relays: "_Relays", *, now: dt.datetime) -> Difference:
    known = comparing.standing(session, DERIVED)
    return comparing.between(known, (*_stopped(session, now=now), *_unknown(session), *relays.causes(known, now=now)))


def _stopped(session: Session, *, now: dt.datetime) -> Iterator[Cause]:
    """Mailings that the system has paused, and those that no worker has come to look at."""
    is_system = Mailing.kind == MailingKind.SYSTEM.value
    stopped = and_(Mailing.state == MailingState.PAUSED.value, Mailing.stopped_for != "")
    paused = and_(stopped, ~is_system)
    overdue = and_(Mailing.state == MailingState.PLANNING.value, Mailing.due_at < now - planning.GRACE)
    for mailing in session.scalars(select(Mailing).where(or_(paused, overdue)).order_by(Mailing.id)):
        is_late = mailing.state == MailingState.PLANNING or mailing.stopped_for == StopCause.LATE
        yield causes.schedule_missed(mailing) if is_late else causes.mailing_paused(mailing)
    first = session.scalar(select(Mailing).where(stopped, is_system).order_by(Mailing.id).limit(1))
    if first is not None:
        yield causes.system_mail_paused(first)


def _unknown(session: Session) -> Iterator[Cause]:
    """Issues with recipients in doubt that are over, or of which a whole lease was lost.

    Once told, they are told of until nobody is in doubt: resending one of them makes an issue run again.

    A row that is in doubt has an attempt without an answer, and these are few: rows themselves are
    not looked through.
    """
    is_over = Mailing.state.in_((MailingState.SENT.value, MailingState.CANCELLED.value))
    lost = func.count().filter(Delivery.reason != "")  # the token of the lease they were lost with
    was_told = Mailing.id.in_(
        select(Alert.mailing_id).where(Alert.ended_at.is_(None), Alert.kind == AlertKind.DELIVERIES_UNKNOWN.value)
    )
    doubts = (
        select(Mailing.id, Mailing.name, func.count(Delivery.position.distinct()))
        .select_from(DeliveryAttempt)
        .join(
            Delivery,
            and_(
                Delivery.mailing_id == DeliveryAttempt.mailing_id,
                Delivery.position == DeliveryAttempt.position,
                Delivery.attempt == DeliveryAttempt.attempt,
            ),
        )
        .join(Mailing, Mailing.id == DeliveryAttempt.mailing_id)
        .where(
            DeliveryAttempt.code.is_(None),
            Delivery.state == DeliveryState.UNKNOWN.value,
            Mailing.kind == MailingKind.ISSUE.value,
        )
        .group_by(Mailing.id, Mailing.name, Mailing.state)
        .having(or_(is_over, lost > 0, was_told))
        .order_by(Mailing.id)
    )
    for mailing_id, name, number in session.execute(doubts):
        yield causes.deliveries_unknown(mailing_id, name, number=number)


@dataclass(frozen=True, slots=True)
class _Relays:
    """The relays that are in trouble, with those whose `since` is to be noted or cleared."""

    rows: tuple[Relay, ...]
    failing: tuple[str, ...]
    forgotten: tuple[str, ...]

    @classmethod
    def of(cls, session: Session, *, now: dt.datetime) -> "_Relays":
        rows = tuple(session.scalars(select(Relay).order_by(Relay.name)))
        return cls(
            rows,
            failing=tuple(each.name for each in rows if each.since is None and each.retry_at and each.retry_at > now),
            forgotten=tuple(
                each.name for each in rows if each.since and each.retry_at and each.retry_at < now - FORGOTTEN
            ),
        )

    def causes(self, known: Mapping[str, int], *, now: dt.datetime) -> Iterator[Cause]:
        """Once it is told that a relay fails, only a message it takes ends that: then its row is gone."""
        for relay in self.rows:
            cause = causes.relay_failing(relay)
            if cause.key in known or _is_failing(relay, now=now):
                yield cause

    def note(self, session: Session, *, now: dt.datetime) -> None:
        for names, since in ((self.failing, now), (self.forgotten, None)):
            if names:
                session.execute(update(Relay).where(Relay.name.in_(names)).values(since=since))


def _is_failing(relay: Relay, *, now: dt.datetime) -> bool:
    is_tried = relay.retry_at is not None and relay.retry_at > now - TRIED
    lasts = relay.since is not None and now - relay.since >= PATIENCE
    return is_tried and lasts and relay.failures >= REPEATED

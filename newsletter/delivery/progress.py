"""How a mailing is getting on: the statement, how fast it goes, when it may end, and what failed.

    seen = progress.progress(session, 7, now=now)
    seen.per_second, seen.expected_end, seen.failures

    for seen in progress.follow(look, clock=now, sleep=sleep): …   # until it is over or waits for a person

All of it is read from one snapshot. Rows that fail are few as a rule, and only they need sorting by
reason, so counting the rest is apart: twice through the rows is three times as quick as once.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from sqlalchemy import Case, ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from newsletter.delivery import statement
from newsletter.delivery.mailings import MailingNotFound
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, MailingState
from newsletter.delivery.statement import Statement

MINUTE = dt.timedelta(minutes=1)
LOOK_EVERY = dt.timedelta(seconds=1)
PAUSE_FACTOR = 4  # after a look of a second, four without one: senders need the processor more

_REFUSED = (DeliveryState.DEFERRED.value, DeliveryState.EXPIRED.value, DeliveryState.REJECTED.value)
_FAILED = (*_REFUSED, DeliveryState.EXCLUDED.value, DeliveryState.UNKNOWN.value)


_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Failure:
    """How many recipients did not get the mail, or not yet, for one reason.

    A refusal is known by its codes, with the text of one reply as an example; an exclusion by its
    `reason`; what is unknown by what happened, in `reply`.
    """

    number: int
    state: str
    reason: str
    code: int | None
    enhanced: str
    reply: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How a mailing stands and goes.

    `per_second` is how many were settled in the last minute, be it for good or to be tried again, or
    since the audience was frozen where that is shorter ago. `expected_end` is None while nobody can
    tell: the mailing does not run, or something waits and nothing moves. A row that waits for its next
    try counts at that time, as if it were taken then. `failures` come most frequent first.
    """

    statement: Statement
    per_second: float
    expected_end: dt.datetime | None
    failures: tuple[Failure, ...]

    @property
    def settled(self) -> int:
        """How many recipients are done with, one way or the other."""
        made = self.statement
        return made.recipients - made.queued - made.sending - made.deferred

    @property
    def is_moving(self) -> bool:
        """Tell whether more can come by itself: it is neither over nor waiting for a person."""
        return self.statement.state in (MailingState.PLANNING, MailingState.SENDING)

    def as_json(self) -> dict[str, object]:
        """The object that programs read: the statement's keys and these; `expected_end` is UTC with a `Z`."""
        end = self.expected_end
        return {
            **self.statement.as_json(),
            "per_second": self.per_second,
            "expected_end": end.strftime("%Y-%m-%dT%H:%M:%SZ") if end else None,
            "failures": [asdict(failure) for failure in self.failures],
        }


def progress(session: Session, mailing_id: int, *, now: dt.datetime) -> Progress:
    """Look how a mailing is getting on; `session` reads from one snapshot, as that of `Database.reading`.

    Raises:
        MailingNotFound: there is none.
        LedgerBroken: the sum is not the number of recipients planned.
    """
    mailing = session.get(Mailing, mailing_id, populate_existing=True)
    if mailing is None:
        raise MailingNotFound(mailing_id)
    accepted, queued, cancelled, recent = session.execute(_tally(mailing_id, since=now - MINUTE)).one()
    groups = [_Group(*row) for row in session.execute(_groups(mailing_id, now=now))]
    rows = Counter({"accepted": accepted, "queued": queued, "cancelled": cancelled})
    for group in groups:
        rows[group.state] += group.number
    made = statement.add_up(
        mailing_id,
        mailing.state,
        recipients=mailing.next_position - 1,
        rows=rows,
        leased=dict(session.execute(statement.leased_by_state(mailing_id)).all()),
    )
    per_second = _rate(recent, mailing.planned_at, now=now)
    return Progress(
        statement=made,
        per_second=per_second,
        expected_end=_expected_end(made, groups, per_second, now=now),
        failures=_failures(groups, _examples(session, mailing_id, groups)),
    )


def follow(
    look: Callable[[dt.datetime], Progress], *, clock: Callable[[], dt.datetime], sleep: Callable[[float], object]
) -> Iterator[Progress]:
    """Look again and again, until the mailing is sent, cancelled or paused; that is the last thing given."""
    while True:
        began = clock()
        seen = look(began)
        took = clock() - began
        yield seen
        if not seen.is_moving:
            return
        sleep(max(LOOK_EVERY - took, PAUSE_FACTOR * took).total_seconds())


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that failed for one reason. `due_later` of them wait, the last until `next_at`; `example` is a position."""

    state: str
    code: int | None
    enhanced: str
    why: str
    number: int
    due_later: int
    next_at: dt.datetime | None
    example: int


def _tally(mailing_id: int, *, since: dt.datetime) -> Select[int, int, int, int]:
    """Count what did not fail, and what was settled lately. One step through the rows, nothing sorted."""

    def number(state: DeliveryState) -> ColumnElement[int]:
        return func.count().filter(Delivery.state == state.value)

    lately = and_(Delivery.at > since, Delivery.state != DeliveryState.QUEUED.value)
    return select(
        number(DeliveryState.ACCEPTED),
        number(DeliveryState.QUEUED),
        number(DeliveryState.CANCELLED),
        func.count().filter(lately),
    ).where(Delivery.mailing_id == mailing_id)


def _groups(mailing_id: int, *, now: dt.datetime) -> Select[*tuple[Any, ...]]:
    """Count what failed by reason; a reply's words are left aside, for they may differ with each row."""
    failed = (
        select(
            Delivery.state,
            _of_refusals(Delivery.code).label("code"),
            func.coalesce(_of_refusals(Delivery.enhanced), literal("")).label("enhanced"),
            case(
                (Delivery.state == DeliveryState.EXCLUDED.value, Delivery.reason),
                (Delivery.state == DeliveryState.UNKNOWN.value, Delivery.reply),
                else_=literal(""),
            ).label("why"),
            Delivery.position,
            Delivery.next_at,
        )
        .where(Delivery.mailing_id == mailing_id, Delivery.state.in_(_FAILED))
        .subquery()
    )
    key = (failed.c.state, failed.c.code, failed.c.enhanced, failed.c.why)
    return select(
        *key,
        func.count(),
        func.count().filter(failed.c.next_at > now),
        func.max(failed.c.next_at),
        func.min(failed.c.position),
    ).group_by(*key)


def _of_refusals(column: InstrumentedAttribute[_V]) -> Case[_V]:
    """The column where the row was refused, else NULL."""
    return case((Delivery.state.in_(_REFUSED), column))


def _rate(recent: int, planned_at: dt.datetime | None, *, now: dt.datetime) -> float:
    """How many were settled a second, in the last minute or since the beginning."""
    if planned_at is None:
        return 0.0
    span = min(MINUTE, max(now - planned_at, LOOK_EVERY))
    return round(recent / span.total_seconds(), 2)


def _expected_end(
    made: Statement, groups: Sequence[_Group], per_second: float, *, now: dt.datetime
) -> dt.datetime | None:
    if made.state != MailingState.SENDING:
        return None
    waiting = [group for group in groups if group.due_later]
    at_hand = made.queued + made.sending + made.deferred - sum(group.due_later for group in waiting)
    if at_hand and not per_second:
        return None
    end = now + dt.timedelta(seconds=at_hand / per_second) if at_hand else now
    return max([end, *(group.next_at for group in waiting if group.next_at)])


def _examples(session: Session, mailing_id: int, groups: Sequence[_Group]) -> Mapping[int, str]:
    """The words of one reply for each group, by its position."""
    positions = [group.example for group in groups]
    found = session.execute(
        select(Delivery.position, Delivery.reply).where(
            Delivery.mailing_id == mailing_id, Delivery.position.in_(positions)
        )
    )
    return dict(found.all())


def _failures(groups: Sequence[_Group], examples: Mapping[int, str]) -> tuple[Failure, ...]:
    failures = (
        Failure(
            number=group.number,
            state=group.state,
            reason=group.why if group.state == DeliveryState.EXCLUDED else "",
            code=group.code,
            enhanced=group.enhanced,
            reply="" if group.state == DeliveryState.EXCLUDED else examples[group.example],
        )
        for group in groups
    )
    return tuple(sorted(failures, key=lambda one: (-one.number, one.state, one.code or 0, one.enhanced, one.reason)))

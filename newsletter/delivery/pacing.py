"""How fast mail may go out: a rate over everything, for a relay, or for a group of mailboxes, changeable at any time.

    keys = (GLOBAL, relay_key("mail.example.org:25"), provider_key(Provider.GMAIL))
    granted = pacing.grant(session, keys, wanted=40, now=now)
    # granted.rows messages may begin: one in granted.waits_s seconds, the others each granted.gap_s after the last

The generic cell rate algorithm: a key knows when it is even again. Who takes n places moves that moment by
n intervals and begins where it was. One UPDATE for each key reads, decides and writes, so all connections of all
processes and machines share a rate as if they stood in one queue, and nobody stands far back in it: with more than
`HORIZON_S` booked already, nothing is granted, and the answer says when to ask again. Without a rate
the whole cost is one read by the primary key, which finds nothing.

Time is the database's on PostgreSQL, because machines share the rate and not a clock. SQLite has no clock of its own,
and its processes share the machine's: there it is the `now` that is given. Tests give theirs to both (`given_clock`).

How exact. Of one key alone, at most rate × (t + `CREDIT_S`) + 1 messages begin in any t seconds. Where a slower key
delays what was booked, rate × (t + `CREDIT_S` + `HORIZON_S` + `SLICE_S`) + 1.

Source: ITU-T I.371, annex A.
"""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, cast, extract, func, literal, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.pace import Key, Pace
from newsletter.delivery.permissions import SET_RATES
from newsletter.errors import NewsletterError
from subscribers import audit
from subscribers.actor import Actor
from subscribers.orm import current, upsert

SLICE_S = 0.2  # of its slowest rate is granted at once, so that a pause counts soon and many can share
HORIZON_S = 0.5  # booked further ahead than this, nothing is granted
CREDIT_S = 0.05  # what asking may take: a rate that stood idle for so long catches up
PATIENCE_S = 2.0  # nobody is sent away for longer, for rates change while they wait

SLOWEST_PER_SECOND = 1 / 3600
FASTEST_PER_SECOND = 100_000.0

# A key that is booked further ahead than any grant can leave it, and than anybody waits for a lock, was booked
# by a clock that has been set back since.
_SET_BACK_S = 60.0
_SUBJECT_LIMIT = 120  # characters, what the audit log holds

# Asked by every slice, so it is made once: building a statement costs more than running this one.
_ANY = select(Pace.key).where(Pace.key.in_(bindparam("keys", expanding=True))).limit(1)

Clock = Callable[[Session, dt.datetime], ColumnElement[int]]


class RateNotSet(NewsletterError):
    """A rate is to be taken away where there is none."""

    def __init__(self, key: Key) -> None:
        super().__init__(f"“{key}” has no rate. `newsletter rate list` shows which there are.")
        self.key = key


class RateOutOfRange(NewsletterError):
    """A rate that nobody can mean."""

    def __init__(self) -> None:
        super().__init__(
            f"A rate lies between 1 an hour and {FASTEST_PER_SECOND:,.0f} a second; to send nothing, pause the mailing."
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """What may begin: so many messages, after a wait, with a gap between two. With no rows: ask again after the wait.

    The wait counts from the answer, for asking itself may have waited. A grant is for now: what is not begun
    within about a second is lost and must be asked for again.
    """

    rows: int
    waits_s: float
    gap_s: float


@dataclass(frozen=True, slots=True)
class Rate:
    """What a key may at present. `per_second` is what a person set; None of it or of `present` is no limit."""

    key: Key
    per_second: float | None
    present: float | None
    slowed_until: dt.datetime | None

    def as_json(self) -> dict[str, object]:
        """As `rate list --json` tells it: messages a second, null is no limit, time in ISO 8601."""
        return {
            "key": self.key,
            "per_second": self.per_second,
            "present": self.present,
            "slowed_until": self.slowed_until and self.slowed_until.isoformat(),
        }


def shared_clock(session: Session, now: dt.datetime) -> ColumnElement[int]:
    """The clock that all who share the database share, in microseconds since 1970."""
    if session.get_bind().dialect.name == "postgresql":
        # Not now(), which is the beginning of the transaction: who waited for a lock would be in the past.
        return cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
    return given_clock(session, now)


def given_clock(session: Session, now: dt.datetime) -> ColumnElement[int]:
    """The clock of who asks."""
    del session
    return literal(_microseconds(now), BigInteger)


def grant(
    session: Session, keys: Sequence[Key], *, wanted: int, now: dt.datetime, clock: Clock = shared_clock
) -> Grant:
    """Take places in the queues of all the keys, for up to `wanted` messages; all of them where nothing limits.

    `wanted` is what the asker can begin within a second: the rest of a grant is lost, and a slow connection that
    takes more than it can use keeps the whole rate from being reached. Ask once in a transaction and last in
    it: the keys' rows are locked until its end, always in the order of their names, so that no two ever wait for each
    other.
    """
    if session.execute(_ANY, {"keys": keys}).first() is None:
        return Grant(wanted, 0.0, 0.0)
    present = clock(session, now)
    limits = _limits(session, keys, present)
    if not limits:
        return Grant(wanted, 0.0, 0.0)
    furthest = max(limit.ahead_s for limit in limits)
    if furthest > HORIZON_S:
        return _ask_again(furthest)
    slowest = min(limit.per_second for limit in limits)
    rows = min(wanted, max(1, int(slowest * SLICE_S)))
    waits_s = _book_all(session, limits, rows=rows, present=present)
    return _ask_again(HORIZON_S) if waits_s is None else Grant(rows, waits_s, 1 / slowest)


def slow_down(
    session: Session,
    keys: Sequence[Key],
    *,
    observed_per_second: float,
    now: dt.datetime,
    clock: Clock = shared_clock,
) -> None:
    """Halve the rates of the keys for a while, because a provider said that it is too fast (421, 4.7.x).

    A key without a limit gets half of what was observed; see `Pace`. Needs a transaction without a `grant`.
    """
    for key in sorted(set(keys)):
        pace = _locked(session, key)
        at = _moment(session.execute(select(clock(session, now))).scalar_one())
        pace.slow_down(observed=observed_per_second, now=at)


def set_rate(
    session: Session, key: Key, per_second: float | None, *, by: Actor, now: dt.datetime, clock: Clock = shared_clock
) -> None:
    """Let so many messages a second begin; None: as many as can. Senders follow within about two seconds.

    A key that is slowed down stays so under its new rate. None forgets that, too.

    Raises:
        NotPermitted: the actor may not set rates.
        RateOutOfRange: it is less than one an hour, or beyond what can be told apart.
        RateNotSet: there is nothing to take away.
    """
    by.require(SET_RATES)
    if per_second is None:
        slowed_or_set = current(session, Pace, key)
        if slowed_or_set is None:
            raise RateNotSet(key)
        session.delete(slowed_or_set)
    else:
        if not SLOWEST_PER_SECOND <= per_second <= FASTEST_PER_SECOND:
            raise RateOutOfRange
        pace = _locked(session, key)
        pace.per_second = per_second
        # The next place was reckoned with the old rate, which may lie an hour ahead.
        soon = session.execute(select(clock(session, now))).scalar_one() + _microseconds_of(HORIZON_S)
        pace.even_at = min(pace.even_at, soon)
    audit.record(session, "rate.set", f"rate:{key}"[:_SUBJECT_LIMIT], by=by, now=now, key=key, per_second=per_second)


def rates(session: Session, *, now: dt.datetime) -> list[Rate]:
    """Every key that has a rate or is slowed down, by name."""
    found = [
        Rate(Key(pace.key), pace.per_second, pace.present(now), pace.slowed_until(now))
        for pace in session.scalars(select(Pace).order_by(Pace.key))
    ]
    return [rate for rate in found if rate.present is not None]


@dataclass(frozen=True, slots=True)
class _Limit:
    """A key that limits at this moment, and how far ahead it is booked."""

    key: str
    per_second: float
    ahead_s: float

    def length_us(self, rows: int) -> int:
        """How long so many messages take."""
        return math.ceil(rows / self.per_second * 1_000_000)


def _limits(session: Session, keys: Sequence[Key], present: ColumnElement[int]) -> list[_Limit]:
    """The keys that limit, in the order in which all lock them."""
    statement = select(Pace, present).where(Pace.key.in_(keys)).order_by(Pace.key)
    limits = []
    for pace, present_us in session.execute(statement.execution_options(populate_existing=True)):
        per_second = pace.present(_moment(present_us))
        if per_second is not None:
            ahead_s = (pace.even_at - present_us) / 1_000_000
            limits.append(_Limit(pace.key, per_second, ahead_s if ahead_s <= _furthest_s(per_second) else 0.0))
    return limits


def _book_all(session: Session, limits: list[_Limit], *, rows: int, present: ColumnElement[int]) -> float | None:
    """Book each key; give the seconds until the last of them is ready. None, and nothing booked: others were faster."""
    booked: list[tuple[_Limit, float]] = []
    for limit in limits:
        starts_in_s = _book(session, limit, rows=rows, present=present)
        if starts_in_s is None:
            for taken, _ in booked:
                _give_back(session, taken, rows=rows)
            return None
        booked.append((limit, starts_in_s))
    return max(0.0, *(starts_in_s for _, starts_in_s in booked))


def _book(session: Session, limit: _Limit, *, rows: int, present: ColumnElement[int]) -> float | None:
    """Take places in one queue; give the seconds until the first of them, None where it is too far ahead."""
    length_us = limit.length_us(rows)
    idle_since = present - _microseconds_of(CREDIT_S)
    furthest = present + _microseconds_of(_furthest_s(limit.per_second))
    start = case((Pace.even_at.between(idle_since, furthest), Pace.even_at), else_=idle_since)
    statement = (
        update(Pace)
        .where(Pace.key == limit.key, start <= present + _microseconds_of(HORIZON_S))
        .values(even_at=start + length_us)
        .returning(Pace.even_at - present)
        .execution_options(synchronize_session=False)
    )
    ends_in_us = session.scalar(statement)
    return None if ends_in_us is None else (ends_in_us - length_us) / 1_000_000


def _give_back(session: Session, limit: _Limit, *, rows: int) -> None:
    statement = update(Pace).where(Pace.key == limit.key).values(even_at=Pace.even_at - limit.length_us(rows))
    session.execute(statement.execution_options(synchronize_session=False))


def _ask_again(ahead_s: float) -> Grant:
    return Grant(0, min(ahead_s, PATIENCE_S), 0.0)


def _furthest_s(per_second: float) -> float:
    """How far ahead a key can be booked."""
    return HORIZON_S + max(SLICE_S, 1 / per_second) + _SET_BACK_S


def _locked(session: Session, key: Key) -> Pace:
    """The row of a key, made where there is none, and locked."""
    made = upsert(session, Pace).values(key=key)
    session.execute(made.on_conflict_do_update(index_elements=[Pace.key], set_={"key": made.excluded.key}))
    found = current(session, Pace, key)
    assert found is not None  # noqa: S101  # the statement before has made or locked it
    return found


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _microseconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def _microseconds_of(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _moment(microseconds: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=microseconds)

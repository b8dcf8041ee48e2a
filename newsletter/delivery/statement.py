"""The numbers of a mailing, which add up at every moment, and its rows.

    statement(session, 7).as_json()
    # {"mailing": 7, "state": "sending", "recipients": 9, "queued": 4, "sending": 1, …}

`recipients` is the planner's own count of the positions it gave; the states are counted from the
rows, in one SQL statement and so from one snapshot. Both must be equal, or the ledger is broken.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from newsletter.delivery import ledger
from newsletter.delivery.mailings import MailingNotFound
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, Window, WindowState
from newsletter.errors import NewsletterError
from subscribers.address import EmailAddress

SENDING = "sending"
_BATCH = 1000


class LedgerBroken(NewsletterError):
    """The rows of a mailing are not as many as were planned."""

    def __init__(self, mailing_id: int, planned: int, found: int) -> None:
        super().__init__(
            f"Mailing {mailing_id} was planned for {planned} recipients, its ledger has {found}: "
            "keep the database as it is and restore a backup beside it."
        )
        self.mailing_id = mailing_id
        self.planned = planned
        self.found = found


@dataclass(frozen=True, slots=True)
class Statement:
    """How many recipients stand where. `sending` is what open leases have not settled."""

    mailing: int
    state: str
    recipients: int
    queued: int
    sending: int
    accepted: int
    deferred: int
    expired: int
    rejected: int
    excluded: int
    cancelled: int
    unknown: int

    def as_json(self) -> dict[str, int | str]:
        """The object that programs read, its keys in the order of the fields."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One recipient's row as people and programs see it."""

    position: int
    address: str
    state: str
    attempt: int
    at: dt.datetime | None
    relay: str
    code: int | None
    enhanced: str
    reply: str

    def as_json(self) -> dict[str, int | str | None]:
        """The object that programs read; `at` is UTC with a `Z`."""
        at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ") if self.at else None
        return {**asdict(self), "at": at}


def statement(session: Session, mailing_id: int) -> Statement:
    """Count where the recipients of a mailing stand.

    Raises:
        MailingNotFound: there is none.
        LedgerBroken: the sum is not the number of recipients planned.
    """
    counts = {(what, state): number for what, state, number in session.execute(_counts(mailing_id))}
    planned = [(state, number) for (what, state), number in counts.items() if what == "mailing"]
    if not planned:
        raise MailingNotFound(mailing_id)
    [(state, next_position)] = planned
    return add_up(
        mailing_id,
        state,
        recipients=next_position - 1,
        rows={state: number for (what, state), number in counts.items() if what == "row"},
        leased={state: number for (what, state), number in counts.items() if what == "leased"},
    )


def add_up(
    mailing_id: int, state: str, *, recipients: int, rows: Mapping[str, int], leased: Mapping[str, int]
) -> Statement:
    """Make the statement of what was counted in one snapshot: rows by state, and those of open leases by state.

    Raises:
        LedgerBroken: the sum is not the number of recipients planned.
    """
    numbers = {state.value: rows.get(state, 0) - leased.get(state, 0) for state in DeliveryState}
    made = Statement(mailing=mailing_id, state=state, recipients=recipients, sending=sum(leased.values()), **numbers)
    found = sum(rows.values())
    if found != made.recipients:
        raise LedgerBroken(mailing_id, made.recipients, found)
    return made


def deliveries(session: Session, mailing_id: int, *, state: str | None = None) -> Iterator[DeliveryLine]:
    """The rows of a mailing in the order of their positions, fetched in batches; `state` as in the statement.

    `session` reads from one snapshot, as that of `Database.reading`. Memory does not grow with the rows.

    Raises:
        MailingNotFound: there is none; raised when the first row is asked for.
    """
    if session.get(Mailing, mailing_id) is None:
        raise MailingNotFound(mailing_id)
    after = 0
    while rows := session.execute(_batch(mailing_id, state, after)).all():
        yield from (DeliveryLine(*row) for row in rows)
        after = rows[-1].position


def page(
    session: Session, mailing_id: int, *, state: str | None = None, after: int = 0, limit: int
) -> tuple[DeliveryLine, ...]:
    """The next rows behind a position; `state` as in the statement."""
    return tuple(DeliveryLine(*row) for row in session.execute(_batch(mailing_id, state, after, limit)))


def line_of(session: Session, mailing_id: int, address: EmailAddress) -> DeliveryLine | None:
    """The row of an address; None where the mailing does not go there, or that is forgotten."""
    row = session.execute(_lines(mailing_id).where(Delivery.address_key == address.key)).first()
    return DeliveryLine(*row) if row else None


def leased_by_state(mailing_id: int) -> Select[str, int]:
    """Select how many rows open leases hold, by state: what the statement calls `sending`."""
    return (
        select(Delivery.state, func.count())
        .select_from(Window)
        .join(
            Delivery,
            and_(
                Delivery.mailing_id == Window.mailing_id,
                Delivery.position.between(Window.first_position, Window.last_position),
            ),
        )
        .where(
            Window.mailing_id == mailing_id,
            Window.state == WindowState.LEASED.value,
            ledger.is_held(Window.leased_at),
        )
        .group_by(Delivery.state)
    )


def _counts(mailing_id: int) -> CompoundSelect[Any]:
    """Rows by state, rows of open leases by state, and the planner's count: one statement, one snapshot."""
    rows = select(literal("row"), Delivery.state, func.count()).where(Delivery.mailing_id == mailing_id)
    leased = leased_by_state(mailing_id).with_only_columns(literal("leased"), Delivery.state, func.count())
    mailing = select(literal("mailing"), Mailing.state, Mailing.next_position).where(Mailing.id == mailing_id)
    return union_all(rows.group_by(Delivery.state), leased, mailing)


def _batch(mailing_id: int, state: str | None, after: int, limit: int = _BATCH) -> Select[*tuple[Any, ...]]:
    rows = _lines(mailing_id).where(Delivery.position > after).order_by(Delivery.position).limit(limit)
    if state is None:
        return rows
    if state != SENDING:  # what is shown under another state than its own is `sending`
        rows = rows.where(Delivery.state == state)
    return rows.where(_shown_state() == state)


def _lines(mailing_id: int) -> Select[*tuple[Any, ...]]:
    """The columns of a `DeliveryLine`."""
    return select(
        Delivery.position,
        Delivery.address,
        _shown_state(),
        Delivery.attempt,
        Delivery.at,
        Delivery.relay,
        Delivery.code,
        Delivery.enhanced,
        Delivery.reply,
    ).where(Delivery.mailing_id == mailing_id)


def _shown_state() -> ColumnElement[str]:
    return case((_is_sending(), SENDING), else_=Delivery.state)


def _is_sending() -> ColumnElement[bool]:
    """Tell in SQL whether an open lease holds a row, by the window that begins next before it: one step in an index."""
    lease = (
        select(case((Window.state == WindowState.LEASED.value, Window.leased_at)))
        .where(Window.mailing_id == Delivery.mailing_id, Window.first_position <= Delivery.position)
        .order_by(Window.first_position.desc())
        .limit(1)
        .correlate(Delivery)
        .scalar_subquery()
    )
    may_be_held = Delivery.state.in_((DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value))
    is_held = ledger.is_held(lease)  # type: ignore[arg-type]  # any time in SQL will do
    return and_(may_be_held, lease.is_not(None), is_held)

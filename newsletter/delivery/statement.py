"""The numbers of a mailing, which add up at every moment, and its rows.

    statement(session, 7).as_json()
    # {"mailing": 7, "state": "sending", "recipients": 9, "queued": 4, "sending": 1, …}

`recipients` is the planner's own count of the positions it gave; the states are counted from the
rows, in one SQL statement and so from one snapshot. Both must be equal, or the ledger is broken.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Case, CompoundSelect, Select, and_, case, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from newsletter.delivery import ledger
from newsletter.delivery.mailings import MailingNotFound
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, Window, WindowState
from newsletter.errors import NewsletterError

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
    leased = {state: counts.get(("leased", state), 0) for state in DeliveryState}
    numbers = {state.value: counts.get(("row", state.value), 0) - leased[state] for state in DeliveryState}
    made = Statement(
        mailing=mailing_id, state=state, recipients=next_position - 1, sending=sum(leased.values()), **numbers
    )
    found = made.sending + sum(numbers.values())
    if found != made.recipients:
        raise LedgerBroken(mailing_id, made.recipients, found)
    return made


def deliveries(session: Session, mailing_id: int, *, state: str | None = None) -> Iterator[DeliveryLine]:
    """The rows of a mailing in the order of their positions, fetched in batches; `state` as in the statement.

    Raises:
        MailingNotFound: there is none; raised when the first row is asked for.
    """
    if session.get(Mailing, mailing_id) is None:
        raise MailingNotFound(mailing_id)
    leases = session.execute(
        select(Window.first_position, Window.last_position, Window.leased_at).where(
            Window.mailing_id == mailing_id, Window.state == WindowState.LEASED.value
        )
    )
    held = [ledger.is_held(since) & Delivery.position.between(first, last) for first, last, since in leases]
    shown = case((or_(false(), *held), SENDING), else_=Delivery.state)
    after = 0
    while rows := session.execute(_batch(mailing_id, shown, after)).all():
        for row in rows:
            line = DeliveryLine(*row)
            if state in (None, line.state):
                yield line
        after = rows[-1].position


def _counts(mailing_id: int) -> CompoundSelect[Any]:
    """Rows by state, rows of open leases by state, and the planner's count: one statement, one snapshot."""
    rows = select(literal("row"), Delivery.state, func.count()).where(Delivery.mailing_id == mailing_id)
    leased = (
        select(literal("leased"), Delivery.state, func.count())
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
    )
    mailing = select(literal("mailing"), Mailing.state, Mailing.next_position).where(Mailing.id == mailing_id)
    return union_all(rows.group_by(Delivery.state), leased.group_by(Delivery.state), mailing)


def _batch(mailing_id: int, shown: Case[str], after: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Delivery.position,
            Delivery.address,
            shown,
            Delivery.attempt,
            Delivery.at,
            Delivery.relay,
            Delivery.code,
            Delivery.enhanced,
            Delivery.reply,
        )
        .where(Delivery.mailing_id == mailing_id, Delivery.position > after)
        .order_by(Delivery.position)
        .limit(_BATCH)
    )

"""Forgetting whom a mailing went to, some time after it: its numbers stay, no row tells of its recipient any more.

    while forgetting.forget_some(session, kinds, before=before): …   # a transaction each

Oldest first, a few thousand rows at a time; `Mailing.forgotten_to` tells how far it has come.
"""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import Select, and_, func, select, text, update
from sqlalchemy.orm import Session

from newsletter.delivery.holding import blanked
from newsletter.delivery.models import Delivery, DeliveryAttempt, Mailing, MailingKind
from subscribers.orm import current

Kinds = Collection[MailingKind]
ISSUES: Kinds = (MailingKind.ISSUE,)
OTHERS: Kinds = (MailingKind.TEST, MailingKind.SYSTEM)

ROWS_AT_ONCE = 5_000  # about a twentieth of a second on SQLite
_MAILINGS_AT_ONCE = 500  # system mail: a recipient each

# In the words of the index that finds them.
_IS_REMEMBERED = text("forgotten_to < next_position - 1")


def due(session: Session, kinds: Kinds, *, before: dt.datetime) -> int:
    """How many recipients of mailings that ended before a time are still to be forgotten."""
    remembered = func.coalesce(func.sum(Mailing.next_position - 1 - Mailing.forgotten_to), 0)
    number: int = session.scalar(_ended(kinds, before).with_only_columns(remembered)) or 0
    return number


def forget_some(session: Session, kinds: Kinds, *, before: dt.datetime) -> int:
    """Forget the next recipients, of one mailing or of several small ones; tell how many, 0 when all are forgotten."""
    ended = _ended(kinds, before).order_by(Mailing.finished_at, Mailing.id).limit(_MAILINGS_AT_ONCE)
    forgotten = 0
    for mailing_id in session.scalars(ended.with_only_columns(Mailing.id)).all():
        if forgotten >= ROWS_AT_ONCE:
            break
        mailing = current(session, Mailing, mailing_id)
        if mailing is not None and mailing.finished_at is not None:  # else it goes on since
            forgotten += _forget(session, mailing, at_most=ROWS_AT_ONCE - forgotten)
    return forgotten


def _ended(kinds: Kinds, before: dt.datetime) -> Select[Mailing]:
    return select(Mailing).where(
        Mailing.kind.in_([kind.value for kind in kinds]), Mailing.finished_at < before, _IS_REMEMBERED
    )


def _forget(session: Session, mailing: Mailing, *, at_most: int) -> int:
    first = mailing.forgotten_to + 1
    last = min(mailing.next_position - 1, mailing.forgotten_to + at_most)
    rows = and_(Delivery.mailing_id == mailing.id, Delivery.position.between(first, last))
    attempts = and_(DeliveryAttempt.mailing_id == mailing.id, DeliveryAttempt.position.between(first, last))
    for statement in (
        update(Delivery).where(rows).values(blanked()),
        update(DeliveryAttempt).where(attempts).values(reply=""),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    mailing.forgotten_to = last
    session.flush()
    return last - first + 1

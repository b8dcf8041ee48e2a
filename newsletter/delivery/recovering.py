"""What a sender left behind when it died.

    recover(session, is_dead=lambda executor: Executor.parse(executor).is_dead(), now=now)

Its lease says which message it had begun. The relay may have taken that one or not: no system could
know, so the row is settled as `unknown` and named. All others of the lease were settled, or not
begun, and go out as if nothing had happened.

A lease of another host is left alone, because whether that host lives cannot be seen from here.
"""

import datetime as dt
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import ledger
from newsletter.delivery.ledger import Outcome
from newsletter.delivery.models import Delivery, Mailing, Window, WindowState
from newsletter.delivery.verdicts import Reply, Step, Verdict

IN_DOUBT = "the sender died between the message and the reply"


def recover(session: Session, *, is_dead: Callable[[str], bool], now: dt.datetime) -> int:
    """End the leases of dead senders; give their number.

    Only theirs are locked: a living sender must not wait for this.
    """
    dead = [executor for executor in holders(session) if is_dead(executor)]
    orphaned = session.scalars(
        select(Window)
        .where(Window.state == WindowState.LEASED.value, Window.executor.in_(dead))
        .order_by(Window.mailing_id, Window.first_position)
        .with_for_update(skip_locked=True)
    ).all()
    for window in orphaned:
        if window.begun is not None:
            _settle_in_doubt(session, window, window.begun, now=now)
        ledger.reopen(session, window, now=now)
    return len(orphaned)


def holders(session: Session) -> tuple[str, ...]:
    """The executors that hold leases."""
    leased = select(Window.executor).where(Window.state == WindowState.LEASED.value)
    return tuple(session.scalars(leased.distinct()))


def _settle_in_doubt(session: Session, window: Window, position: int, *, now: dt.datetime) -> None:
    lease = ledger.lease_of(window, session.get_one(Mailing, window.mailing_id))
    row = ledger.row_of(session.get_one(Delivery, (window.mailing_id, position)))
    reply = Reply(Step.FINAL_DOT, None, "", IN_DOUBT)
    ledger.settle(session, lease, row, Outcome(Verdict.UNKNOWN, reply, relay="", at=now))

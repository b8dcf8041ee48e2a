"""Do the ledgers add up? A sum is counted from all rows of a mailing, so it is taken now and then, not every second.

    with database.reading() as session:
        difference = summing.look(session, now=now)
    if difference:
        with database.writing() as session:
            comparing.settle(session, difference, now=now)

Looked at are the issues that run, those that ended in the last day, and those that were broken before.
"""

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from newsletter.delivery import statement
from newsletter.delivery.alerts import causes, comparing
from newsletter.delivery.alerts.causes import Cause
from newsletter.delivery.alerts.comparing import Difference
from newsletter.delivery.alerts.models import Alert, AlertKind
from newsletter.delivery.models import Mailing, MailingKind, MailingState

RECENT = dt.timedelta(days=1)

_RUNNING = (MailingState.PLANNING.value, MailingState.SENDING.value, MailingState.PAUSED.value)


def look(session: Session, *, now: dt.datetime) -> Difference:
    """Take the sums, and compare them with the open alerts."""
    return comparing.between(comparing.standing(session, [AlertKind.LEDGER_BROKEN]), _broken(session, now=now))


def _broken(session: Session, *, now: dt.datetime) -> Iterator[Cause]:
    known = select(Alert.mailing_id).where(Alert.ended_at.is_(None), Alert.kind == AlertKind.LEDGER_BROKEN.value)
    looked_at = (
        select(Mailing.id, Mailing.name)
        .where(Mailing.kind == MailingKind.ISSUE.value)
        .where(or_(Mailing.state.in_(_RUNNING), Mailing.finished_at >= now - RECENT, Mailing.id.in_(known)))
        .order_by(Mailing.id)
    )
    for mailing_id, name in session.execute(looked_at).all():
        try:
            statement.statement(session, mailing_id)
        except statement.LedgerBroken as error:
            yield causes.ledger_broken(mailing_id, name, planned=error.planned, found=error.found)

"""States that wait for a person, made in the tables as senders leave them."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import planning
from newsletter.delivery.alerts import causes, raising
from newsletter.delivery.alerts.models import Alert
from newsletter.delivery.models import Delivery, DeliveryAttempt, DeliveryState, Mailing, MailingState, Window
from tests.support.ledgers import a_mailing
from tests.support.makers import NOW

FULL = causes.journal_unusable("mail-2", "no space left for <anna@posteo.de>")


def raise_again(database: Database, now: dt.datetime) -> None:
    """The disk had room, and has none again."""
    with database.writing() as session:
        raising.end_alert(session, FULL.key, now=now)
        raising.raise_alert(session, FULL, now=now)


def a_planned_mailing(session: Session, *addresses: str, now: dt.datetime = NOW) -> Mailing:
    """An issue whose audience is frozen."""
    mailing = a_mailing(session, addresses, due_at=now)
    while planning.plan_chunk(session, mailing.id, now=now):
        pass
    return mailing


def in_doubt(session: Session, mailing: Mailing, position: int, *, lost_with: str = "") -> Delivery:
    """The relay's answer about one recipient never came."""
    row = session.get_one(Delivery, (mailing.id, position))
    row.state, row.attempt, row.at, row.reason = DeliveryState.UNKNOWN.value, row.attempt + 1, NOW, lost_with
    attempt = {"attempt": row.attempt, "at": NOW, "relay": "", "code": None, "enhanced": "", "reply": "cut"}
    session.add(DeliveryAttempt(mailing_id=mailing.id, position=position, **attempt))
    session.flush()
    return row


def over(session: Session, mailing: Mailing, *, now: dt.datetime = NOW) -> None:
    """Everybody else got it."""
    for row in session.scalars(select(Delivery).where(Delivery.mailing_id == mailing.id)):
        if row.state == DeliveryState.QUEUED:
            row.state = DeliveryState.ACCEPTED.value
    for window in session.scalars(select(Window).where(Window.mailing_id == mailing.id)):
        window.state = "done"
    mailing.move(MailingState.SENT)
    mailing.finished_at = now
    session.flush()


def alerts(session: Session) -> list[Alert]:
    """All alerts as they are in the database, in the order of their numbers."""
    session.expire_all()
    return list(session.scalars(select(Alert).order_by(Alert.id)))

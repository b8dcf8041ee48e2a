"""Alerts as people and programs see them.

listing.waiting(session)                    # what waits for a person, for the start page
listing.open_of(session, mailing_id=7)      # what is the matter with one mailing
"""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from newsletter.delivery.alerts.models import Alert, AlertKind
from newsletter.delivery.alerts.wording import Words, words
from newsletter.delivery.models import Mailing
from newsletter.errors import NewsletterError
from newsletter.issues.models import Issue
from subscribers.orm import current


class AlertNotFound(NewsletterError):
    """No alert has this number."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(f"There is no alert {alert_id}. `newsletter alert list --all` shows them.")
        self.alert_id = alert_id


def waiting(session: Session) -> tuple[Alert, ...]:
    """The alerts whose state lasts and that nobody has acknowledged, the oldest first."""
    return tuple(session.scalars(_open().where(Alert.acknowledged_at.is_(None))))


def standing(session: Session) -> tuple[Alert, ...]:
    """The alerts whose state lasts, also those acknowledged, the oldest first."""
    return tuple(session.scalars(_open()))


def open_of(session: Session, *, mailing_id: int) -> tuple[Alert, ...]:
    """The alerts about one mailing whose state lasts, the oldest first."""
    return tuple(session.scalars(_open().where(Alert.mailing_id == mailing_id)))


def every(session: Session) -> tuple[Alert, ...]:
    """All alerts there ever were, the newest first."""
    return tuple(session.scalars(select(Alert).order_by(Alert.id.desc())))


def ended(session: Session, *, most: int) -> tuple[Alert, ...]:
    """The alerts that are over, the last one first, at most so many."""
    over = select(Alert).where(Alert.ended_at.is_not(None)).order_by(Alert.ended_at.desc(), Alert.id.desc())
    return tuple(session.scalars(over.limit(most)))


def publications(session: Session, alerts: Collection[Alert]) -> dict[int, int | None]:
    """The publication that each alert is about, by the alert's id; None where it is about none in particular."""
    of_mailing = (
        select(Mailing.id, Issue.publication_id)
        .join(Issue, Mailing.issue_id == Issue.id)
        .where(Mailing.id.in_({each.mailing_id for each in alerts if each.mailing_id is not None}))
    )
    found: dict[int | None, int] = dict(session.execute(of_mailing).all())
    return {each.id: found.get(each.mailing_id) for each in alerts}


def alert(session: Session, alert_id: int) -> Alert:
    """Find an alert; locked, where the session may write.

    Raises:
        AlertNotFound: there is none.
    """
    found = current(session, Alert, alert_id)
    if found is None:
        raise AlertNotFound(alert_id)
    return found


def words_of(alert: Alert, *, language: str = "en") -> Words:
    """What an alert says."""
    return words(AlertKind(alert.kind), alert.facts, language=language)


def as_json(alert: Alert) -> dict[str, object]:
    """An alert as `alert list --json` tells it; times are UTC in ISO 8601."""
    return {
        "id": alert.id,
        "key": alert.key,
        "kind": alert.kind,
        "message": words_of(alert).line,
        "mailing": alert.mailing_id,
        "raised_at": _moment(alert.raised_at),
        "last_at": _moment(alert.last_at),
        "count": alert.count,
        "ended_at": _moment(alert.ended_at),
        "acknowledged_at": _moment(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by or None,
        "mailed_at": _moment(alert.mailed_at),
        "hooked_at": _moment(alert.hooked_at),
    }


def _open() -> Select[Alert]:
    return select(Alert).where(Alert.ended_at.is_(None)).order_by(Alert.raised_at, Alert.id)


def _moment(at: dt.datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None

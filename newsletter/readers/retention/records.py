"""Rows of logs whose time is over: the audit log, and alerts about what ended long ago."""

import datetime as dt

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from newsletter.delivery.alerts.models import Alert
from newsletter.readers.retention.facts import Facts
from subscribers.audit import AuditEntry

AT_ONCE = 5_000


def audit_due(session: Session, facts: Facts) -> int:
    """How many rows of the audit log are older."""
    return session.scalar(_audit(facts.before).with_only_columns(func.count())) or 0


def audit_step(session: Session, facts: Facts) -> int:
    """Delete the next of them."""
    ids = session.scalars(_audit(facts.before).order_by(AuditEntry.at).limit(AT_ONCE)).all()
    if ids:
        session.execute(delete(AuditEntry).where(AuditEntry.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def alerts_due(session: Session, facts: Facts) -> int:
    """How many alerts ended earlier."""
    return session.scalar(_alerts(facts.before).with_only_columns(func.count())) or 0


def alerts_step(session: Session, facts: Facts) -> int:
    """Delete the next of them."""
    ids = session.scalars(_alerts(facts.before).limit(AT_ONCE)).all()
    if ids:
        session.execute(delete(Alert).where(Alert.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _audit(before: dt.datetime) -> Select[int]:
    return select(AuditEntry.id).where(AuditEntry.at < before)


def _alerts(before: dt.datetime) -> Select[int]:
    return select(Alert.id).where(Alert.ended_at < before)

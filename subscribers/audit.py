"""The audit log: one row for each act, written in the transaction of the act.

    audit.record(session, "list.create", f"list:{new.id}", by=by, now=now, slug=slug)

Details never hold a reader's address or name; ids are enough to find them while they exist.
"""

import datetime as dt
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers.actor import Actor
from subscribers.orm import STAFF, Base


class AuditEntry(Base):
    """Who did what to what, and when."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_actor_name_at", "actor_name", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_name: Mapped[str] = mapped_column(String(320), info=STAFF)
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    details: Mapped[dict[str, Any]]


def record(session: Session, action: str, subject: str, *, by: Actor, now: dt.datetime, **details: object) -> None:
    """Write one row; `details` must be JSON values."""
    session.add(
        AuditEntry(
            at=now,
            actor_kind=by.kind.value,
            actor_name=by.name,
            action=action,
            subject=subject,
            details=details,
        )
    )

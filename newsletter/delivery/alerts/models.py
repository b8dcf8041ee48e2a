"""The table of alerts.

An alert is *open* until the state it tells of is over, and *waits* until then or until somebody has
acknowledged it. There is one open alert a key, by a unique index, however many processes raise it.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import STAFF, Base


class AlertKind(StrEnum):
    """What has happened."""

    MAILING_PAUSED = "mailing_paused"  # by the system; a person's pause is none
    SYSTEM_MAIL_PAUSED = "system_mail_paused"  # one alert for all of it: each sign-up is a mailing of its own
    SCHEDULE_MISSED = "schedule_missed"
    DELIVERIES_UNKNOWN = "deliveries_unknown"
    RELAY_FAILING = "relay_failing"
    JOURNAL_UNUSABLE = "journal_unusable"
    LEDGER_BROKEN = "ledger_broken"


class Medium(StrEnum):
    """How people are told."""

    MAIL = "mail"
    HOOK = "hook"


class Alert(Base):
    """One state that waits for a person.

    `key` is what it is about, such as `mailing:7:paused`; `facts` are what `wording` makes its sentences
    of, without any address. `occurrence` rises when the same thing happens anew while the alert is
    open; `count` is how often it was raised, first at `raised_at`, last at `last_at`.

    For mail and for the web hook: when to tell next (None: all is told), when it was told, and how
    many tries have failed since.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            "uq_alert_key_open",
            "key",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_alert_key_mailed_at", "key", "mailed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(30))
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey("mailing.id"))
    facts: Mapped[dict[str, Any]]
    occurrence: Mapped[int] = mapped_column(BigInteger, default=0)
    raised_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    count: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
    acknowledged_by: Mapped[str] = mapped_column(String(320), default="", info=STAFF)
    mail_due_at: Mapped[dt.datetime | None]
    mailed_at: Mapped[dt.datetime | None]
    mail_failures: Mapped[int] = mapped_column(default=0)
    hook_due_at: Mapped[dt.datetime | None]
    hooked_at: Mapped[dt.datetime | None]
    hook_failures: Mapped[int] = mapped_column(default=0)

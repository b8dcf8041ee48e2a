"""The tables of delivery: mailings, the ledger, its windows, attempts and relays.

The ledger promises: `recipients = queued + sending + accepted + deferred + expired + rejected +
excluded + cancelled + unknown`, from one snapshot, at every moment.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.errors import WrongState
from subscribers.orm import READER, STAFF, Base


class MailingKind(StrEnum):
    """What is being sent."""

    ISSUE = "issue"
    TEST = "test"
    SYSTEM = "system"


class MailingState(StrEnum):
    """How far a mailing has come."""

    PLANNING = "planning"  # made, waits for its time; then the audience is frozen
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


MOVES: dict[MailingState, frozenset[MailingState]] = {
    MailingState.PLANNING: frozenset({MailingState.SENDING, MailingState.PAUSED, MailingState.CANCELLED}),
    MailingState.SENDING: frozenset({MailingState.PAUSED, MailingState.SENT, MailingState.CANCELLED}),
    # Resumed: to planning again where the audience was not frozen yet.
    MailingState.PAUSED: frozenset({MailingState.PLANNING, MailingState.SENDING, MailingState.CANCELLED}),
    # Somebody resends what is unknown; nothing else makes a mailing go on that was sent.
    MailingState.SENT: frozenset({MailingState.SENDING}),
    MailingState.CANCELLED: frozenset(),
}


class StopCause(StrEnum):
    """Why the system paused a mailing by itself."""

    FAULT = "fault"  # `reason` says what is wrong
    LATE = "late"  # its time was missed
    RESTORED = "restored"  # the database or a home was, and what was sent since is not known yet


class DeliveryState(StrEnum):
    """What is known of one recipient's copy. `sending` is no state: it is what open leases hold."""

    QUEUED = "queued"
    ACCEPTED = "accepted"  # a relay answered 2xx after the final dot
    DEFERRED = "deferred"  # 4xx; tried again at `next_at`
    EXPIRED = "expired"  # 48 hours of 4xx
    REJECTED = "rejected"  # 5xx for this recipient
    EXCLUDED = "excluded"  # may no longer get it; `reason` says why
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # cut between the final dot and the reply: no system could know


class WindowState(StrEnum):
    """Whether a window waits, is leased to a sender, or is settled."""

    OPEN = "open"
    LEASED = "leased"
    DONE = "done"


class Mailing(Base):
    """One act of sending: an issue to a frozen audience, a test, or a system mail.

    `epoch` rises with each pause, resume and cancel; a lease of an older epoch begins nothing.
    `plan_cursor` is the last subscriber planned, `next_position` the next row's position: both move
    in the transaction of their chunk, so that planning goes on where it stopped. `planned_at` is
    None until the audience is frozen. One with a `parent_id` goes to those whom the mailings of its
    issue missed. `stopped_for` is a `StopCause` while the system has paused it, and empty where a
    person has. Up to the position `forgotten_to` no row tells of its recipient any more.
    """

    __tablename__ = "mailing"
    __table_args__ = (
        CheckConstraint("kind IN ('issue', 'test', 'system')", name="kind"),
        CheckConstraint("state IN ('planning', 'sending', 'paused', 'sent', 'cancelled')", name="state"),
        Index(
            "uq_mailing_issue_id_full",
            "issue_id",
            unique=True,
            sqlite_where=text("kind = 'issue' AND parent_id IS NULL AND state <> 'cancelled'"),
            postgresql_where=text("kind = 'issue' AND parent_id IS NULL AND state <> 'cancelled'"),
        ),
        Index("ix_mailing_state_due_at", "state", "due_at"),
        Index(
            "ix_mailing_issue_id",
            "issue_id",
            sqlite_where=text("issue_id IS NOT NULL"),
            postgresql_where=text("issue_id IS NOT NULL"),
        ),
        Index(
            "ix_mailing_finished_at_remembered",
            "finished_at",
            sqlite_where=text("forgotten_to < next_position - 1"),
            postgresql_where=text("forgotten_to < next_position - 1"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("mailing.id"))
    list_id: Mapped[int | None] = mapped_column(ForeignKey("mailing_list.id"))
    compiled: Mapped[str] = mapped_column(ForeignKey("compiled.digest"))
    state: Mapped[str] = mapped_column(String(10), default=MailingState.PLANNING.value)
    reason: Mapped[str] = mapped_column(Text, default="")
    stopped_for: Mapped[str] = mapped_column(String(10), default="")
    epoch: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[dt.datetime]
    plan_cursor: Mapped[int] = mapped_column(default=0)
    next_position: Mapped[int] = mapped_column(default=1)
    planned_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    created_by: Mapped[str] = mapped_column(String(320), info=STAFF)
    finished_at: Mapped[dt.datetime | None]
    forgotten_to: Mapped[int] = mapped_column(default=0)

    def move(self, wanted: MailingState, reason: str = "") -> None:
        """Take the mailing to another state and raise its epoch.

        Raises:
            WrongState: the move is not one of `MOVES`; the mailing stays as it was.
        """
        if wanted not in MOVES[MailingState(self.state)]:
            raise WrongState(f"Mailing {self.id}", self.state, wanted.value)
        self.state = wanted.value
        self.reason = reason
        self.stopped_for = ""
        self.epoch += 1


class Delivery(Base):
    """One recipient's row in the ledger.

    Neither person nor subscription is a foreign key: to look them up, and to lock them on PostgreSQL, for
    every row would double the time of planning. A person who is gone counts as erased
    (`audience.exclusion`).

    `fields` are the merge fields frozen when planning, `address_key` the normalised address.
    `date` and `content_digest` are the Date header and SHA-256 of the bytes last handed to a
    relay, so that they can be built again and compared. `variant` says which blocks of the issue the recipient's
    topics give, as frozen when planning: a number of `rendering.compiled.Choices`, None where all get the same.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("mailing_id", "address_key"),
        CheckConstraint(
            "state IN ('queued', 'accepted', 'deferred', 'expired', 'rejected', 'excluded', 'cancelled', 'unknown')",
            name="state",
        ),
        {"sqlite_with_rowid": False},  # kept in the order of its key: a window is read in one go
    )

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int | None] = mapped_column(index=True)
    subscription_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(String(320), info=READER)
    address_key: Mapped[str] = mapped_column(String(320), info=READER)
    fields: Mapped[dict[str, Any]] = mapped_column(info=READER)
    variant: Mapped[int | None] = mapped_column(BigInteger, info=READER)
    state: Mapped[str] = mapped_column(String(10), default=DeliveryState.QUEUED.value)
    reason: Mapped[str] = mapped_column(String(60), default="")
    attempt: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[dt.datetime | None]
    next_at: Mapped[dt.datetime | None]
    at: Mapped[dt.datetime | None]
    relay: Mapped[str] = mapped_column(String(200), default="")
    code: Mapped[int | None]
    enhanced: Mapped[str] = mapped_column(String(12), default="")
    reply: Mapped[str] = mapped_column(Text, default="", info=READER)
    date: Mapped[dt.datetime | None]
    content_digest: Mapped[str] = mapped_column(String(64), default="")


class DeliveryAttempt(Base):
    """One reply that was not 2xx."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["mailing_id", "position"], ["delivery.mailing_id", "delivery.position"]),
        Index("ix_delivery_attempt_mailing_id_position", "mailing_id", "position"),
        # Doubts are found by it. An index over states of deliveries would be written with every reply.
        Index(
            "ix_delivery_attempt_unanswered",
            "mailing_id",
            "position",
            sqlite_where=text("code IS NULL"),
            postgresql_where=text("code IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailing_id: Mapped[int]
    position: Mapped[int]
    attempt: Mapped[int]
    at: Mapped[dt.datetime]
    relay: Mapped[str] = mapped_column(String(200))
    code: Mapped[int | None]
    enhanced: Mapped[str] = mapped_column(String(12))
    reply: Mapped[str] = mapped_column(Text, info=READER)


class Window(Base):
    """A fixed range of at most 200 positions of one provider group; what a sender leases.

    `batch` numbers, from 1, the few windows that an engine hands out together. `owner` is the lease's
    random token, also the name of its journal; `executor` says which process holds it, and `seen_at`
    when that last gave a sign of life, which counts where its journal cannot be looked into.
    """

    __tablename__ = "delivery_window"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'leased', 'done')", name="state"),
        Index("ix_delivery_window_state_due_at", "state", "due_at"),
        Index("ix_delivery_window_mailing_id_batch", "mailing_id", "batch"),
    )

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id"), primary_key=True)
    first_position: Mapped[int] = mapped_column(primary_key=True)
    last_position: Mapped[int]
    batch: Mapped[int]
    provider: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), default=WindowState.OPEN.value)
    due_at: Mapped[dt.datetime]
    owner: Mapped[str] = mapped_column(String(40), default="")
    executor: Mapped[str] = mapped_column(String(200), default="")
    epoch: Mapped[int] = mapped_column(default=0)
    leased_at: Mapped[dt.datetime | None]
    seen_at: Mapped[dt.datetime | None]


class Relay(Base):
    """What is known of a relay's health: how often it failed in a row and when to try again.

    `since` is when `alerts.watching` first saw that it fails.
    """

    __tablename__ = "relay"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[dt.datetime | None]
    since: Mapped[dt.datetime | None]
    reply: Mapped[str] = mapped_column(Text, default="")

"""The tables of the edition: publications, issues, their revisions, approvals and used items."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.errors import WrongState
from subscribers.orm import STAFF, Base


class IssueState(StrEnum):
    """How far an issue has come."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"


MOVES: dict[IssueState, frozenset[IssueState]] = {
    IssueState.DRAFT: frozenset({IssueState.IN_REVIEW, IssueState.APPROVED}),
    IssueState.IN_REVIEW: frozenset({IssueState.DRAFT, IssueState.APPROVED}),
    # Any change voids the approval.
    IssueState.APPROVED: frozenset({IssueState.DRAFT, IssueState.SCHEDULED}),
    # Called back, or due.
    IssueState.SCHEDULED: frozenset({IssueState.APPROVED, IssueState.SENDING, IssueState.CANCELLED}),
    IssueState.SENDING: frozenset({IssueState.SENT, IssueState.CANCELLED}),
    IssueState.SENT: frozenset(),
    IssueState.CANCELLED: frozenset(),
}


class Publication(Base):
    """A newsletter as readers know it.

    `brand` holds the design's settings, such as `{"colour": "#0a5c7a"}`. `imprint` is plain text.
    """

    __tablename__ = "publication"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    sender_name: Mapped[str] = mapped_column(String(200), info=STAFF)
    sender_address: Mapped[str] = mapped_column(String(320), info=STAFF)
    reply_to: Mapped[str] = mapped_column(String(320), default="", info=STAFF)
    imprint: Mapped[str] = mapped_column(Text, default="")
    design: Mapped[str] = mapped_column(String(60), default="regional")
    language: Mapped[str] = mapped_column(String(5))
    brand: Mapped[dict[str, Any]]
    four_eyes: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]


class Issue(Base):
    """One edition. Its words are those of its newest revision."""

    __tablename__ = "issue"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'in review', 'approved', 'scheduled', 'sending', 'sent', 'cancelled')",
            name="state",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publication.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=IssueState.DRAFT.value)
    revision: Mapped[int]
    created_at: Mapped[dt.datetime]
    submitted_by: Mapped[str] = mapped_column(String(320), default="", info=STAFF)
    due_at: Mapped[dt.datetime | None]

    def move(self, wanted: IssueState) -> None:
        """Take the issue to another state.

        Raises:
            WrongState: the move is not one of `MOVES`; the issue stays as it was.
        """
        if wanted not in MOVES[IssueState(self.state)]:
            raise WrongState(f"Issue {self.id}", self.state, wanted.value)
        self.state = wanted.value


class IssueRevision(Base):
    """One saved version of an issue's content; `content` is the JSON of `content.stored`.

    `act` is one of `undoing.Act`; `places` names what it changed, as words of `Difference.place` parted by spaces.
    """

    __tablename__ = "issue_revision"

    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    at: Mapped[dt.datetime]
    author: Mapped[str] = mapped_column(String(320), info=STAFF)
    act: Mapped[str] = mapped_column(String(10), default="edit")
    places: Mapped[str] = mapped_column(Text, default="")


class IssuePresence(Base):
    """Somebody who has an issue open, as of `seen_at`; forgotten within half a minute (`presence`)."""

    __tablename__ = "issue_presence"

    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), primary_key=True)
    who: Mapped[str] = mapped_column(String(320), primary_key=True, info=STAFF)
    seen_at: Mapped[dt.datetime]


class IssueItem(Base):
    """An item that an issue's newest revision uses, so that items know their issues."""

    __tablename__ = "issue_item"

    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("news_item.id"), primary_key=True, index=True)


class Approval(Base):
    """One person's word that this revision, compiled so, may go out.

    `fingerprint` covers everything that went into the compiled issue; while the inputs still
    give this fingerprint the approval holds. `voided_at` is set when they no longer do.
    """

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("issue_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    number: Mapped[int]
    revision: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(64))
    compiled: Mapped[str] = mapped_column(ForeignKey("compiled.digest"))
    approved_by: Mapped[str] = mapped_column(String(320), info=STAFF)
    approved_at: Mapped[dt.datetime]
    voided_at: Mapped[dt.datetime | None]


class StoredCompiled(Base):
    """A compiled issue under its digest; never changed. `body` is `CompiledIssue.to_json()`."""

    __tablename__ = "compiled"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]

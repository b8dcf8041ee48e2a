"""The issues at a glance."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from newsletter.issues.models import Issue, IssueRevision, Publication


@dataclass(frozen=True, slots=True)
class IssueRow:
    """One issue with its publication's slug and the subject of its newest revision."""

    id: int
    publication: str
    state: str
    revision: int
    subject: str


def every(session: Session) -> list[IssueRow]:
    """All issues, newest first."""
    rows = session.execute(
        select(Issue.id, Publication.slug, Issue.state, Issue.revision, IssueRevision.content)
        .join(Publication, Publication.id == Issue.publication_id)
        .join(IssueRevision, and_(IssueRevision.issue_id == Issue.id, IssueRevision.number == Issue.revision))
        .order_by(Issue.id.desc())
    )
    return [IssueRow(id_, slug, state, revision, content["subject"]) for id_, slug, state, revision, content in rows]


def as_json(row: IssueRow) -> dict[str, Any]:
    """The row as `issue list --json` tells it."""
    return {
        "id": row.id,
        "publication": row.publication,
        "state": row.state,
        "revision": row.revision,
        "subject": row.subject,
    }

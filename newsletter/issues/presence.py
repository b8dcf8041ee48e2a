"""Who has an issue open now: told by their pages every few seconds, and forgotten soon after they stop.

    presence.here(session, issue, who="ana@example.org", now=now)
    presence.others(session, issue.id, besides="ana@example.org", now=now)  # ("ben@example.org",)

In the database, so that all processes agree. Nothing is kept: whoever says that they are here removes those who no
longer are.
"""

import datetime as dt

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.issues.models import Issue, IssuePresence
from subscribers.orm import upsert

STALE = dt.timedelta(seconds=30)


def here(session: Session, issue: Issue, *, who: str, now: dt.datetime) -> None:
    """Note that somebody has the issue open."""
    session.execute(delete(IssuePresence).where(IssuePresence.seen_at < now - STALE))
    seen = upsert(session, IssuePresence).values(issue_id=issue.id, who=who, seen_at=now)
    session.execute(seen.on_conflict_do_update(index_elements=["issue_id", "who"], set_={"seen_at": now}))


def gone(session: Session, issue: Issue, *, who: str) -> None:
    """Note that somebody has closed it."""
    session.execute(delete(IssuePresence).where(IssuePresence.issue_id == issue.id, IssuePresence.who == who))


def others(session: Session, issue_id: int, *, besides: str, now: dt.datetime) -> tuple[str, ...]:
    """The names of those who have the issue open, without one's own, in alphabetical order."""
    found = select(IssuePresence.who).where(
        IssuePresence.issue_id == issue_id, IssuePresence.who != besides, IssuePresence.seen_at >= now - STALE
    )
    return tuple(session.scalars(found.order_by(IssuePresence.who)))

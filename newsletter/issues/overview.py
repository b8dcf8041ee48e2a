"""How the publications stand, for whoever sits down to work: what is new, what is being written, what went out.

seen = overview.overview(session, publication)
seen.new, seen.titles  # 9 items no issue has used; the first of them
overview.numbers(session, publication.id)[7]  # issue 7 is the publication's third
overview.with_topic(session, publication, "culture")  # where the removal of a topic would be felt
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import Session

from newsletter.content import variants
from newsletter.content.stored import from_stored
from newsletter.issues import composing
from newsletter.issues.errors import NothingNew
from newsletter.issues.models import Issue, IssueRevision, IssueState, Publication

TITLES_AT_MOST = 3
SENT_AT_MOST = 3
_NOT_BEGUN = (IssueState.DRAFT, IssueState.IN_REVIEW, IssueState.APPROVED, IssueState.SCHEDULED)
_ON_THE_WAY = (*_NOT_BEGUN, IssueState.SENDING)


@dataclass(frozen=True, slots=True)
class IssueSeen:
    """An issue: its number in the publication, its subject, who saved it last and when, and when it is due."""

    id: int
    number: int
    state: str
    subject: str
    author: str
    at: dt.datetime
    due_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A publication: how many items are new to it, the first ones' titles, its open issues and the last ones sent."""

    slug: str
    name: str
    language: str
    new: int
    titles: tuple[str, ...]
    open: tuple[IssueSeen, ...]
    sent: tuple[IssueSeen, ...]


def overview(session: Session, publication: Publication) -> Overview:
    """Look at one publication; of its issues the newest come first."""
    try:
        suggested = composing.suggested(session, publication)
    except NothingNew:
        suggested = []
    new = session.scalar(select(func.count()).select_from(composing.unused(publication).subquery())) or 0
    known = numbers(session, publication.id)
    of_it = _issues().where(Issue.publication_id == publication.id)
    is_open = Issue.state.in_([state.value for state in _ON_THE_WAY])
    return Overview(
        slug=publication.slug,
        name=publication.name,
        language=publication.language,
        new=new,
        titles=tuple(item.title for item in suggested[:TITLES_AT_MOST]),
        open=_seen(session.execute(of_it.where(is_open)), known),
        sent=_seen(session.execute(of_it.where(Issue.state == IssueState.SENT.value).limit(SENT_AT_MOST)), known),
    )


def all_of(session: Session, publication: Publication, *, before: int | None, limit: int) -> tuple[IssueSeen, ...]:
    """A publication's issues, the newest first; with `before` those that are older than that one."""
    of_it = _issues().where(Issue.publication_id == publication.id).limit(limit)
    known = numbers(session, publication.id)
    return _seen(session.execute(of_it if before is None else of_it.where(Issue.id < before)), known)


def with_topic(session: Session, publication: Publication, slug: str) -> tuple[IssueSeen, ...]:
    """A publication's issues that have blocks for a topic and have not begun to go out, the newest first."""
    is_open = Issue.state.in_([state.value for state in _NOT_BEGUN])
    rows = session.execute(_issues().where(Issue.publication_id == publication.id, is_open))
    found = (row for row in rows if slug in variants.topics(variants.sections(from_stored(row[1].content))))
    return _seen(found, numbers(session, publication.id))


def numbers(session: Session, publication_id: int) -> dict[int, int]:
    """Each issue's id with its number in the publication, from 1."""
    ids = session.scalars(select(Issue.id).where(Issue.publication_id == publication_id).order_by(Issue.id))
    return {issue_id: number for number, issue_id in enumerate(ids, start=1)}


def _issues() -> Select[Issue, IssueRevision]:
    newest = and_(IssueRevision.issue_id == Issue.id, IssueRevision.number == Issue.revision)
    return select(Issue, IssueRevision).join(IssueRevision, newest).order_by(Issue.id.desc())


def _seen(rows: Iterable[Row[Issue, IssueRevision]], known: dict[int, int]) -> tuple[IssueSeen, ...]:
    return tuple(
        IssueSeen(
            issue.id, known[issue.id], issue.state, newest.content["subject"], newest.author, newest.at, issue.due_at
        )
        for issue, newest in rows
    )

"""What the mailings of a publication's issues were like: when the last one was due, and to how many they went.

seen = precedents.precedents(session, publication_id)
scheduling.is_unusual(12_431, last=seen.numbers)
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Mailing, MailingKind, MailingState
from newsletter.issues.models import Issue

LAST = 5


@dataclass(frozen=True, slots=True)
class Precedents:
    """When the newest mailing was due, None where there is none, and how many recipients the last ones had."""

    due_at: dt.datetime | None
    numbers: tuple[int, ...]


def precedents(session: Session, publication_id: int) -> Precedents:
    """Look at the last mailings to everybody that were not cancelled; only frozen audiences are counted."""
    of_it = _full().join(Issue, Issue.id == Mailing.issue_id).where(Issue.publication_id == publication_id)
    last = session.scalars(of_it.order_by(Mailing.due_at.desc(), Mailing.id.desc()).limit(LAST)).all()
    return Precedents(
        due_at=last[0].due_at if last else None,
        numbers=tuple(each.next_position - 1 for each in last if each.planned_at),
    )


def of_issue(session: Session, issue_id: int) -> Mailing | None:
    """The mailing of an issue to everybody that was not cancelled."""
    return session.scalar(_full().where(Mailing.issue_id == issue_id))


def newest(session: Session, publication_id: int, *, limit: int) -> tuple[Mailing, ...]:
    """A publication's mailings that are due last, those to the missed and the cancelled ones too, the newest first."""
    of_it = select(Mailing).join(Issue, Issue.id == Mailing.issue_id).where(Issue.publication_id == publication_id)
    of_issues = of_it.where(Mailing.kind == MailingKind.ISSUE.value)
    return tuple(session.scalars(of_issues.order_by(Mailing.due_at.desc(), Mailing.id.desc()).limit(limit)))


def of_issues(session: Session, issue_ids: Collection[int]) -> dict[int, tuple[Mailing, ...]]:
    """All mailings of issues, those to the missed and the cancelled ones too, the oldest first."""
    found: dict[int, tuple[Mailing, ...]] = {}
    is_of_them = (Mailing.issue_id.in_(issue_ids), Mailing.kind == MailingKind.ISSUE.value)
    for each in session.scalars(select(Mailing).where(*is_of_them).order_by(Mailing.id)):
        found[each.issue_id or 0] = (*found.get(each.issue_id or 0, ()), each)
    return found


def _full() -> Select[Mailing]:
    """The words of the index that keeps it to one an issue."""
    return select(Mailing).where(
        Mailing.kind == MailingKind.ISSUE.value,
        Mailing.parent_id.is_(None),
        Mailing.state != MailingState.CANCELLED.value,
    )

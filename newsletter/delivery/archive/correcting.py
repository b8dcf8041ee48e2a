"""A correction of an issue that went out: shown above it, dated, while the issue stays as it was sent.

    correcting.correct(session, issue_id, text="Das Fest beginnt um 15 Uhr, nicht um 16 Uhr.", by=by, now=now)

None is changed or taken back: whoever erred in a correction adds another one.
"""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.content import characters
from newsletter.delivery.archive.models import ArchivedIssue, IssueCorrection
from newsletter.errors import NewsletterError
from newsletter.issues.permissions import CORRECT_ISSUES
from subscribers import audit
from subscribers.actor import Actor

MOST_CHARACTERS = 5_000


class CorrectionInvalid(NewsletterError):
    """A correction says nothing, or too much."""

    def __init__(self, issue_id: int) -> None:
        super().__init__(f"A correction of issue {issue_id} needs words, at most {MOST_CHARACTERS} characters of them.")
        self.issue_id = issue_id


class NotOutYet(NewsletterError):
    """Nobody has the issue yet, so there is nothing to correct."""

    def __init__(self, issue_id: int) -> None:
        super().__init__(f"Issue {issue_id} has not gone out: change the issue itself.")
        self.issue_id = issue_id


def correct(session: Session, issue_id: int, *, text: str, by: Actor, now: dt.datetime) -> IssueCorrection:
    """Add a correction; an empty line begins a new paragraph.

    Raises:
        NotPermitted: the actor may not correct what went out.
        NotOutYet: the issue is not archived.
        CorrectionInvalid: it is empty or too long.
    """
    by.require(CORRECT_ISSUES)
    if session.get(ArchivedIssue, issue_id) is None:
        raise NotOutYet(issue_id)
    tidied = "\n\n".join(paragraphs_of(text))
    if not 0 < len(tidied) <= MOST_CHARACTERS:
        raise CorrectionInvalid(issue_id)
    made = IssueCorrection(issue_id=issue_id, text=tidied, at=now, author=by.name)
    session.add(made)
    session.flush()
    audit.record(session, "issue.correct", f"issue:{issue_id}", by=by, now=now, correction=made.id)
    return made


def corrections_of(session: Session, issue_id: int) -> tuple[IssueCorrection, ...]:
    """All of an issue, newest first."""
    of_issue = select(IssueCorrection).where(IssueCorrection.issue_id == issue_id)
    return tuple(session.scalars(of_issue.order_by(IssueCorrection.at.desc(), IssueCorrection.id.desc())))


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of a plain text, each on one line; those without anything to see are dropped."""
    blocks = characters.tidy(text).replace("\r\n", "\n").replace("\r", "\n").split("\n\n")
    lines = (characters.on_one_line(block) for block in blocks)
    return [line for line in lines if not characters.is_blank(line)]

"""What the pages of a mailing show at their top: of which issue it is, and what may be done with it."""

from dataclasses import dataclass

from fastapi import HTTPException
from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.alerts import causes
from newsletter.delivery.alerts.wording import Words, words
from newsletter.delivery.models import Mailing, MailingState, StopCause
from newsletter.issues import overview, revisions
from newsletter.issues.models import Issue, IssueState, Publication

PATH = "/staff/mailings/{mailing_id}"


@dataclass(frozen=True, slots=True)
class MailingSeen:
    """A mailing with its issue. `is_waiting` while it can be called back, `is_over` once nothing more can come."""

    mailing: Mailing
    issue_id: int
    number: int
    issue_state: str
    subject: str
    slug: str
    publication: str
    language: str

    @property
    def is_waiting(self) -> bool:
        """Tell whether it waits for its time, and the issue with it."""
        is_scheduled = self.issue_state == IssueState.SCHEDULED and self.mailing.parent_id is None
        return is_scheduled and self.mailing.state == MailingState.PLANNING

    @property
    def is_over(self) -> bool:
        """Tell whether it was sent or stopped."""
        return self.mailing.state in {MailingState.SENT, MailingState.CANCELLED}

    @property
    def paused_by(self) -> str:
        """The address of whoever of the staff paused it, which is in the reason; empty where nobody has."""
        by_somebody = self.mailing.state == MailingState.PAUSED and not self.mailing.stopped_for
        return self.mailing.reason.removeprefix("paused by ") if by_somebody else ""

    def stopped(self, *, language: str) -> Words | None:
        """Why the system paused it, and what to do; None where it has not."""
        if self.mailing.state != MailingState.PAUSED or not self.mailing.stopped_for:
            return None
        is_late = self.mailing.stopped_for == StopCause.LATE
        cause = causes.schedule_missed(self.mailing) if is_late else causes.mailing_paused(self.mailing)
        return words(cause.kind, cause.facts, language=language)


def seen_of(session: Session, mailing_id: int) -> MailingSeen:
    """Gather it; the guard has seen that it is one of an issue."""
    mailing = mailings.mailing(session, mailing_id)
    issue = session.get(Issue, mailing.issue_id)
    if issue is None:
        raise HTTPException(404)
    publication = session.get_one(Publication, issue.publication_id)
    return MailingSeen(
        mailing=mailing,
        issue_id=issue.id,
        number=overview.numbers(session, publication.id)[issue.id],
        issue_state=issue.state,
        subject=revisions.content_of(session, issue).subject,
        slug=publication.slug,
        publication=publication.name,
        language=publication.language,
    )

"""How a mailing stops or ends, and what that means for its issue.

An issue is `sending` from the moment its audience is being frozen, `sent` when nothing of its
mailing is open any more. A pause is the mailing's own affair, and so is all that a mailing to the
missed does. An issue that was sent stays so, also when something of it is sent once more.
"""

import datetime as dt

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Mailing, MailingKind, MailingState, StopCause, Window, WindowState
from newsletter.issues.models import Issue, IssueState
from subscribers import audit
from subscribers.actor import Actor
from subscribers.orm import current


def finish_where_done(session: Session, mailing: Mailing, *, now: dt.datetime) -> None:
    """Call a mailing sent once all its windows are done."""
    if mailing.state != MailingState.SENDING or _has_open_windows(session, mailing.id):
        return
    mailing.move(MailingState.SENT)
    mailing.finished_at = now
    issue = _issue_of(session, mailing)
    if issue is not None and issue.state != IssueState.SENT:
        issue.move(IssueState.SENT)


def stop(
    session: Session, mailing: Mailing, *, reason: str, now: dt.datetime, cause: StopCause = StopCause.FAULT
) -> None:
    """Pause a mailing because something is wrong with it; a person reads the reason and resumes or cancels.

    An alert follows by itself (`alerts.watching`). One that somebody paused or cancelled meanwhile stays as it is.
    """
    if mailing.state not in (MailingState.PLANNING, MailingState.SENDING):
        return
    mailing.move(MailingState.PAUSED, reason)
    mailing.stopped_for = cause.value
    audit.record(session, "mailing.pause", f"mailing:{mailing.id}", by=Actor.worker(), now=now, reason=reason)


def issue_is_sending(session: Session, mailing: Mailing) -> None:
    """Take the issue from scheduled to sending.

    Raises:
        WrongState: it is not scheduled, so somebody called it back in another way.
    """
    issue = _issue_of(session, mailing)
    if issue is not None and issue.state != IssueState.SENDING:
        issue.move(IssueState.SENDING)


def issue_is_cancelled(session: Session, mailing: Mailing) -> None:
    """Take the issue where a cancelled mailing leaves it: approved again if it only waited, else cancelled."""
    issue = _issue_of(session, mailing)
    if issue is None:
        return
    match IssueState(issue.state):
        case IssueState.SCHEDULED:
            issue.move(IssueState.APPROVED)
            issue.due_at = None
        case IssueState.SENDING:
            issue.move(IssueState.CANCELLED)
        case _:  # called back already, or sent, and only what was resent is cancelled
            return


def _issue_of(session: Session, mailing: Mailing) -> Issue | None:
    """The issue whose state goes with the mailing; a test or a mailing to the missed leaves its issue alone."""
    is_the_full_one = mailing.kind == MailingKind.ISSUE and mailing.parent_id is None
    return current(session, Issue, mailing.issue_id) if is_the_full_one else None


def _has_open_windows(session: Session, mailing_id: int) -> bool:
    open_ones = exists().where(Window.mailing_id == mailing_id, Window.state != WindowState.DONE.value)
    return bool(session.scalar(select(open_ones)))

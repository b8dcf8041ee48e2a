"""Making mailings, and what a person may do to one that runs.

    mailing = mailings.send_test(session, digest, name="Aktuell", address=address, …, by=by, now=now)
    mailings.pause(session, mailing, by=by, now=now)

A mailing of an issue is planned by a worker when it is due. A test or a system mail has one
recipient and is planned here. The state of an issue follows its mailing.
"""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.delivery import batches, endings, ledger, pairing
from newsletter.delivery.models import Delivery, Mailing, MailingKind, MailingState, Window
from newsletter.delivery.permissions import SEND_ISSUES, SEND_TESTS
from newsletter.errors import NewsletterError, WrongState
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue
from subscribers import audit
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.orm import current


class MailingNotFound(NewsletterError):
    """No mailing has this number."""

    def __init__(self, mailing_id: int) -> None:
        super().__init__(f"There is no mailing {mailing_id}.")
        self.mailing_id = mailing_id


class AlreadySent(NewsletterError):
    """An issue goes out once."""

    def __init__(self, issue_id: int, mailing_id: int) -> None:
        super().__init__(f"Issue {issue_id} has its mailing already: number {mailing_id}.")
        self.issue_id = issue_id
        self.mailing_id = mailing_id


def mailing(session: Session, mailing_id: int) -> Mailing:
    """Find a mailing; locked, where the session may write.

    Raises:
        MailingNotFound: there is none.
    """
    found = current(session, Mailing, mailing_id)
    if found is None:
        raise MailingNotFound(mailing_id)
    return found


def every(session: Session) -> list[Mailing]:
    """All mailings, newest first."""
    return list(session.scalars(select(Mailing).order_by(Mailing.id.desc())))


def as_json(mailing: Mailing) -> dict[str, object]:
    """A mailing as `mailing list --json` tells it; times are UTC in ISO 8601."""
    return {
        "id": mailing.id,
        "kind": mailing.kind,
        "name": mailing.name,
        "issue": mailing.issue_id,
        "parent": mailing.parent_id,
        "state": mailing.state,
        "reason": mailing.reason,
        "due_at": mailing.due_at.isoformat(),
        "recipients": mailing.next_position - 1,
    }


def send_issue(
    session: Session,
    *,
    issue_id: int,
    compiled_digest: str,
    list_id: int,
    name: str,
    due_at: dt.datetime,
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    """Have a stored compiled issue go to a list; who gets it is settled when it is due.

    Raises:
        NotPermitted: the actor may not send.
        AlreadySent: the issue has a mailing that was not cancelled.
    """
    by.require(SEND_ISSUES)
    pairing.require_certainty(session)
    made = Mailing(
        kind=MailingKind.ISSUE.value,
        name=name,
        issue_id=issue_id,
        list_id=list_id,
        compiled=compiled_digest,
        due_at=due_at,
        created_at=now,
        created_by=by.name,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise AlreadySent(issue_id, _standing(session, issue_id)) from error
    batches.enqueue_audience(session, made)
    audit.record(session, "mailing.create", f"mailing:{made.id}", by=by, now=now, issue=issue_id)
    return made


def send_test(
    session: Session,
    compiled_digest: str,
    *,
    name: str,
    issue_id: int | None,
    address: EmailAddress,
    language: str,
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    """Send a stored compiled issue to one address, whoever that is.

    Raises:
        NotPermitted: the actor may not send tests.
    """
    by.require(SEND_TESTS)
    made = _to_one(
        session,
        Mailing(kind=MailingKind.TEST.value, name=name, issue_id=issue_id, compiled=compiled_digest),
        Delivery(fields={"language": language}),
        address=address,
        by=by,
        now=now,
    )
    audit.record(session, "mailing.test", f"mailing:{made.id}", by=by, now=now, issue=issue_id)
    return made


def send_system_mail(
    session: Session,
    compiled: CompiledIssue,
    *,
    name: str,
    address: str,
    subscriber_id: int | None,
    subscription_id: int | None,
    fields: Mapping[str, str],
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    """Send one person a mail that the system writes, such as a confirmation.

    Whoever may do the act that the mail belongs to may have it sent: there is no permission of its
    own. `fields` are the frozen merge fields, with `confirm_token` where the mail has such a link.
    """
    made = _to_one(
        session,
        Mailing(kind=MailingKind.SYSTEM.value, name=name, compiled=compilations.store(session, compiled, now=now)),
        Delivery(fields=dict(fields), subscriber_id=subscriber_id, subscription_id=subscription_id),
        address=EmailAddress.parse(address),
        by=by,
        now=now,
    )
    audit.record(session, "mailing.system", f"mailing:{made.id}", by=by, now=now, name=name)
    return made


def pause(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime, reason: str = "") -> None:
    """Begin nothing more until somebody resumes; what is on the wire is still settled.

    Raises:
        WrongState: it is over, or paused already.
    """
    by.require(SEND_ISSUES)
    mailing.move(MailingState.PAUSED, reason or f"paused by {by.name}")
    audit.record(session, "mailing.pause", f"mailing:{mailing.id}", by=by, now=now, reason=mailing.reason)


def resume(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> None:
    """Go on where it was paused; a mailing that waited to be planned is due now.

    Raises:
        RestoreInDoubt: the database or a home was restored; see `pairing`.
        WrongState: it is not paused.
    """
    by.require(SEND_ISSUES)
    pairing.require_certainty(session)
    if mailing.state != MailingState.PAUSED:
        raise WrongState(f"Mailing {mailing.id}", mailing.state, MailingState.SENDING.value)
    if mailing.planned_at is None:
        mailing.move(MailingState.PLANNING)
        mailing.due_at = max(mailing.due_at, now)
        batches.enqueue_audience(session, mailing)
    else:
        mailing.move(MailingState.SENDING)
        session.flush()
        batches.enqueue_open(session, mailing)
        endings.finish_where_done(session, mailing, now=now)
    audit.record(session, "mailing.resume", f"mailing:{mailing.id}", by=by, now=now)


def cancel(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> None:
    """End a mailing: whoever did not get it yet does not get it.

    Rows of open leases are left to their senders, who cancel what they did not send. An issue that
    only waited for its time is approved again and may be sent anew.

    Raises:
        WrongState: it is over already.
    """
    by.require(SEND_ISSUES)
    mailing.move(MailingState.CANCELLED)
    mailing.finished_at = now
    session.flush()
    ledger.cancel_unleased(session, mailing.id)
    endings.issue_is_cancelled(session, mailing)
    audit.record(session, "mailing.cancel", f"mailing:{mailing.id}", by=by, now=now)


def _to_one(
    session: Session, made: Mailing, delivery: Delivery, *, address: EmailAddress, by: Actor, now: dt.datetime
) -> Mailing:
    """Plan a mailing of one delivery and one window at once."""
    made.state = MailingState.PLANNING.value
    made.epoch = 1
    made.due_at = made.created_at = made.planned_at = now
    made.created_by = by.name
    made.next_position = 2
    session.add(made)
    session.flush()
    made.move(MailingState.SENDING)
    delivery.mailing_id, delivery.position = made.id, 1
    delivery.address, delivery.address_key = address.address, address.key
    window = Window(
        mailing_id=made.id, first_position=1, last_position=1, batch=1, provider=address.provider.value, due_at=now
    )
    session.add_all((delivery, window))
    session.flush()
    batches.enqueue_open(session, made)
    return made


def _standing(session: Session, issue_id: int) -> int:
    """The mailing that is in the way of another one of the same issue."""
    return session.scalars(
        select(Mailing.id).where(
            Mailing.issue_id == issue_id,
            Mailing.kind == MailingKind.ISSUE.value,
            Mailing.parent_id.is_(None),
            Mailing.state != MailingState.CANCELLED.value,
        )
    ).one()

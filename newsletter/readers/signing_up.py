"""Signing up: the request is kept, and its confirmation mail queued, in one transaction.

A visitor gets the same answer whatever is known about the address, and after the same work: where nobody
is to be written down or mailed, somebody who is nobody is, and forgotten again.
"""

import datetime as dt
from collections.abc import Collection
from secrets import token_hex

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.issues.models import Publication
from newsletter.mails import confirmation
from newsletter.readers.errors import ListNotOpen
from subscribers import subscribing, tokens
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.measuring import Choice
from subscribers.models import MailingList
from subscribers.people import Person
from subscribers.secret import Secret
from subscribers.subscribing import ConfirmationDue, NothingDue


def sign_up(
    session: Session,
    mailing_list: MailingList,
    *,
    address: EmailAddress,
    person: Person,
    wording: str,
    source: str,
    ip: str | None,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    wording_language: str = "",
    topic_slugs: Collection[str] | None = None,
    measured: Choice | None = None,
) -> None:
    """Ask for a list, as any visitor can; mails a confirmation where one is due. As `subscribing.request`.

    `measured` is what the visitor chose where the form asked; None where it did not.

    Raises:
        ListNotOpen: the list has no publication.
    """
    publication = publication_of(session, mailing_list)
    decision = subscribing.request(
        session,
        mailing_list,
        address=address,
        person=person,
        wording=wording,
        source=source,
        ip=ip,
        secret=secret,
        by=by,
        now=now,
        wording_language=wording_language,
        topic_slugs=topic_slugs,
        measured=measured,
    )
    _act(session, decision, mailing_list, publication, secret=secret, by=by, now=now)
    if isinstance(decision, NothingDue):
        _rehearse(
            session,
            mailing_list,
            publication,
            person=person,
            wording=wording,
            wording_language=wording_language,
            topic_slugs=topic_slugs,
            measured=measured,
            ip=ip,
            secret=secret,
            now=now,
        )


def add_requested(
    session: Session,
    mailing_list: MailingList,
    *,
    address: EmailAddress,
    requested_by: str,
    person: Person,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> ConfirmationDue | NothingDue:
    """Ask for a list on behalf of somebody who asked staff, and tell staff what came of it.

    Raises:
        ListNotOpen: the list has no publication.
        RequestUnproven: `requested_by` is empty.
    """
    publication = publication_of(session, mailing_list)
    decision = subscribing.add_requested(
        session,
        mailing_list,
        address=address,
        requested_by=requested_by,
        person=person,
        secret=secret,
        by=by,
        now=now,
    )
    _act(session, decision, mailing_list, publication, secret=secret, by=by, now=now)
    return decision


def publication_of(session: Session, mailing_list: MailingList) -> Publication:
    """The publication that a list's readers get; the oldest where several share the list.

    Raises:
        ListNotOpen: there is none.
    """
    publications = select(Publication).where(Publication.list_id == mailing_list.id).order_by(Publication.id)
    found = session.scalar(publications.limit(1))
    if found is None:
        raise ListNotOpen(mailing_list.slug)
    return found


def _rehearse(
    session: Session,
    mailing_list: MailingList,
    publication: Publication,
    *,
    person: Person,
    wording: str,
    wording_language: str,
    topic_slugs: Collection[str] | None,
    measured: Choice | None,
    ip: str | None,
    secret: Secret,
    now: dt.datetime,
) -> None:
    """Do all that a sign-up of a stranger does, and undo it: how long an answer takes must not tell who is known."""
    nobody, by = EmailAddress.parse(f"{token_hex(8)}@example.org"), Actor.reader(None)
    with session.begin_nested() as rehearsal:
        decision = subscribing.request(
            session,
            mailing_list,
            address=nobody,
            person=person,
            wording=wording,
            source="page",
            ip=ip,
            secret=secret,
            by=by,
            now=now,
            wording_language=wording_language,
            topic_slugs=topic_slugs,
            measured=measured,
        )
        _act(session, decision, mailing_list, publication, secret=secret, by=by, now=now)
        session.flush()
        rehearsal.rollback()


def _act(
    session: Session,
    decision: ConfirmationDue | NothingDue,
    mailing_list: MailingList,
    publication: Publication,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> None:
    if isinstance(decision, NothingDue):
        return
    confirmation.send(
        session,
        decision,
        publication=publication,
        mailing_list=mailing_list,
        token=tokens.confirmation(secret, decision.subscription_id, address_key=decision.address.key, now=now),
        by=by,
        now=now,
    )

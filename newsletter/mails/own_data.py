"""The mails about a reader's own data: a link of one hour for each errand, and a note to an address left behind.

Plain, and silent about the person: nobody knows who reads the mailbox, and a mistyped address is a stranger's.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import ERRAND_PATH
from newsletter.issues.models import Publication
from newsletter.mails import letters
from newsletter.rendering.compiled import CompiledIssue
from newsletter.texts.letters import ADDRESS_CHANGED, CHANGE_ADDRESS, DOWNLOAD, ERASE, NEW_ADDRESS
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.models import Errand, MailingList, Subscriber, Subscription

LETTERS = {
    Errand.DOWNLOAD: DOWNLOAD,
    Errand.ERASE: ERASE,
    Errand.CHANGE_ADDRESS: CHANGE_ADDRESS,
    Errand.NEW_ADDRESS: NEW_ADDRESS,
    None: ADDRESS_CHANGED,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an errand comes from: the list whose issue led to it, and in which language its reader is spoken to."""

    publication: Publication
    mailing_list: MailingList
    language: str


def send_link(
    session: Session,
    errand: Errand,
    subscription: Subscription,
    *,
    origin: Origin,
    token: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Mail the link to one errand to the person's address."""
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    mailings.send_system_mail(
        session,
        compiled(session, origin, errand),
        name=errand.value,
        address=subscriber.address,
        subscriber_id=subscriber.id,
        subscription_id=subscription.id,
        fields={ERRAND_PATH: f"{errand.value}/{token}"},
        by=by,
        now=now,
    )


def send_to_new_address(
    session: Session,
    address: EmailAddress,
    subscription: Subscription,
    *,
    origin: Origin,
    token: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Ask at an address that is not the person's yet; whether it may be mailed at all, the caller knows."""
    errand = Errand.NEW_ADDRESS
    mailings.send_system_mail(
        session,
        compiled(session, origin, errand),
        name=errand.value,
        address=address.address,
        subscriber_id=None,  # a mail to another address than the person's own would be excluded
        subscription_id=subscription.id,
        fields={ERRAND_PATH: f"{errand.value}/{token}"},
        by=by,
        now=now,
    )


def send_note(
    session: Session,
    before: EmailAddress,
    subscription: Subscription,
    *,
    origin: Origin,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Tell the mailbox where a person's mail went so far that it goes elsewhere now; not where."""
    mailings.send_system_mail(
        session,
        compiled(session, origin, None),
        name=ADDRESS_CHANGED.short_name,
        address=before.address,
        subscriber_id=None,
        subscription_id=subscription.id,
        fields={},
        by=by,
        now=now,
    )


def compiled(session: Session, origin: Origin, errand: Errand | None) -> CompiledIssue:
    """The mail of one errand, list and language, the same for everybody; None is the note."""
    return letters.compiled(
        session,
        LETTERS[errand],
        publication=origin.publication,
        mailing_list=origin.mailing_list,
        language=origin.language,
        values={},
    )

"""What a reader may do with all that is kept of them: get it, have it deleted, have their mail go to another address.

    own_data.ask(session, reader, Errand.ERASE, …)            # from the settings page: mails a link of one hour
    own_data.errand_of(session, Errand.ERASE, token, …)       # the page behind it; looking changes nothing
    own_data.erase(session, token, …)                         # its button

The link to the settings is in every issue, and issues are forwarded. So the settings page only has a link mailed
to the address (`subscribers.errands`), and says the same whether a mail went out or not.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.mails import own_data as letters
from newsletter.mails.own_data import Origin
from newsletter.readers import disclosing, erasing
from newsletter.readers.signing_up import publication_of
from subscribers import changing_address, errands
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress, masked
from subscribers.changing_address import AddressChanged, AddressNotChanged
from subscribers.errands import Subject
from subscribers.models import Errand, MailingList, Subscriber, Subscription
from subscribers.secret import Secret


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a link is about, as a page may show it; `mailbox` is the key that rate limits are kept under, never shown.

    `new_address` is masked, and empty but in `Errand.NEW_ADDRESS`.
    """

    subscription_id: int
    list_name: str
    list_slug: str
    language: str
    masked_address: str
    mailbox: str
    new_address: str = ""


def reader_of(session: Session, subscription_id: int) -> Reader | None:
    """The reader of a subscription; None where there is none, or the person was erased."""
    subscription = session.get(Subscription, subscription_id)
    if subscription is None:
        return None
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    return None if subscriber.erased_at is not None else _reader(session, subscription, subscriber)


def ask(session: Session, reader: Reader, errand: Errand, *, secret: Secret, by: Actor, now: dt.datetime) -> None:
    """Mail the link to an errand, unless one went out a moment ago.

    Raises:
        ListNotOpen: the list has no publication, so there is nobody to mail in whose name.
    """
    subscription = session.get_one(Subscription, reader.subscription_id)
    origin = _origin(session, subscription, reader.language)
    token = errands.ask(session, subscription, errand, secret=secret, by=by, now=now)
    if token is not None:
        letters.send_link(session, errand, subscription, origin=origin, token=token, by=by, now=now)


def errand_of(session: Session, errand: Errand, token: str, *, secret: Secret, now: dt.datetime) -> Reader:
    """Tell whom a link to an errand is about; changes nothing.

    Raises:
        TokenInvalid: it was not made here for this errand.
        TokenExpired: it is too old, was used, followed by another, or the reader is gone or has another address.
    """
    return _shown(session, errands.subject(session, errand, token, secret=secret, now=now))


def download(session: Session, token: str, *, secret: Secret, by: Actor, now: dt.datetime) -> dict[str, object]:
    """Everything that is kept of the person, as JSON values; as often as wanted while the link counts.

    Raises:
        TokenInvalid, TokenExpired: as `errand_of`.
    """
    found = errands.subject(session, Errand.DOWNLOAD, token, secret=secret, now=now)
    return disclosing.disclose(session, found.subscriber.id, by=_themselves(by, found.subscriber), now=now)


def erase(session: Session, token: str, *, secret: Secret, by: Actor, now: dt.datetime) -> Reader:
    """Erase the person for good, and tell who it was.

    Raises:
        TokenInvalid, TokenExpired: as `errand_of`; nothing is changed.
    """
    found = errands.subject(session, Errand.ERASE, token, secret=secret, now=now)
    reader = _shown(session, found)
    errands.close(session, found.subscriber.id)
    erasing.erase(session, found.subscriber.id, secret=secret, by=_themselves(by, found.subscriber), now=now)
    return reader


def ask_new_address(
    session: Session, token: str, *, address: EmailAddress, secret: Secret, by: Actor, now: dt.datetime
) -> None:
    """Ask at the new address whether it is theirs, by a link of one hour; silent about what is known of it.

    Nobody is mailed where a suppression forbids it. Whether the address is somebody's on our lists is not looked at
    before its owner has pressed the button.

    Raises:
        TokenInvalid, TokenExpired: as `errand_of`.
        ListNotOpen: as `ask`.
    """
    found = errands.subject(session, Errand.CHANGE_ADDRESS, token, secret=secret, now=now)
    subscription, reader = found.subscription, _shown(session, found)
    origin = _origin(session, subscription, reader.language)
    fresh = errands.ask_new_address(session, subscription, address, secret=secret, by=by, now=now)
    if fresh is not None and changing_address.may_be_mailed(session, address, secret=secret):
        letters.send_to_new_address(session, address, subscription, origin=origin, token=fresh, by=by, now=now)


def change_address(
    session: Session, token: str, *, ip: str | None, secret: Secret, by: Actor, now: dt.datetime
) -> tuple[Reader, AddressChanged | AddressNotChanged]:
    """Have the person's mail go to the new address, and tell the old mailbox so.

    Raises:
        TokenInvalid, TokenExpired: as `errand_of`; nothing is changed.
        ListNotOpen: as `ask`.
    """
    found = errands.subject(session, Errand.NEW_ADDRESS, token, secret=secret, now=now)
    reader = _shown(session, found)
    origin = _origin(session, found.subscription, reader.language)
    outcome = changing_address.change(
        session,
        found.subscriber,
        to=EmailAddress.parse(found.address),
        subscription=found.subscription,
        asked_at=found.asked_at,
        ip=ip,
        secret=secret,
        by=by,
        now=now,
    )
    if isinstance(outcome, AddressChanged):
        letters.send_note(session, outcome.before, found.subscription, origin=origin, by=by, now=now)
    return reader, outcome


def _themselves(by: Actor, subscriber: Subscriber) -> Actor:
    """Who holds a link that only the person's mailbox got is no visitor any more, but that person."""
    return Actor.reader(subscriber.id) if by.kind is ActorKind.READER else by


def _shown(session: Session, found: Subject) -> Reader:
    return _reader(session, found.subscription, found.subscriber, new_address=found.address)


def _reader(session: Session, subscription: Subscription, subscriber: Subscriber, *, new_address: str = "") -> Reader:
    mailing_list = session.get_one(MailingList, subscription.list_id)
    return Reader(
        subscription_id=subscription.id,
        list_name=mailing_list.name,
        list_slug=mailing_list.slug,
        language=subscriber.language or mailing_list.language,
        masked_address=masked(subscriber.address),
        mailbox=subscriber.address_key,
        new_address=masked(new_address) if new_address else "",
    )


def _origin(session: Session, subscription: Subscription, language: str) -> Origin:
    mailing_list = session.get_one(MailingList, subscription.list_id)
    return Origin(publication_of(session, mailing_list), mailing_list, language)

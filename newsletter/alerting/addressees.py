"""Who gets alerts by mail, in which language, and whom they come from."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import staff
from newsletter.delivery.models import Mailing
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.issues.models import Issue, Publication
from newsletter.rendering.compiled import Mailbox

FALLBACK_LANGUAGE = "de"  # as for everything whose language nobody has said
SENDER_NAME = "Newsletter"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody to be told."""

    address: str
    language: str


def addressees(session: Session, mail_to: tuple[str, ...], *, mailing_id: int | None = None) -> tuple[Addressee, ...]:
    """The addresses of the settings, else the active staff users who may send issues of the mailing's publication.

    An address that belongs to no staff user is written to in the language of the first one.
    """
    of_mailing = (
        select(Issue.publication_id).join(Mailing, Mailing.issue_id == Issue.id).where(Mailing.id == mailing_id)
    )
    users = staff.who_may(session, SEND_ISSUES, publication_id=session.scalar(of_mailing))
    if not mail_to:
        return tuple(Addressee(user.address, user.language) for user in users)
    languages = {user.address: user.language for user in users}
    usual = users[0].language if users else FALLBACK_LANGUAGE
    return tuple(Addressee(address, languages.get(address, usual)) for address in mail_to)


def sender(session: Session, *, mailing_id: int | None, mail_from: str, public_url: str) -> Mailbox:
    """Whom the mail comes from: as set, else the publication's sender, which the relay knows already.

    Where no mailing is concerned, that is the first publication's; before there is one, the host of the pages.
    """
    if mail_from:
        return Mailbox(SENDER_NAME, mail_from)
    found = select(Publication.sender_address).order_by(Publication.id).limit(1)
    of_mailing = (
        select(Publication.sender_address)
        .join(Issue, Issue.publication_id == Publication.id)
        .join(Mailing, Mailing.issue_id == Issue.id)
        .where(Mailing.id == mailing_id)
    )
    address = session.scalar(of_mailing) or session.scalar(found)
    return Mailbox(SENDER_NAME, address or f"newsletter@{urlsplit(public_url).hostname or 'localhost'}")

"""Whom mails to the staff come from."""

from sqlalchemy.orm import Session

from newsletter.alerting import addressees
from newsletter.app import App
from newsletter.rendering.compiled import Mailbox


def sender_of(session: Session, app: App) -> Mailbox:
    """The sender of alerts, else the first publication's: an address that the relay knows."""
    settings = app.settings
    return addressees.sender(
        session, mailing_id=None, mail_from=settings.alerts.mail_from, public_url=settings.public_url
    )

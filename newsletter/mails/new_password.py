"""The mail to one of the staff who has forgotten the password."""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import STAFF_LINK
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder
from subscribers.actor import Actor

NAME = "new_password"
VALID_MINUTES = 60  # as accounts.links has it


def send(
    session: Session, *, address: str, language: str, key: str, sender: Mailbox, by: Actor, now: dt.datetime
) -> None:
    """Hand the mail to delivery, which makes the link of the key."""
    mailings.send_system_mail(
        session,
        compiled(sender=sender, language=language),
        name=NAME,
        address=address,
        subscriber_id=None,
        subscription_id=None,
        fields={STAFF_LINK: key},
        by=by,
        now=now,
    )


def compiled(*, sender: Mailbox, language: str) -> CompiledIssue:
    """The mail in one language."""
    return compile_system_mail(
        templates_folder() / "mail" / NAME, language=language, sender=sender, facts={"valid_minutes": VALID_MINUTES}
    )

"""The mail to somebody who is to work with us: choose how you sign in."""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import STAFF_LINK
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder
from subscribers.actor import Actor, ActorKind

NAME = "invitation"
VALID_DAYS = 7  # as accounts.links has it


def send(
    session: Session, *, address: str, language: str, key: str, sender: Mailbox, by: Actor, now: dt.datetime
) -> None:
    """Hand the mail to delivery, which makes the link of the key."""
    mailings.send_system_mail(
        session,
        compiled(sender=sender, language=language, inviter=by.name if by.kind is ActorKind.STAFF else ""),
        name=NAME,
        address=address,
        subscriber_id=None,
        subscription_id=None,
        fields={STAFF_LINK: key},
        by=by,
        now=now,
    )


def compiled(*, sender: Mailbox, language: str, inviter: str) -> CompiledIssue:
    """The mail of one inviter in one language; `inviter` is an address, empty for who runs the machine."""
    return compile_system_mail(
        templates_folder() / "mail" / NAME,
        language=language,
        sender=sender,
        facts={"inviter": inviter, "valid_days": VALID_DAYS},
    )

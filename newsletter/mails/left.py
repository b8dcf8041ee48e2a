"""The mail that tells somebody that they were unsubscribed, and lets them take it back.

Plain on purpose, like the confirmation: whoever left does not want to be won back.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import UNDO_TOKEN
from newsletter.issues.models import Publication
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder
from subscribers.actor import Actor
from subscribers.models import Subscriber, Subscription
from subscribers.tokens import UNDO_LIFETIME

NAME = "left"


def send(
    session: Session,
    subscription: Subscription,
    subscriber: Subscriber,
    *,
    publication: Publication,
    list_names: tuple[str, ...],
    language: str,
    token: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Hand the mail to delivery, which makes the link of the token."""
    mailings.send_system_mail(
        session,
        compiled(publication, list_names, language=language),
        name=NAME,
        address=subscriber.address,
        subscriber_id=subscriber.id,
        subscription_id=subscription.id,
        fields={UNDO_TOKEN: token},
        by=by,
        now=now,
    )


def compiled(publication: Publication, list_names: tuple[str, ...], *, language: str) -> CompiledIssue:
    """The mail about these lists in one language, the same for everybody."""
    return compile_system_mail(
        templates_folder() / "mail" / NAME,
        language=language,
        sender=Mailbox(publication.sender_name, publication.sender_address),
        reply_to=Mailbox("", publication.reply_to) if publication.reply_to else None,
        facts={
            "list_names": list(list_names),
            "sender_name": publication.sender_name or publication.name,
            "imprint": publication.imprint.strip(),
            "valid_days": UNDO_LIFETIME.days,
        },
    )

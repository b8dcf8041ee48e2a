"""The mail that asks: was it you who signed up?

Plain on purpose: no logo, no greeting, nothing that praises. A mail to somebody who did not ask is
itself advertising if it says more than it must (Landgericht Stendal, 22 S 87/20).
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import CONFIRM_TOKEN
from newsletter.issues.models import Publication
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder
from subscribers.actor import Actor
from subscribers.models import MailingList
from subscribers.subscribing import ConfirmationDue
from subscribers.tokens import CONFIRMATION_LIFETIME

NAME = "confirmation"


def send(
    session: Session,
    due: ConfirmationDue,
    *,
    publication: Publication,
    mailing_list: MailingList,
    token: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Hand the mail to delivery, which makes the link of the token."""
    mailings.send_system_mail(
        session,
        compiled(publication, mailing_list, language=due.language),
        name=NAME,
        address=due.address.address,
        subscriber_id=due.subscriber_id,
        subscription_id=due.subscription_id,
        fields={CONFIRM_TOKEN: token},
        by=by,
        now=now,
    )


def compiled(publication: Publication, mailing_list: MailingList, *, language: str) -> CompiledIssue:
    """The mail of one list and language, the same for everybody."""
    return compile_system_mail(
        templates_folder() / "mail" / NAME,
        language=language,
        sender=Mailbox(publication.sender_name, publication.sender_address),
        reply_to=Mailbox("", publication.reply_to) if publication.reply_to else None,
        facts={
            "list_name": mailing_list.name,
            "sender_name": publication.sender_name or publication.name,
            "imprint": publication.imprint.strip(),
            "valid_days": CONFIRMATION_LIFETIME.days,
        },
    )

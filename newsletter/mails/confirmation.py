"""The mail that asks: was it you who signed up?

Plain on purpose: no logo, no greeting, nothing that praises. A mail to somebody who did not ask is
itself advertising if it says more than it must (Landgericht Stendal, 22 S 87/20).
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import CONFIRM_TOKEN
from newsletter.issues.models import Publication
from newsletter.mails import letters
from newsletter.rendering.compiled import CompiledIssue
from newsletter.texts.letters import CONFIRMATION
from subscribers.actor import Actor
from subscribers.models import MailingList
from subscribers.subscribing import ConfirmationDue
from subscribers.tokens import CONFIRMATION_LIFETIME


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
        compiled(session, publication, mailing_list, language=due.language),
        name=CONFIRMATION.short_name,
        address=due.address.address,
        subscriber_id=due.subscriber_id,
        subscription_id=due.subscription_id,
        fields={CONFIRM_TOKEN: token},
        by=by,
        now=now,
    )


def compiled(session: Session, publication: Publication, mailing_list: MailingList, *, language: str) -> CompiledIssue:
    """The mail of one list and language, the same for everybody."""
    return letters.compiled(
        session,
        CONFIRMATION,
        publication=publication,
        mailing_list=mailing_list,
        language=language,
        values={"days": str(CONFIRMATION_LIFETIME.days)},
    )

"""The mail that tells a reader what was changed in their settings, with the link to them.

Plain on purpose: whoever it reaches may not have changed anything, and is to see only what was done in their name.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.issues.models import Publication
from newsletter.mails import letters
from newsletter.rendering.compiled import CompiledIssue
from newsletter.texts.letters import SETTINGS_CHANGED
from subscribers.actor import Actor
from subscribers.models import MailingList, Subscriber, Subscription


def send(
    session: Session,
    subscription: Subscription,
    subscriber: Subscriber,
    *,
    publication: Publication,
    changes: str,
    language: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Hand the mail to delivery, which makes the link to the settings of the subscription."""
    mailings.send_system_mail(
        session,
        compiled(session, publication, changes, language=language),
        name=SETTINGS_CHANGED.short_name,
        address=subscriber.address,
        subscriber_id=subscriber.id,
        subscription_id=subscription.id,
        fields={},
        by=by,
        now=now,
    )


def compiled(session: Session, publication: Publication, changes: str, *, language: str) -> CompiledIssue:
    """The mail about these changes in one language, in the words of the list that is published."""
    return letters.compiled(
        session,
        SETTINGS_CHANGED,
        publication=publication,
        mailing_list=session.get_one(MailingList, publication.list_id),
        language=language,
        values={"changes": changes},
    )

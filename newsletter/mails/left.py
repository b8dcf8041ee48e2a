"""The mail that tells somebody that they were unsubscribed, and lets them take it back.

Plain on purpose, like the confirmation: whoever left does not want to be won back.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.recipients import UNDO_TOKEN
from newsletter.issues.models import Publication
from newsletter.mails import letters
from newsletter.rendering.compiled import CompiledIssue
from newsletter.texts.letters import LEFT
from newsletter.texts.naming import listed
from subscribers.actor import Actor
from subscribers.models import MailingList, Subscriber, Subscription
from subscribers.tokens import UNDO_LIFETIME


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
        compiled(session, publication, list_names, language=language),
        name=LEFT.short_name,
        address=subscriber.address,
        subscriber_id=subscriber.id,
        subscription_id=subscription.id,
        fields={UNDO_TOKEN: token},
        by=by,
        now=now,
    )


def compiled(
    session: Session, publication: Publication, list_names: tuple[str, ...], *, language: str
) -> CompiledIssue:
    """The mail about these lists in one language, the same for everybody, in the words of the first."""
    return letters.compiled(
        session,
        LEFT,
        publication=publication,
        mailing_list=session.get_one(MailingList, publication.list_id),
        language=language,
        values={"lists": listed(list_names, language=language), "days": str(UNDO_LIFETIME.days)},
    )

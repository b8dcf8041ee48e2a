"""Which list a link that no longer counts came from, so that its page can offer a way on."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.web.public.offering import Offer, offer_of
from subscribers.models import MailingList, Subscription


def list_of(session: Session, subscription_id: int) -> Offer | None:
    """The list of a subscription; None where it is gone."""
    slug = session.scalar(
        select(MailingList.slug)
        .join(Subscription, Subscription.list_id == MailingList.id)
        .where(Subscription.id == subscription_id)
    )
    return None if slug is None else offer_of(session, slug)

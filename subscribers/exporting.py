"""Taking people out: all that is kept of one person, and a list as CSV.

    with database.writing() as session:
        exporting.begin(session, news, by=by, now=now)  # who took a list out, and when, is kept
    with database.reading() as session:
        for line in exporting.lines(session, news, by=by): …

The two are apart because whoever reads the lines may be slow, and nobody else could write meanwhile.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from subscribers import audit, consent, people, topics
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.address import EmailAddress
from subscribers.models import (
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionTopic,
    Suppression,
    Topic,
)
from subscribers.spreadsheet import defused, written

COLUMNS = (
    "email",
    "salutation",
    "title",
    "first_name",
    "last_name",
    "organisation",
    "region",
    "language",
    "topics",
    "state",
    "source",
    "since",
)
PAGE = 2_000


def show(session: Session, address: EmailAddress, *, by: Actor) -> dict[str, Any]:
    """All that is kept of a person, as JSON values.

    Keys: `id`, `address`, the personal fields, `provider`, `known_since`, `suppressed` (reason, at,
    note), and `subscriptions`, `records` and `seal` as `consent.export` gives them; each subscription tells its
    `topics`, None where the person never chose.

    Raises:
        SubscriberNotFound: nobody is known under the address.
    """
    by.require(MANAGE_PEOPLE)
    subscriber = people.known(session, address)
    found = consent.export(session, address, by=by)
    return {
        "id": subscriber.id,
        "address": subscriber.address,
        **{name: getattr(subscriber, name) for name in people.LIMITS},
        "provider": subscriber.provider,
        "known_since": subscriber.created_at.isoformat(),
        "suppressed": _suppressions(session, subscriber),
        "subscriptions": [
            {**each, "topics": _chosen(session, subscriber, each["list"])} for each in found["subscriptions"]
        ],
        "records": found["records"],
        "seal": found["seal"],
    }


def begin(session: Session, mailing_list: MailingList, *, by: Actor, now: dt.datetime) -> None:
    """Note in the audit log that a list is taken out."""
    by.require(MANAGE_PEOPLE)
    audit.record(session, "list.export", f"list:{mailing_list.id}", by=by, now=now)


def lines(session: Session, mailing_list: MailingList, *, by: Actor) -> Iterator[str]:
    """A list as CSV with commas, line by line: a header of `COLUMNS`, then people of every state.

    Streams, oldest subscriber first. A cell that a spreadsheet would run as a formula has an
    apostrophe before it, which the import takes away again.
    """
    by.require(MANAGE_PEOPLE)
    return written(_rows(session, mailing_list.id))


def _rows(session: Session, list_id: int) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    wanted = (
        select(
            Subscriber.address,
            Subscriber.salutation,
            Subscriber.title,
            Subscriber.first_name,
            Subscriber.last_name,
            Subscriber.organisation,
            Subscriber.region,
            Subscriber.language,
            _topics(),
        )
        .add_columns(Subscription.state, Subscription.source, Subscription.changed_at)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.list_id == list_id, Subscriber.erased_at.is_(None))
        .order_by(Subscriber.id)
        .execution_options(yield_per=PAGE)
    )
    for *texts, chosen, state, source, changed_at in session.execute(wanted):
        # Sorted here: databases do not promise an order.
        slugs = "|".join(sorted(chosen.split("|"))) if chosen else ""
        yield (*map(defused, texts), slugs, state, defused(source), changed_at.isoformat(timespec="seconds"))


def _chosen(session: Session, subscriber: Subscriber, list_slug: str) -> list[str] | None:
    subscription = session.scalars(
        select(Subscription)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(Subscription.subscriber_id == subscriber.id, MailingList.slug == list_slug)
    ).one()
    ids = topics.chosen(session, subscription)
    return (
        None if ids is None else list(session.scalars(select(Topic.slug).where(Topic.id.in_(ids)).order_by(Topic.id)))
    )


def _topics() -> ColumnElement[str]:
    """As the import reads them: `sport|culture`, `|` for none, and nothing for who never chose and gets all."""
    slugs = (
        select(func.aggregate_strings(Topic.slug, "|"))
        .join(SubscriptionTopic, SubscriptionTopic.topic_id == Topic.id)
        .where(SubscriptionTopic.subscription_id == Subscription.id)
        .correlate(Subscription)
        .scalar_subquery()
    )
    return case((Subscription.topics_chosen, func.coalesce(slugs, "|")), else_="")


def _suppressions(session: Session, subscriber: Subscriber) -> list[dict[str, str]]:
    rows = session.scalars(
        select(Suppression).where(Suppression.address_hash == subscriber.suppression_key).order_by(Suppression.reason)
    )
    return [{"reason": row.reason, "at": row.at.isoformat(), "note": row.note} for row in rows]

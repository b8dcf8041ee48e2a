"""Who gets which blocks of an issue, in SQL: what readers chose, against the topics on its blocks.

    choosing = choices.choosing(session, mailing)  # None where all get the same
    people.add_columns(choosing.variant)           # of a statement over `Subscription`

Which variants there are stands in the compiled issue; a reader's is found here, as their choice is at that moment. Who
never chose gets everything.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from newsletter.content import variants
from newsletter.content.variants import Sections
from newsletter.delivery.models import Mailing
from newsletter.issues import compilations
from subscribers import audience
from subscribers.models import Subscription, SubscriptionTopic, Topic

NO_STORY = "no story of the chosen topics"  # why somebody is excluded, as the statement says it


@dataclass(frozen=True, slots=True)
class Choosing:
    """The number of a reader's variant as SQL, and the variants in which no story is left."""

    variant: ColumnElement[int]
    without_story: Collection[int]


def choosing(session: Session, mailing: Mailing) -> Choosing | None:
    """How readers of a mailing's list are told apart; None where all get the same."""
    found = compilations.load(session, mailing.compiled).choices
    if found is None:
        return None
    stored = {number for number, _ in found.digests}
    numbers = variants.numbers(found.sections)
    return Choosing(
        variant_of(session, mailing.list_id or 0, found.sections),
        tuple(number for number in numbers[1:] if number not in stored),
    )


def counted(session: Session, list_id: int, sections: Sections, *, now: dt.datetime) -> Mapping[int, int]:
    """How many of a list's readers have which variant now."""
    people = audience.confirmed(list_id, now=now).with_only_columns(
        variant_of(session, list_id, sections).label("variant")
    )
    each = people.subquery()
    found = session.execute(select(each.c.variant, func.count()).group_by(each.c.variant))
    return {number: readers for number, readers in found}  # noqa: C416  # a row is no pair to mypy


def variant_of(session: Session, list_id: int, sections: Sections) -> ColumnElement[int]:
    """The variant of a `Subscription`'s reader, for a statement over that table."""
    of_list = select(Topic.slug, Topic.id).where(Topic.list_id == list_id, Topic.slug.in_(variants.topics(sections)))
    ids = {slug: topic_id for slug, topic_id in session.execute(of_list)}  # noqa: C416  # a row is no pair to mypy
    chosen: ColumnElement[int] = literal(0, BigInteger)
    for place, section in enumerate(sections):
        of_section = [ids[slug] for slug in section if slug in ids]
        if of_section:
            bit = case((SubscriptionTopic.topic_id.in_(of_section), literal(2**place, BigInteger)), else_=0)
            chosen = chosen + func.coalesce(func.max(bit), 0)
    of_reader = select(chosen).where(SubscriptionTopic.subscription_id == Subscription.id).correlate(Subscription)
    everything = literal(variants.everything(sections), BigInteger)
    return case((Subscription.topics_chosen, of_reader.scalar_subquery()), else_=everything)

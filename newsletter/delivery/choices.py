"""Who gets which blocks of an issue, and in which language, in SQL: what readers chose, against what it has.

    choosing = choices.choosing(session, mailing)  # None where all get the same
    people.add_columns(choosing.variant)           # of a statement over `Subscription` and `Subscriber`

Which variants there are stands in the compiled issue; a reader's is found here, as their choice is at that moment. Who
never chose gets everything; whose language is not the second one, or not known, gets the first.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import Session

from newsletter.content import variants
from newsletter.content.variants import Sections
from newsletter.delivery.models import Mailing
from newsletter.issues import compilations
from subscribers import audience
from subscribers.models import Subscriber, Subscription, SubscriptionTopic, Topic

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
    numbers = variants.both(variants.numbers(found.sections), found.sections, has_second=bool(found.language))
    return Choosing(
        variant_of(session, mailing.list_id or 0, found.sections, language=found.language),
        tuple(number for number in numbers[1:] if number not in stored),
    )


def counted(
    session: Session, list_id: int, sections: Sections, *, language: str = "", now: dt.datetime
) -> Mapping[int, int]:
    """How many of a list's readers have which variant now; `language` is the second one."""
    people = audience.confirmed(list_id, now=now).with_only_columns(
        variant_of(session, list_id, sections, language=language).label("variant")
    )
    each = people.subquery()
    found = session.execute(select(each.c.variant, func.count()).group_by(each.c.variant))
    return {number: readers for number, readers in found}  # noqa: C416  # a row is no pair to mypy


def variant_of(session: Session, list_id: int, sections: Sections, *, language: str = "") -> ColumnElement[int]:
    """The variant of a `Subscription`'s reader, for a statement over that table and, with a language, `Subscriber`."""
    seen = _sections_of(session, list_id, sections)
    if not language:
        return seen
    reads_it = or_(Subscriber.language == language, Subscriber.language.startswith(f"{language}-"))
    return seen + case((reads_it, literal(variants.in_second(sections), BigInteger)), else_=literal(0, BigInteger))


def _sections_of(session: Session, list_id: int, sections: Sections) -> ColumnElement[int]:
    """The bits of the sections that the reader's topics give."""
    everything = literal(variants.everything(sections), BigInteger)
    if not sections:
        return everything
    of_list = select(Topic.slug, Topic.id).where(Topic.list_id == list_id, Topic.slug.in_(variants.topics(sections)))
    ids = {slug: topic_id for slug, topic_id in session.execute(of_list)}  # noqa: C416  # a row is no pair to mypy
    chosen: ColumnElement[int] = literal(0, BigInteger)
    for place, section in enumerate(sections):
        of_section = [ids[slug] for slug in section if slug in ids]
        if of_section:
            bit = case((SubscriptionTopic.topic_id.in_(of_section), literal(2**place, BigInteger)), else_=0)
            chosen = chosen + func.coalesce(func.max(bit), 0)
    of_reader = select(chosen).where(SubscriptionTopic.subscription_id == Subscription.id).correlate(Subscription)
    return case((Subscription.topics_chosen, of_reader.scalar_subquery()), else_=everything)

"""The lists people subscribe to.

news = lists.create(session, "news", name="Presse-Newsletter", language="de", by=by, now=now)
"""

import datetime as dt
import re

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.errors import ListExists, ListNameInvalid, ListNotFound, SlugInvalid
from subscribers.models import MailingList, Subscription, SubscriptionState

NAME_LIMIT = 200
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,59}")


def create(session: Session, slug: str, *, name: str, language: str, by: Actor, now: dt.datetime) -> MailingList:
    """Make a list.

    Raises:
        SlugInvalid, ListNameInvalid, ListExists: nothing was made.
    """
    by.require(MANAGE_PEOPLE)
    check_slug(slug)
    name = name.strip()
    if not (0 < len(name) <= NAME_LIMIT and name.isprintable()):
        raise ListNameInvalid(slug)
    made = MailingList(slug=slug, name=name, language=language, created_at=now)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise ListExists(slug) from error
    audit.record(session, "list.create", f"list:{made.id}", by=by, now=now, slug=slug)
    return made


def ask_measuring(session: Session, mailing_list: MailingList, *, wanted: bool, by: Actor, now: dt.datetime) -> None:
    """Have the list's forms ask whether readers may be measured, or no longer ask; nobody's choice is changed."""
    by.require(MANAGE_PEOPLE)
    mailing_list.asks_measuring = wanted
    audit.record(session, "list.ask measuring", f"list:{mailing_list.id}", by=by, now=now, wanted=wanted)


def check_slug(slug: str) -> None:
    """Refuse what cannot be a short name in commands, addresses and List-ID.

    Raises:
        SlugInvalid: it has other characters than small letters, digits and hyphens, or over 60.
    """
    if not _SLUG.fullmatch(slug):
        raise SlugInvalid(slug)


def named(session: Session, slug: str) -> MailingList:
    """Find a list by its short name.

    Raises:
        ListNotFound: no list has it.
    """
    # What cannot be a short name is not asked for: an address may hold what no database takes for a text.
    found = session.scalar(select(MailingList).where(MailingList.slug == slug)) if _SLUG.fullmatch(slug) else None
    if found is None:
        raise ListNotFound(slug)
    return found


def every(session: Session) -> tuple[MailingList, ...]:
    """All lists, by short name."""
    return tuple(session.scalars(select(MailingList).order_by(MailingList.slug)))


def counts(session: Session, mailing_list: MailingList) -> dict[str, int]:
    """How many people stand how to the list: a number for each `SubscriptionState` value, also 0."""
    counted = session.execute(
        select(Subscription.state, func.count())
        .where(Subscription.list_id == mailing_list.id)
        .group_by(Subscription.state)
    )
    return {state.value: 0 for state in SubscriptionState} | dict(counted.all())

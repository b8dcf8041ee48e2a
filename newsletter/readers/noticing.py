"""Noticing: the mail to a reader whose settings were changed by the link in their issues.

Whoever was forwarded an issue has its links. A pause of a year would take its owner off a list in silence, and an
agreement to be measured is the owner's alone to give. So either is told to the address itself, in the transaction of
the change, with the link by which it is taken back at once. What was saved with it stands there, too.

A day sees three such mails at most, and then no more of such changes: else three short pauses would hide a long one.
"""

import datetime as dt
from collections.abc import Sequence

from babel import Locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.i18n import translations
from newsletter.mails import settings_changed
from newsletter.readers import telling
from newsletter.readers.errors import ChangedTooOften
from newsletter.readers.saved import Outcome, Saved
from newsletter.texts.naming import day
from subscribers import audit
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.models import Subscriber, Subscription
from subscribers.orm import current

_ACTION = "subscriber.tell_changes"


def tell(
    session: Session,
    saved: Sequence[Saved],
    *,
    via: Subscription,
    language: str,
    spoken: str = "",
    by: Actor,
    now: dt.datetime,
) -> None:
    """Mail the person what was saved by a link of theirs, where anything of it must be told.

    Whoever saves it by a link from an issue calls it, in the same transaction; `via` is the subscription of the link.
    `language` is the one the person was written to in until now, as a stranger may have changed it, too; `spoken` the
    new one, empty where it stayed.

    Raises:
        ChangedTooOften: a day's mails have gone out. The caller must not commit.
    """
    by.require(CHANGE_OWN_CHOICES)
    if not any(each.is_told for each in saved):
        return
    subscriber = current(session, Subscriber, via.subscriber_id)
    publication = telling.sender_among(session, _from(session, via))
    if subscriber is None or publication is None:  # where nobody publishes, nothing is missed and nothing measured
        return
    subject = f"subscriber:{subscriber.id}"
    if telling.told_enough(session, _ACTION, subject, now=now):
        raise ChangedTooOften
    settings_changed.send(
        session,
        via,
        subscriber,
        publication=publication,
        changes=changes(saved, language=language, spoken=spoken),
        language=language,
        by=by,
        now=now,
    )
    audit.record(session, _ACTION, subject, by=by, now=now)


def changes(saved: Sequence[Saved], *, language: str, spoken: str = "") -> str:
    """What was saved, in sentences; without lists left or asked for again, each of which has a mail of its own."""
    _ = translations(language).gettext
    sentences = [_sentence(each, language) for each in saved]
    if spoken:
        sentences.append(_("Language: %(name)s") % {"name": Locale.parse(spoken).get_display_name(language)} + ".")
    return " ".join(filter(None, sentences))


def _sentence(saved: Saved, language: str) -> str:
    _ = translations(language).gettext
    facts = {"list": saved.list_name, "topics": ", ".join(saved.names_in(language))}
    match saved.outcome:
        case Outcome.PAUSED if saved.until is not None:
            facts["day"] = day(saved.until, language=language)
            return _("“%(list)s” pauses until %(day)s. After that you receive it again.") % facts
        case Outcome.MEASURED:
            return _("We may count what you open and follow in “%(list)s”.") % facts
        case Outcome.TOPICS:
            return _("Of “%(list)s” you receive: %(topics)s.") % facts
        case Outcome.RESUMED:
            return _("The pause is over: you receive “%(list)s” again.") % facts
        case Outcome.NOT_MEASURED:
            return _("Nothing of what you open and follow in “%(list)s” is counted.") % facts
        case _:
            return ""


def _from(session: Session, via: Subscription) -> list[Subscription]:
    """The subscription of the link, and then all others of the person."""
    others = select(Subscription).where(Subscription.subscriber_id == via.subscriber_id, Subscription.id != via.id)
    return [via, *session.scalars(others.order_by(Subscription.id))]

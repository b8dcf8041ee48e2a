"""Changing what a list says, and going back to the product's own words.

    writing.write(session, news, passage=CONFIRMATION.passage("subject"), language="de", text="…", by=by, now=now)

Nothing is overwritten: who said what, and when, can be read afterwards.
"""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.i18n import LANGUAGES, N_
from newsletter.texts import reading
from newsletter.texts.models import ListText
from newsletter.texts.passages import Passage
from newsletter.texts.rules import Reason, TextRefused, accepted
from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.models import MailingList


def write(
    session: Session,
    mailing_list: MailingList,
    *,
    passage: Passage,
    language: str,
    text: str,
    by: Actor,
    now: dt.datetime,
) -> str:
    """Have the list say this, in one language, from the next mail and the next page on; tell the text as it is kept.

    Raises:
        TextRefused: the passage does not take it; nothing was changed.
    """
    by.require(MANAGE_PEOPLE)
    if language not in LANGUAGES:
        why = Reason(N_("there is no language “%(language)s”, only de and en."), {"language": language})
        raise TextRefused(passage, why)
    kept = accepted(text, passage=passage)
    if reading.latest(session, mailing_list.id, language=language).get(passage.name) != kept:
        _add(session, mailing_list, passage, language, kept, by=by, now=now)
        subject = f"list:{mailing_list.id}"
        audit.record(session, "text.write", subject, by=by, now=now, passage=passage.name, language=language)
    return kept


def reset(
    session: Session, mailing_list: MailingList, *, passage: Passage, language: str, by: Actor, now: dt.datetime
) -> bool:
    """Go back to the product's own words; False where the list said nothing else."""
    by.require(MANAGE_PEOPLE)
    if not reading.latest(session, mailing_list.id, language=language).get(passage.name):
        return False
    _add(session, mailing_list, passage, language, "", by=by, now=now)
    subject = f"list:{mailing_list.id}"
    audit.record(session, "text.reset", subject, by=by, now=now, passage=passage.name, language=language)
    return True


def _add(
    session: Session,
    mailing_list: MailingList,
    passage: Passage,
    language: str,
    text: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    session.add(
        ListText(
            list_id=mailing_list.id,
            passage=passage.name,
            language=language,
            text=text,
            changed_at=now,
            changed_by=by.name,
        )
    )
    session.flush()

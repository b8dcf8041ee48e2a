"""The words beside the button of a list's form: what a person agrees to, in versions.

    wordings.put(session, news, language="de", text="Ich möchte „%(list)s“ …", by=by, now=now)
    wordings.in_force(session, news, language="de")

A list without words of its own shows the shipped ones. A version is never changed, only ended, so that it
can be told at any time what the form said. What each person was shown is kept with their consent
(`consent.keep_wording`), names filled in.
"""

import datetime as dt
import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import audit
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.errors import WordingInvalid
from subscribers.models import ListWording, MailingList
from subscribers.orm import current

LENGTH_LIMIT = 2_000
LIST, PUBLISHER = "%(list)s", "%(publisher)s"
# Article 7(3) of the GDPR: before consenting, a person is told that consent can be withdrawn.
_WITHDRAWAL = {
    "de": re.compile(r"widerruf|widerrief|zurückzieh|abmeld|abbestell", re.IGNORECASE),
    "en": re.compile(r"withdraw|revok|unsubscrib|opt out", re.IGNORECASE),
}
_MARKUP = re.compile(r"</?[a-z!][^>]*>", re.IGNORECASE)


def put(
    session: Session, mailing_list: MailingList, *, language: str, text: str, by: Actor, now: dt.datetime
) -> ListWording:
    """Have a list's form say these words from now on; the version before ends. The same words change nothing.

    Raises:
        WordingInvalid: the words do not name the list, do not tell of the withdrawal, or are no plain text.
    """
    by.require(MANAGE_PEOPLE)
    text = " ".join(text.split())
    _check(mailing_list, text, language=language)
    current(session, MailingList, mailing_list.id)  # one version after the other
    before = in_force(session, mailing_list, language=language)
    if before is not None and before.text == text:
        return before
    if before is not None:
        _end(session, before, by=by, now=now)
    made = ListWording(list_id=mailing_list.id, language=language, text=text, since=now, made_by=by.name)
    session.add(made)
    session.flush()
    audit.record(session, "list.wording", f"list:{mailing_list.id}", by=by, now=now, language=language, version=made.id)
    return made


def withdraw(session: Session, mailing_list: MailingList, *, language: str, by: Actor, now: dt.datetime) -> bool:
    """Go back to the shipped words; False where the list has none of its own."""
    by.require(MANAGE_PEOPLE)
    current(session, MailingList, mailing_list.id)
    before = in_force(session, mailing_list, language=language)
    if before is None:
        return False
    _end(session, before, by=by, now=now)
    audit.record(session, "list.wording", f"list:{mailing_list.id}", by=by, now=now, language=language, version=None)
    return True


def in_force(session: Session, mailing_list: MailingList, *, language: str) -> ListWording | None:
    """The version that a list's form shows now; None where it shows the shipped words."""
    own = select(ListWording).where(
        ListWording.list_id == mailing_list.id, ListWording.language == language, ListWording.until.is_(None)
    )
    return session.scalar(own)


def history(session: Session, mailing_list: MailingList, *, language: str) -> tuple[ListWording, ...]:
    """All versions of a language, the oldest first. Where none was in force, the shipped words were shown."""
    own = select(ListWording).where(ListWording.list_id == mailing_list.id, ListWording.language == language)
    return tuple(session.scalars(own.order_by(ListWording.id)))


def filled(text: str, *, list_name: str, publisher: str) -> str:
    """The words as they are shown."""
    names = {LIST: list_name, PUBLISHER: publisher}
    return _PLACEHOLDER.sub(lambda found: names.get(found[0], found[0]), text)  # once: a name may look like one


_PLACEHOLDER = re.compile(r"%\(\w*\)[a-z]?")


def _check(mailing_list: MailingList, text: str, *, language: str) -> None:
    unknown = next((found for found in _PLACEHOLDER.findall(text) if found not in {LIST, PUBLISHER}), "")
    withdrawal = _WITHDRAWAL.get(language)
    if not text.isprintable() or _MARKUP.search(text):
        raise WordingInvalid("they are plain text, without markup and control characters.")
    if len(text) > LENGTH_LIMIT:
        raise WordingInvalid(f"they have {len(text)} characters; nobody reads more than {LENGTH_LIMIT}.")
    if unknown:
        raise WordingInvalid(f"“{unknown}” stands for nothing; {LIST} and {PUBLISHER} stand for the names.")
    if LIST not in text and mailing_list.name not in text:
        raise WordingInvalid(f"they must name the list: write {LIST} where its name belongs.")
    if withdrawal is not None and not withdrawal.search(text):
        raise WordingInvalid("they must tell that the consent can be withdrawn at any time.")


def _end(session: Session, version: ListWording, *, by: Actor, now: dt.datetime) -> None:
    version.until = now
    version.ended_by = by.name
    session.flush()

"""What a list says: its own words where it has some, else the product's.

    texts = reading.of_list(session, news.id, language="de")
    texts.said(CONFIRM, {"list": news.name})["lead"]  # Prose, for a template

A text that the rules no longer take, after an upgrade, does not count: no mail goes out without its link.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.i18n import LANGUAGES
from newsletter.texts import catalogue, prose
from newsletter.texts.models import ListText
from newsletter.texts.passages import Passage, Place
from newsletter.texts.prose import Prose
from newsletter.texts.rules import TextRefused, accepted
from subscribers import lists
from subscribers.models import MailingList


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one list in one language; `own` are those of the list itself, by name of passage."""

    language: str
    own: Mapping[str, str] = field(default_factory=dict)

    def text(self, passage: Passage) -> str:
        """What stands in a passage, its placeholders not filled yet."""
        own = self.own.get(passage.name, "")
        return own if own and not refusal(own, passage) else passage.own_text(self.language)

    def said(self, place: Place, values: Mapping[str, str]) -> dict[str, Prose]:
        """All passages of a mail or page, filled, by their part."""
        return {passage.part: prose.filled(self.text(passage), values) for passage in place.passages}


@dataclass(frozen=True, slots=True)
class Version:
    """What a passage said from `changed_at` on; an empty text is the product's own."""

    text: str
    changed_at: dt.datetime
    changed_by: str


def of_list(session: Session, list_id: int, *, language: str) -> Texts:
    """Read the words of a list."""
    return Texts(language, latest(session, list_id, language=language))


def of_slug(session: Session, slug: str, *, language: str) -> Texts:
    """Read the words of a list by its short name; those of the product where there is no such list."""
    list_id = session.scalar(select(MailingList.id).where(MailingList.slug == slug))
    return Texts(language) if list_id is None else of_list(session, list_id, language=language)


def latest(session: Session, list_id: int, *, language: str) -> dict[str, str]:
    """The last text of each passage that was ever changed; an empty one is the product's own."""
    last = (
        select(func.max(ListText.id))
        .where(ListText.list_id == list_id, ListText.language == language)
        .group_by(ListText.passage)
    )
    return dict(session.execute(select(ListText.passage, ListText.text).where(ListText.id.in_(last))).all())


def history(session: Session, list_id: int, *, passage: Passage, language: str) -> tuple[Version, ...]:
    """Every version of a passage, the newest first."""
    rows = session.execute(
        select(ListText.text, ListText.changed_at, ListText.changed_by)
        .where(ListText.list_id == list_id, ListText.language == language, ListText.passage == passage.name)
        .order_by(ListText.id.desc())
    )
    return tuple(Version(*row) for row in rows)


def problems(session: Session) -> tuple[str, ...]:
    """The kept texts that do not count any more, each in a sentence."""
    found = []
    for mailing_list in lists.every(session):
        for language in LANGUAGES:
            for name, text in sorted(latest(session, mailing_list.id, language=language).items()):
                reason = refusal(text, catalogue.passage_named(name)) if text and catalogue.is_known(name) else ""
                if reason:
                    found.append(
                        f"The text {name} ({language}) of the list “{mailing_list.slug}” does not count: {reason}"
                    )
    return tuple(found)


def refusal(text: str, passage: Passage) -> str:
    """Why a kept text does not count any more; empty where it does."""
    try:
        return "" if accepted(text, passage=passage) == text else "it is not as it was accepted."
    except TextRefused as error:
        return error.reason

"""Whom the preview is shown for: the combinations of topics and language that give different mails, with their readers.

A combination is asked for by its topics, such as `culture,sports`, by `-` for none of those on blocks, and by nothing
for everything; in the second language with that before it, such as `en:culture` and `en:`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from newsletter.app import App
from newsletter.content import variants
from newsletter.content.blocks import IssueContent
from newsletter.content.variants import Sections
from newsletter.database import Database
from newsletter.delivery import choices

NONE = "-"


@dataclass(frozen=True, slots=True)
class Readers:
    """Those who get the same. `topics` are short names; `gets_nothing` where no story is left for them.

    `language` is that of their mail where the issue has two, else empty.
    """

    asked_by: str
    topics: tuple[str, ...]
    is_everything: bool
    number: int
    gets_nothing: bool
    language: str = ""

    def named(self, names: Mapping[str, str]) -> str:
        """The topics by their names; empty where there is none."""
        return ", ".join(names.get(topic, topic) for topic in self.topics)


def readers(app: App, content: IssueContent, *, list_id: int, language: str) -> tuple[Readers, ...]:
    """Everything first, then what differs from it; nothing where all get the same, or it is more than can be sent.

    `language` is the first one of the issue.
    """
    sections, second = variants.sections(content), content.translation.language if content.translation else ""
    numbers = variants.numbers_of(content)
    if not 1 < len(numbers) <= variants.MOST:
        return ()
    minute = app.now().replace(second=0, microsecond=0)
    counted = _counted(app.database, list_id, sections, second, minute=minute)
    empty = variants.without_story(content, numbers)

    def of_variant(number: int) -> Readers:
        is_in_second = variants.is_in_second(number, sections)
        seen = number & variants.everything(sections)
        is_everything = seen == variants.everything(sections)
        return Readers(
            asked_by=f"{second}:" * is_in_second + _asked_by(seen, sections),
            topics=variants.chosen_for(number, sections),
            is_everything=is_everything,
            number=counted.get(number, 0),
            gets_nothing=number in empty and not is_everything,
            language=second and (second if is_in_second else language),
        )

    return tuple(of_variant(number) for number in numbers)


def variant_of(asked: str, content: IssueContent) -> int:
    """The variant that is asked for."""
    sections = variants.sections(content)
    language, _, topics = asked.rpartition(":")
    number = variants.number_of(topics.split(","), sections) if topics else variants.everything(sections)
    is_in_second = content.translation is not None and language == content.translation.language
    return number | variants.in_second(sections) if is_in_second else number


def _asked_by(number: int, sections: Sections) -> str:
    if number == variants.everything(sections):
        return ""
    return ",".join(variants.chosen_for(number, sections)) or NONE


@lru_cache(maxsize=32)
def _counted(
    database: Database, list_id: int, sections: Sections, language: str, *, minute: dt.datetime
) -> Mapping[int, int]:
    """Count once a minute: of a large list that takes as long as a keystroke may not."""
    with database.reading() as session:
        return choices.counted(session, list_id, sections, language=language, now=minute)

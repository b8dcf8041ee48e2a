"""Whom the preview is shown for: the combinations of topics that give different mails, and how many readers each has.

A combination is asked for by its topics, such as `culture,sports`, by `-` for none of those on blocks, and by nothing
for everything.
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
    """Those who get the same. `topics` are short names; `gets_nothing` where no story is left for them."""

    asked_by: str
    topics: tuple[str, ...]
    is_everything: bool
    number: int
    gets_nothing: bool

    def named(self, names: Mapping[str, str]) -> str:
        """The topics by their names; empty where there is none."""
        return ", ".join(names.get(topic, topic) for topic in self.topics)


def readers(app: App, content: IssueContent, *, list_id: int) -> tuple[Readers, ...]:
    """Everything first, then what differs from it; nothing where no block has topics, or more than can be sent."""
    sections = variants.sections(content)
    numbers = variants.numbers(sections)
    if not sections or len(numbers) > variants.MOST:
        return ()
    counted = _counted(app.database, list_id, sections, minute=app.now().replace(second=0, microsecond=0))
    empty = variants.without_story(content, numbers)
    return tuple(
        Readers(
            asked_by=_asked_by(number, sections),
            topics=variants.chosen_for(number, sections),
            is_everything=number == variants.everything(sections),
            number=counted.get(number, 0),
            gets_nothing=number in empty,
        )
        for number in numbers
    )


def variant_of(asked: str, content: IssueContent) -> int | None:
    """The variant that is asked for; None for everything."""
    sections = variants.sections(content)
    number = variants.number_of(asked.split(","), sections)
    return None if not asked or number == variants.everything(sections) else number


def _asked_by(number: int, sections: Sections) -> str:
    if number == variants.everything(sections):
        return ""
    return ",".join(variants.chosen_for(number, sections)) or NONE


@lru_cache(maxsize=32)
def _counted(database: Database, list_id: int, sections: Sections, *, minute: dt.datetime) -> Mapping[int, int]:
    """Count once a minute: of a large list that takes as long as a keystroke may not."""
    with database.reading() as session:
        return choices.counted(session, list_id, sections, now=minute)

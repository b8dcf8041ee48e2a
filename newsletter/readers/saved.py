"""What is different once a reader's choices were saved, for the page that follows and the mail that tells of it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What was saved about a list."""

    LEFT = "left"
    ASKED = "asked"  # a mail asks whether the person wants to come back
    TOPICS = "topics"
    PAUSED = "paused"
    RESUMED = "resumed"
    MEASURED = "measured"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Saved:
    """One thing that is different now; `until` is the end of a pause, `names` are those of the topics chosen."""

    list_name: str
    outcome: Outcome
    until: dt.date | None = None
    names: tuple[Mapping[str, str], ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether its owner must hear of it, as somebody with a forwarded issue could have done it to them."""
        return self.outcome in {Outcome.PAUSED, Outcome.MEASURED}

    def names_in(self, language: str) -> list[str]:
        """The names of the topics."""
        return [name_in(names, language) for names in self.names]


def name_in(names: Mapping[str, str], language: str) -> str:
    """A name in a language, else in the first it has."""
    return names.get(language) or next(iter(names.values()), "")

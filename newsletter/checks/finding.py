"""What a check found, in words for the person who can mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding stops the issue."""

    ERROR = "error"  # the issue does not go out
    WARNING = "warning"  # somebody should look


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a stable code, the block it is in (None: the issue as a whole), a sentence each.

    `language` is the second one where it is wrong in that alone.
    """

    code: str
    severity: Severity
    block: str | None
    de: str
    en: str
    language: str = ""

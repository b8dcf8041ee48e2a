"""What a clock's work needs beside its session."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subscribers.holders import Holder


@dataclass(frozen=True, slots=True)
class Facts:
    """`before` is the time that the clock was started by what is due now; `imports` the folder of bad rows."""

    before: dt.datetime
    now: dt.datetime
    holders: Sequence[Holder]
    imports: Path | None = None

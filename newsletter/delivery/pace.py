"""How fast one key may go: what a person set, and how far a provider's complaint has slowed it down.

    pace.slow_down(observed=40.0, now=now)
    pace.present(now)  # 20.0 for ten minutes, then 40.0 again, or what a person set

A slow-down halves the rate and holds it for ten minutes. Then the rate doubles every ten minutes until
it is whole again. A complaint on the way back says that it went too fast: the next hold is twice as long.
"""

import datetime as dt
from typing import NewType

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.errors import NewsletterError
from subscribers.address import Provider
from subscribers.orm import Base

Key = NewType("Key", str)

GLOBAL = Key("global")
RELAY_LIMIT = 200  # characters of a relay's name, as in the ledger

FLOOR_PER_SECOND = 1 / 60  # a slow-down ends here: the next message shows whether it is over
FIRST_HOLD = dt.timedelta(minutes=10)
LONGEST_HOLD = dt.timedelta(hours=4)  # as long as the longest wait of a deferred message
STEP = dt.timedelta(minutes=10)

# What was on the wire when the rate was halved still complains: those complaints are the one that was heard.
# They end when a few messages have gone out at the new rate.
_ECHO = dt.timedelta(seconds=2)
_ECHO_MESSAGES = 4


class KeyUnknown(NewsletterError):
    """Nothing has a rate under this key."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"There is no rate “{text}”: {reason}")
        self.text = text


def relay_key(name: str) -> Key:
    """The key of a relay, by its name in the ledger."""
    return Key(f"relay:{name}")


def provider_key(provider: Provider) -> Key:
    """The key of a group of mailboxes."""
    return Key(f"provider:{provider.value}")


def parse_key(text: str) -> Key:
    """Read `global`, `relay:NAME` or `provider:GROUP`.

    Raises:
        KeyUnknown: it is none of them, or there is no such group. Which relays there are is not looked up.
    """
    kind, _, name = text.strip().partition(":")
    groups = [provider.value for provider in Provider]
    match kind, name:
        case "global", "":
            return GLOBAL
        case "relay", name if name and name.isprintable() and len(name) <= RELAY_LIMIT:
            return relay_key(name)
        case "provider", name if name in groups:
            return provider_key(Provider(name))
        case "provider", _:
            raise KeyUnknown(text, f"the groups of mailboxes are {', '.join(groups)}.")
        case _:
            raise KeyUnknown(text, "write global, relay:NAME or provider:GROUP.")


class Pace(Base):
    """One key that has a rate, and when it is even again.

    `even_at` is in microseconds since 1970: one statement must compute with it on every database.
    `per_second` is what a person set, None: no limit. The other columns tell of the last slow-down:
    what the rate was cut to, what it was before the first of them, and how often it was held.
    """

    __tablename__ = "pace"
    __table_args__ = (
        CheckConstraint("per_second > 0", name="per_second"),
        CheckConstraint("slowed_to > 0", name="slowed_to"),
    )

    key: Mapped[str] = mapped_column(String(220), primary_key=True)
    per_second: Mapped[float | None]
    even_at: Mapped[int] = mapped_column(BigInteger, default=0)
    slowed_to: Mapped[float | None]
    slowed_from: Mapped[float | None]
    slowed_at: Mapped[dt.datetime | None]
    held_until: Mapped[dt.datetime | None]
    holds: Mapped[int] = mapped_column(default=0)

    def present(self, now: dt.datetime) -> float | None:
        """Messages a second at this moment; None: no limit."""
        if self.slowed_to is None or self.held_until is None:
            return self.per_second
        steps = 0 if now < self.held_until else 1 + (now - self.held_until) // STEP
        if steps >= self._steps_back():
            return self.per_second
        return float(self.slowed_to * 2**steps)

    def slowed_until(self, now: dt.datetime) -> dt.datetime | None:
        """When the rate is whole again if nobody complains; None where it is whole."""
        if self.held_until is None or self.present(now) == self.per_second:
            return None
        return self.held_until + (self._steps_back() - 1) * STEP

    def slow_down(self, *, observed: float, now: dt.datetime) -> None:
        """Halve the present rate, or where there is none the observed one; complaints of one moment count once."""
        is_slowed = self.slowed_until(now) is not None
        if is_slowed and self._is_echo(now):
            return
        present = self.present(now)
        begun = max(observed, 2 * FLOOR_PER_SECOND) if present is None else present
        if not is_slowed:
            self.holds, self.slowed_from = 1, begun
        elif self.held_until is not None and now >= self.held_until:
            self.holds += 1
        self.slowed_to = max(begun / 2, min(begun, FLOOR_PER_SECOND))
        self.slowed_at = now
        self.held_until = now + min(FIRST_HOLD * 2 ** min(self.holds - 1, 10), LONGEST_HOLD)

    def _is_echo(self, now: dt.datetime) -> bool:
        if self.slowed_at is None or self.slowed_to is None:
            return False
        return now < self.slowed_at + max(_ECHO, dt.timedelta(seconds=_ECHO_MESSAGES / self.slowed_to))

    def _steps_back(self) -> int:
        """How often the slowed rate must double to be whole again."""
        slowed, whole = self.slowed_to or 0, self.per_second or self.slowed_from or 0
        steps = 0
        while 0 < slowed * 2**steps < whole:
            steps += 1
        return steps

"""The pace of one connection, as `pacing` grants it slice by slice, and how fast its process really goes.

    tempo = Tempo(monotonic)
    tempo.take(pacing.grant(session, keys, wanted=tempo.wanted, now=now))
    await tempo.moment(stopping)      # the next message may begin

Where no rate limits, nothing waits.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from newsletter.delivery.pace import Key
from newsletter.delivery.pacing import Grant

MOST = 200  # rows of a slice
SPARE = 4  # so many times what it began before: a connection may become faster
SPAN_S = 10  # over which the real speed is measured


class Tempo:
    """When a connection may begin its next message."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Begin as if nothing limited."""
        self._monotonic = monotonic
        self._next_at = 0.0
        self._gap_s = 0.0
        self._taken_at = 0.0
        self._begun = 0
        self.wanted = MOST

    def take(self, grant: Grant) -> None:
        """Go by this grant from now on.

        The next slice is asked for as many as this connection could begin within a second: under a rate no more,
        for what is granted and not used is lost to all, else with some to spare, for what is read and not used is
        read again.
        """
        now = self._monotonic()
        a_second = int(self._begun / min(max(now - self._taken_at, 0.1), 1.0))
        if grant.gap_s:
            self.wanted = min(MOST, a_second + 1)
        elif self._begun:
            self.wanted = min(MOST, SPARE * (a_second + SPARE))
        self._taken_at, self._begun = now, 0
        self._next_at, self._gap_s = now + grant.waits_s, grant.gap_s

    async def moment(self, stopping: asyncio.Event) -> None:
        """Wait until the next message may begin, or somebody wants to stop."""
        wait_s = self._next_at - self._monotonic()
        if wait_s > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), wait_s)
        self._next_at += self._gap_s
        self._begun += 1


class Meter:
    """Counts what a process sends, by the keys that a rate may stand on."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Begin with nothing sent."""
        self._monotonic = monotonic
        self._seconds: deque[tuple[int, Counter[Key]]] = deque()

    def note(self, keys: Sequence[Key]) -> None:
        """Count one message."""
        second = int(self._monotonic())
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, Counter()))
            while self._seconds[0][0] < second - SPAN_S:
                self._seconds.popleft()
        self._seconds[-1][1].update(keys)

    def per_second(self, key: Key) -> float:
        """How many a second there were of late."""
        now = self._monotonic()
        recent = [(second, counts) for second, counts in self._seconds if second >= int(now) - SPAN_S]
        if not recent:
            return 0.0
        return sum(counts[key] for _, counts in recent) / max(1.0, now - recent[0][0])

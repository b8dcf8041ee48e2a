r"""What a server says, cut into replies; pure.

    >>> reader = ReplyReader()
    >>> reader.feed(b"250-relay.test\r\n250 SIZE 1000\r\n")
    >>> reader.take()
    ServerReply(code=250, lines=('relay.test', 'SIZE 1000'))

A server may send half a line, several replies at once, or nonsense without end. Nonsense is told
once, as `NotSmtp`, and nothing after it is believed. Source: RFC 5321, section 4.2.
"""

import re
from collections import deque
from dataclasses import dataclass

from newsletter.delivery.verdicts import Reply, Step

REPLY_OCTETS = 65_536  # of one reply; RFC 5321 has 512 a line, so this is a hundred lines and more
SHOWN_OCTETS = 200  # of nonsense, for a person to look at

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class NotSmtp(Exception):
    """The server said something that is no reply."""


class Failed(Exception):
    """A step did not go as it must."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.line)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class ServerReply:
    """One whole reply: its code and the words of each line."""

    code: int
    lines: tuple[str, ...]

    def is_wanted(self, wanted: int | None) -> bool:
        """Tell whether it is this code; None: any 2xx."""
        return self.code == wanted or (wanted is None and self.code // 100 == 2)  # noqa: PLR2004  # 2xx

    def at(self, step: Step) -> Reply:
        """The reply as an answer to a step, on one line."""
        return Reply.parse(step, self.code, " ".join(" ".join(self.lines).split()))


class ReplyReader:
    """Takes octets as they come and gives replies as they are complete."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._half = bytearray()
        self._lines: list[tuple[int, str]] = []
        self._octets = 0
        self._ready: deque[ServerReply] = deque()
        self._nonsense: bytes | None = None

    @property
    def is_silent(self) -> bool:
        """Whether nothing waits here, not even half a line."""
        return not (self._ready or self._lines or self._half or self._nonsense is not None)

    @property
    def has_reply(self) -> bool:
        """Whether `take` gives, or raises, something."""
        return bool(self._ready) or self._nonsense is not None

    def feed(self, octets: bytes) -> None:
        """Take what came; a line may end in LF alone."""
        if self._nonsense is not None:
            return
        *lines, half = octets.split(b"\n")
        for line in lines:
            self._line(bytes(self._half) + line)
            self._half.clear()
            if self._nonsense is not None:
                return
        self._half += half
        if self._octets + len(self._half) > REPLY_OCTETS:
            self._nonsense = bytes(self._half)

    def take(self) -> ServerReply | None:
        """The next reply; None while it is not complete.

        Raises:
            NotSmtp: what came instead is none.
        """
        if self._ready:
            return self._ready.popleft()
        if self._nonsense is not None:
            raise NotSmtp(" ".join(self._nonsense[:SHOWN_OCTETS].decode("utf-8", "replace").split()))
        return None

    def _line(self, line: bytes) -> None:
        found = _LINE.fullmatch(line.rstrip(b"\r"))
        if not found or (self._lines and self._lines[0][0] != int(found[1])):
            self._nonsense = line
            return
        self._octets += len(line) + 1
        self._lines.append((int(found[1]), (found[3] or b"").decode("utf-8", "replace")))
        if self._octets > REPLY_OCTETS:
            self._nonsense = line
        elif found[2] != b"-":
            self._ready.append(ServerReply(self._lines[0][0], tuple(words for _, words in self._lines)))
            self._lines.clear()
            self._octets = 0

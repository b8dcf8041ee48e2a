"""A relay in memory: takes what it is given, and asks a function first."""

from collections.abc import Awaitable, Callable

from newsletter.delivery.verdicts import Reply, Step

TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok")


class MemoryTransport:
    """Takes every message, and tells whoever asked before it answers."""

    name = "memory"
    connections = 1

    def __init__(self, on_send: Callable[[str], Reply | None] = lambda _: None) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.closed = 0
        self._on_send = on_send

    def connection(self) -> "MemoryTransport":
        return self

    async def connect(self) -> Reply | None:
        return None

    async def send(
        self, sender: str, recipient: str, message: bytes, *, begin: Callable[[], Awaitable[bool]]
    ) -> Reply | None:
        assert sender == "presse@example.org"
        if not await begin():
            return None
        reply = self._on_send(recipient)
        self.sent.append((recipient, message))
        return reply or TAKEN

    async def close(self) -> None:
        self.closed += 1

    def abort(self, reason: str) -> None:
        raise AssertionError(reason)

"""How a sender's relay and its journals are doing, shared by all its connections."""

import asyncio
import datetime as dt
from collections.abc import Callable

import structlog

from newsletter.delivery import relays
from newsletter.delivery.alerts import causes, raising
from newsletter.delivery.books import Books
from newsletter.delivery.journal import JournalUnusable
from newsletter.delivery.verdicts import Reply

_log = structlog.get_logger(__name__)


class Health:
    """Notes trouble, and that it is over."""

    def __init__(
        self, relay: str, books: Books, *, host: str, clock: Callable[[], dt.datetime], stopping: asyncio.Event
    ) -> None:
        """Take the relay's name, and this machine's; of their past nothing is known yet."""
        self._relay = relay
        self._host = host
        self._books = books
        self._clock = clock
        self._stopping = stopping
        self._is_well = False
        self._is_told = True  # by whoever was here before, perhaps
        self._was_written = False
        self.trouble = ""

    @property
    def is_usable(self) -> bool:
        """Whether journals can be written."""
        return not self.trouble

    def unusable(self, error: JournalUnusable) -> None:
        """Note that the journals cannot be written."""
        self.trouble, self._was_written = str(error), False
        _log.warning("journal cannot be written", error=str(error))

    def usable(self) -> None:
        """Note that a journal was made."""
        self._was_written = True

    async def tell(self) -> None:
        """Raise an alert while the journals cannot be written, and end it once they can."""
        now = self._clock()
        if self.trouble:
            cause = causes.journal_unusable(self._host, self.trouble)
            await self._books.ask(lambda session: raising.raise_alert(session, cause, now=now))
            self._is_told = True
        elif self._is_told and self._was_written:
            key = causes.journal_key(self._host)
            await self._books.ask(lambda session: raising.end_alert(session, key, now=now))
            self._is_told = False

    def try_again(self) -> None:
        """Forget the trouble with the journals."""
        self.trouble = ""

    async def failed(self, reply: Reply) -> int:
        """Let the relay rest; give the number of its failures in a row. What we broke off ourselves is none."""
        if self._stopping.is_set():
            return 0
        self._is_well = False
        _log.warning("relay takes no mail", relay=self._relay, reply=reply.line)
        return await self._books.ask(lambda session: relays.failed(session, self._relay, reply, now=self._clock()))

    async def well(self) -> None:
        """Note that the relay took, or judged, a message."""
        if not self._is_well:
            self._is_well = True
            await self._books.ask(lambda session: relays.well(session, self._relay))

"""The owner of one socket: octets out, replies in, each within its time.

Whatever breaks becomes `Failed` with the step it broke at: no exception of sockets or TLS leaves
this file. What is written has left our hands when `write` returns, so that a connection that
breaks within a message is seen before its final dot.
"""

import asyncio
import os
import ssl
from collections.abc import Callable
from typing import cast

from newsletter.delivery.transports.smtp.replies import Failed, NotSmtp, ReplyReader, ServerReply
from newsletter.delivery.verdicts import Reply, Step


class Wire(asyncio.Protocol):
    """One connection to a relay."""

    def __init__(self) -> None:
        """Begin unconnected; `connected` makes one."""
        self._loop = asyncio.get_running_loop()
        self._reader = ReplyReader()
        self._transport: asyncio.Transport | None = None
        self._lost: str | None = None
        self._is_full = False
        self._waiter: asyncio.Future[None] | None = None
        self._is_over: Callable[[], bool] = _never

    @classmethod
    async def connected(cls, host: str, port: int, *, seconds: float, tls: ssl.SSLContext | None) -> "Wire":
        """Connect, with TLS from the first octet where a context is given.

        Raises:
            Failed: at `Step.CONNECT`.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                _, wire = await loop.create_connection(cls, host, port, ssl=tls, server_hostname=host if tls else None)
        except (OSError, ValueError) as error:  # TimeoutError and the errors of ssl are OSErrors
            raise Failed(Reply(Step.CONNECT, None, "", words_of(error))) from error
        return wire

    @property
    def own_address(self) -> str:
        """The address of our end."""
        return str(self._transport.get_extra_info("sockname")[0]) if self._transport else ""

    @property
    def has_news(self) -> bool:
        """Whether the relay said something unasked, or hung up."""
        return self._lost is not None or not self._reader.is_silent

    async def reply(self, step: Step, *, seconds: float) -> ServerReply:
        """The next reply.

        Raises:
            Failed: none came in time, the connection is gone, or what came is no reply.
        """
        await self._until(self._is_answered, step, seconds)
        try:
            found = self._reader.take()
        except NotSmtp as nonsense:
            raise Failed(Reply(step, None, "", f"no SMTP reply: {nonsense}")) from nonsense
        if found is None:
            raise Failed(Reply(step, None, "", self._lost or "connection lost"))
        return found

    async def write(self, octets: bytes, step: Step, *, seconds: float) -> None:
        """Write, and wait until the system has taken it all, or the relay interrupts.

        Raises:
            Failed: it did not in time, or the connection is gone.
        """
        self.send(octets)
        await self._until(self._is_written, step, seconds)
        if self._lost is not None:
            raise Failed(Reply(step, None, "", self._lost))

    def send(self, octets: bytes) -> None:
        """Write without waiting; on a connection that is gone this does nothing."""
        if self._transport is not None and self._lost is None:
            self._transport.write(octets)

    async def start_tls(self, context: ssl.SSLContext, host: str, *, seconds: float) -> None:
        """Encrypt from here on. What was heard before may come from anybody and is dropped (RFC 3207, section 6).

        Raises:
            Failed: the handshake did not succeed, such as over a certificate.
        """
        self._reader = ReplyReader()
        transport = self._transport
        if transport is None or self._lost is not None:
            raise Failed(Reply(Step.STARTTLS, None, "", self._lost or "connection lost"))
        try:
            secured = await self._loop.start_tls(
                transport, self, context, server_hostname=host, ssl_handshake_timeout=seconds
            )
        except (OSError, ValueError) as error:
            self.abort(words_of(error))
            raise Failed(Reply(Step.STARTTLS, None, "", words_of(error))) from error
        if secured is None:
            raise Failed(Reply(Step.STARTTLS, None, "", "connection lost"))
        self._adopt(secured)

    def abort(self, reason: str) -> None:
        """Hang up at once; whoever waits is told the reason."""
        transport = self._transport
        self._end(reason)
        if transport is not None:
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; called by the loop."""
        self._adopt(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        """Hand on what came; called by the loop."""
        self._reader.feed(data)
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits; called by the loop."""
        self._end(words_of(exc) if exc else "connection closed by the relay")

    def pause_writing(self) -> None:
        """Note that the system takes nothing more for now; called by the loop."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Note that it does again; called by the loop."""
        self._is_full = False
        self._wake()

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=1, low=0)  # 0 makes TLS transports pause without end

    def _end(self, reason: str) -> None:
        if self._lost is None:
            self._lost = reason
        self._is_full = False
        self._wake()

    def _is_answered(self) -> bool:
        return self._reader.has_reply or self._lost is not None

    def _is_written(self) -> bool:
        return not self._is_full or self._is_answered()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and self._is_over():
            self._waiter.set_result(None)

    async def _until(self, is_over: Callable[[], bool], step: Step, seconds: float) -> None:
        """Wait; one time for the whole step, so that a relay cannot stretch it octet by octet."""
        if is_over():
            return
        waiter = self._waiter = self._loop.create_future()
        self._is_over = is_over
        timer = self._loop.call_later(seconds, _expire, waiter)
        try:
            await waiter
        except TimeoutError as error:
            raise Failed(Reply(step, None, "", "timed out")) from error
        finally:
            timer.cancel()
            self._waiter, self._is_over = None, _never


def words_of(error: Exception) -> str:
    """An error of the system on one line."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, TimeoutError):
        return "timed out"
    return " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())


def _never() -> bool:
    return False


def _expire(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())

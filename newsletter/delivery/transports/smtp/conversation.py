"""One SMTP conversation, from the greeting to QUIT.

Each step has its own time, and whatever goes wrong becomes a `Reply` that names the step. Only
what breaks from the final dot on leaves a message in doubt, so `send` asks its caller right
before that dot: what is not begun then was certainly not sent.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from newsletter.delivery.transports.smtp import commands
from newsletter.delivery.transports.smtp.extensions import Extensions
from newsletter.delivery.transports.smtp.replies import Failed, ServerReply
from newsletter.delivery.transports.smtp.wire import Wire
from newsletter.delivery.transports.urls import SmtpUrl, Tls
from newsletter.delivery.verdicts import CLOSING, Reply, Step

GOODBYE_S = 2.0  # nobody waits long for a goodbye

Begin = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait at each step. Source: RFC 5321, section 4.5.3.2; connecting is our own patience."""

    connect_s: float = 30
    command_s: float = 300
    data_s: float = 120
    block_s: float = 180
    final_dot_s: float = 600


class Conversation:
    """From the greeting to QUIT with one relay."""

    def __init__(self, url: SmtpUrl, timeouts: Timeouts) -> None:
        """Take the relay; `open` connects."""
        self._url = url
        self._timeouts = timeouts
        self._connected: Wire | None = None
        self._extensions = Extensions()
        self.is_open = False

    async def open(self) -> None:
        """Connect, encrypt and log in.

        Raises:
            Failed: with the reply of the step that failed; nothing is left open.
        """
        url = self._url
        try:
            tls = self._tls_context() if url.tls is Tls.IMPLICIT else None
            self._connected = await Wire.connected(url.host, url.port, seconds=self._timeouts.connect_s, tls=tls)
            await self._read(Step.GREETING, wanted=220)
            await self._greet()
            if url.tls in (Tls.REQUIRED, Tls.OPPORTUNISTIC):
                await self._start_tls()
            if url.user:
                await self._log_in()
        except Failed:
            self.abort("given up")
            raise
        self.is_open = True

    async def send(self, sender: str, recipient: str, message: bytes, *, begin: Begin) -> Reply | None:
        """Hand over one message with CRLF line ends; afterwards the connection is ready again, or closed.

        `begin` is asked right before the final dot. None: it said no, and nothing was sent.
        """
        try:
            await self._ask(Step.MAIL, commands.mail(sender, recipient, message, self._extensions))
            await self._ask(Step.RCPT, commands.command(f"RCPT TO:<{recipient}>", Step.RCPT))
            await self._ask(Step.DATA, b"DATA\r\n", wanted=354)
            reply = await self._hand_over(commands.dot_stuffed(message), begin)
        except Failed as failed:
            reply = failed.reply
        await self._make_ready(reply)
        return reply

    async def close(self) -> None:
        """Say QUIT where somebody still listens."""
        if self.is_open:
            self.is_open = False
            with suppress(Failed):
                self._wire.send(b"QUIT\r\n")
                await self._wire.reply(Step.CONNECT, seconds=GOODBYE_S)
        self.abort("closed")

    def abort(self, reason: str) -> None:
        """Hang up at once; whoever waits for a reply is told the reason."""
        self.is_open = False
        if self._connected is not None:
            self._connected.abort(reason)

    @property
    def _wire(self) -> Wire:
        assert self._connected is not None  # noqa: S101  # every step comes after `open`
        return self._connected

    async def _greet(self) -> None:
        """EHLO, or HELO to a relay that knows no EHLO."""
        name = self._url.ehlo_name or _own_name(self._wire.own_address)
        self._wire.send(commands.command(f"EHLO {name}", Step.EHLO))
        found = await self._wire.reply(Step.EHLO, seconds=self._timeouts.command_s)
        if found.code // 100 == 5:  # noqa: PLR2004  # 5xx
            self._extensions = Extensions()
            await self._ask(Step.EHLO, commands.command(f"HELO {name}", Step.EHLO), wanted=250)
            return
        _require(found, Step.EHLO, 250)
        self._extensions = Extensions.parse(found.lines)

    async def _start_tls(self) -> None:
        if not self._extensions.starttls:
            if self._url.tls is Tls.OPPORTUNISTIC:
                return
            words = "the relay offers no encryption (STARTTLS); tls=none would do without"
            raise Failed(Reply(Step.STARTTLS, None, "", words))
        await self._ask(Step.STARTTLS, b"STARTTLS\r\n", wanted=220)
        await self._wire.start_tls(self._tls_context(), self._url.host, seconds=self._timeouts.command_s)
        await self._greet()  # what was offered before TLS may come from anybody

    def _tls_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context()
            if self._url.ca_file:
                context.load_verify_locations(self._url.ca_file)
        except OSError as error:
            words = f"the certificates of {self._url.ca_file} cannot be read: {error.strerror or error}"
            raise Failed(Reply(Step.CONNECT, None, "", words)) from error
        if self._url.tls is Tls.OPPORTUNISTIC:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def _log_in(self) -> None:
        """AUTH PLAIN (RFC 4616) in UTF-8, else LOGIN."""
        user, password = self._url.user, self._url.password
        if "PLAIN" in self._extensions.login:
            words = f"AUTH PLAIN {commands.base64_of(f'{chr(0)}{user}{chr(0)}{password}')}"
            await self._ask(Step.AUTH, commands.command(words, Step.AUTH), wanted=235)
        elif "LOGIN" in self._extensions.login:
            await self._ask(Step.AUTH, b"AUTH LOGIN\r\n", wanted=334)
            await self._ask(Step.AUTH, commands.command(commands.base64_of(user), Step.AUTH), wanted=334)
            await self._ask(Step.AUTH, commands.command(commands.base64_of(password), Step.AUTH), wanted=235)
        else:
            raise Failed(Reply(Step.AUTH, None, "", "the relay offers no login (AUTH PLAIN or LOGIN)"))

    async def _hand_over(self, message: bytes, begin: Begin) -> Reply | None:
        await self._wire.write(message, Step.BODY, seconds=self._timeouts.block_s)
        if self._wire.has_news:  # hung up, or an answer too early: without the dot, nothing was sent for certain
            raise Failed((await self._reply(Step.BODY)).at(Step.BODY))
        if not await begin():
            return None
        if self._wire.has_news:  # begun, but not on the wire: still nothing was sent
            raise Failed((await self._reply(Step.BODY)).at(Step.BODY))
        self._wire.send(commands.FINAL_DOT)
        return (await self._reply(Step.FINAL_DOT)).at(Step.FINAL_DOT)

    async def _make_ready(self, reply: Reply | None) -> None:
        """RSET after a refusal; a connection that broke, is within a message, or is being closed, is dropped."""
        if reply is None or reply.code in (None, CLOSING) or reply.step is Step.BODY:
            self.abort("dropped")
        elif reply.step is not Step.FINAL_DOT:
            try:
                await self._ask(Step.MAIL, b"RSET\r\n")
            except Failed:
                self.abort("dropped")

    async def _ask(self, step: Step, command: bytes, *, wanted: int | None = None) -> None:
        """Send one command and go on only with the wanted reply (None: any 2xx)."""
        self._wire.send(command)
        await self._read(step, wanted=wanted)

    async def _read(self, step: Step, *, wanted: int | None = None) -> None:
        _require(await self._reply(step), step, wanted)

    async def _reply(self, step: Step) -> ServerReply:
        times = self._timeouts
        seconds = {Step.DATA: times.data_s, Step.FINAL_DOT: times.final_dot_s}.get(step, times.command_s)
        return await self._wire.reply(step, seconds=seconds)


def _require(found: ServerReply, step: Step, wanted: int | None) -> None:
    if not found.is_wanted(wanted):
        raise Failed(found.at(step))


def _own_name(address: str) -> str:
    """What we call ourselves: the full host name, else the address as a literal (RFC 5321, section 4.1.3)."""
    name = socket.gethostname()
    if "." in name:
        return name
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

"""A real SMTP server on loopback that does as it is told.

    with Relay() as relay:
        relay.answer("RCPT", "550 5.1.1 no such user", to="b@example.org")
        relay.answer("DATA", DROP, times=1)  # reads the message, then hangs up without a reply
        …
        relay.received["a@example.org"]  # the messages it accepted, or read before it hung up

Steps: GREETING, EHLO, AUTH, MAIL, RCPT, BODY (after 354, before the final dot), DATA (after the final dot), RSET.
"""

import asyncio
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult

from newsletter.delivery.transports.maildir import MaildirTransport
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.smtp.conversation import Timeouts
from newsletter.delivery.verdicts import Reply, Step

IMPATIENT = Timeouts(connect_s=2, command_s=0.5, data_s=0.5, block_s=0.5, final_dot_s=0.5)
WITHHELD = Reply(Step.DATA, None, "", "not begun")
DROP = "hang up"
HANG = "say nothing"
NONSENSE = "hello there"
HALF = "say half a line and hang up"


@dataclass
class _Rule:
    step: str
    answer: str
    to: str | None
    times: int


class Relay:
    """Listens from `with` to the end of it."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit_tls: ssl.SSLContext | None = None,
        password: str | None = None,
        delay_s: float = 0,
        host: str = "127.0.0.1",
        **options: Any,
    ) -> None:
        self.received: dict[str, list[bytes]] = defaultdict(list)
        self.order: list[str] = []
        self.connections = 0
        self.port = 0
        self._rules: list[_Rule] = []
        self._sessions: list[_Session] = []
        self._loop = asyncio.new_event_loop()
        self._options: dict[str, Any] = {"hostname": "relay.test", "enable_SMTPUTF8": True, **options}
        self._delay_s = delay_s
        self._implicit_tls = implicit_tls
        self._host = host
        if tls:
            self._options["tls_context"] = tls
        if password is not None:
            self._options |= {
                "auth_require_tls": False,
                "authenticator": lambda *them: AuthResult(success=them[4].password == password.encode(), handled=False),
            }

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def answer(self, step: str, answer: str, *, to: str | None = None, times: int = 1_000_000) -> None:
        """Give this answer at a step, for one recipient or for all, so many times; earlier rules go first."""
        self._rules.append(_Rule(step, answer, to, times))

    def obey(self) -> None:
        """Forget all answers it was told."""
        self._rules.clear()

    def rule(self, step: str, to: str | None = None) -> str | None:
        """The answer it was told to give now."""
        for rule in self._rules:
            if rule.step == step and rule.times and rule.to in (None, to):
                rule.times -= 1
                return rule.answer
        return None

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(self._session, self._host, 0, ssl=self._implicit_tls)
        )
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        for session in self._sessions:
            session.hang_up()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _session(self) -> "_Session":
        self.connections += 1
        session = _Session(_Handler(self), relay=self, loop=self._loop, **self._options)
        self._sessions.append(session)
        return session

    async def read(self, address: str, message: bytes) -> None:
        """Keep a message that arrived whole."""
        await asyncio.sleep(self._delay_s)
        self.received[address].append(message)
        self.order.append(address)


class _Session(SMTP):
    def __init__(self, *them: Any, relay: Relay, **options: Any) -> None:
        super().__init__(*them, **options)
        self.told = relay

    async def push(self, status: str | bytes) -> None:
        text = status.decode() if isinstance(status, bytes) else status
        if text.startswith("220 ") and "TLS" not in text:
            answer = self.told.rule("GREETING")
            if answer is not None:
                text = await self.obey(answer)
        await super().push(text)
        if text.startswith("354") and self.told.rule("BODY"):
            self.hang_up()
        if text.startswith("421") and self.transport:
            self.transport.close()

    def hang_up(self) -> None:
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    async def smtp_RSET(self, argument: str) -> None:  # noqa: N802  # aiosmtpd's name
        answer = self.told.rule("RSET")
        if answer is None:
            await super().smtp_RSET(argument)
        else:
            await self.push(await self.obey(answer))

    async def obey(self, answer: str) -> str:
        if answer == HANG:
            await asyncio.sleep(30)
        if answer == HALF:
            self._writer.write(b"25")
            await self._writer.drain()
        if answer in {DROP, HALF}:
            self.hang_up()
            await asyncio.sleep(30)
        return answer


class _Handler:
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self, server: _Session, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        del envelope
        session.host_name = hostname
        answer = self._relay.rule("EHLO")
        return responses if answer is None else [await server.obey(answer)]

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: _Session, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del session
        answer = self._relay.rule("MAIL")
        if answer is not None:
            return await server.obey(answer)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: _Session, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del session, options
        answer = self._relay.rule("RCPT", address)
        if answer is not None:
            return await server.obey(answer)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: _Session, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        del session
        [address] = envelope.rcpt_tos
        answer = self._relay.rule("DATA", address)
        if answer in {None, DROP, HALF, NONSENSE}:
            await self._relay.read(address, envelope.original_content)
        if answer is not None:
            return await server.obey(answer)
        return "250 2.0.0 Ok: queued as 4BX7"


class Client:
    """A connection for tests that are not asynchronous: each message begins without ado."""

    def __init__(self, transport: SmtpTransport | MaildirTransport) -> None:
        self._connection = transport.connection()
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._runner:
            self._runner.run(self._connection.close())

    def send(self, sender: str, recipient: str, message: bytes, *, begin: bool = True) -> Reply:
        async def begun() -> bool:
            return begin

        reply = self._runner.run(self._connection.send(sender, recipient, message, begin=begun))
        return reply or WITHHELD


def wait_until(is_true: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait for something another process does."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it never happened"
        threading.Event().wait(0.02)

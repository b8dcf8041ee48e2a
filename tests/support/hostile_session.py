"""The process of a hostile relay: it listens, does to each connection what it was told, and notes what it took."""

import asyncio
import json
import os
import random
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.support.hostility import RIGHT, WITHOUT_REPLY, Chances, Fault, Rule, Step, Struck, Taken

READ_BYTES = 65_536
CERTIFICATE = Path(__file__).parent.parent / "assets" / "tls" / "localhost"


def serve(
    pipe: Connection,
    files: tuple[Path, Path],
    first: tuple[tuple[Rule, ...], Chances | None],
    port: int,
    options: dict[str, Any],
) -> None:
    """Listen until killed, or until who started it is gone; into the pipe go the port and receipts of orders."""
    orders = _Orders(files, **options)
    orders.follow(*first)

    def listen() -> None:
        try:
            orders.follow(*pipe.recv())
        except EOFError:  # who started us is gone
            os._exit(0)
        pipe.send("understood")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Session(orders, reader, writer).run()

    async def listening() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", port, backlog=1000)
        asyncio.get_running_loop().add_reader(pipe.fileno(), listen)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listening())


class _GoneError(Exception):
    """The connection is over."""


class _Orders:
    """What to do to whom; lives as long as the relay."""

    def __init__(self, files: tuple[Path, Path], *, latency_s: float, tls: bool) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._taken, self._struck = (os.open(path, flags, 0o644) for path in files)
        self.latency_s = latency_s
        self.tls = _certificate() if tls else None
        self.connections = 0

    def follow(self, rules: tuple[Rule, ...], chances: Chances | None) -> None:
        self._rules = rules
        self._passed = [0] * len(rules)
        self._chances = chances
        self._dice: dict[int, random.Random] = {}

    def rule(self, step: Step, connection: int, to: str | None) -> Rule | None:
        """What to do at this visit; None: what is right."""
        found = self._written(step, connection, to) or self._drawn(step, connection)
        if found:
            _append(self._struck, Struck(step, found.answer, found.taken, connection))
        return found

    def take(self, taken: Taken) -> None:
        _append(self._taken, taken)

    def _written(self, step: Step, connection: int, to: str | None) -> Rule | None:
        for index, rule in enumerate(self._rules):
            if rule.fits(step, connection, to) and self._passed[index] < rule.after + rule.times:
                self._passed[index] += 1
                if self._passed[index] > rule.after:
                    return rule
        return None

    def _drawn(self, step: Step, connection: int) -> Rule | None:
        if self._chances is None:
            return None
        seed = f"{self._chances.seed}/{connection}"
        dice = self._dice.setdefault(connection, random.Random(seed))  # noqa: S311  # to be drawn again
        return self._chances.draw(step, dice)


class _Session:
    """One connection."""

    def __init__(self, orders: _Orders, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        orders.connections += 1
        self._number = orders.connections
        self._orders, self._reader, self._writer = orders, reader, writer
        self._heard = bytearray()
        self._is_encrypted = False
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        """Talk until one of the two has enough."""
        try:
            await self._reply(Step.CONNECT, "")
            await self._reply(Step.GREETING, "220 hostile.test ESMTP")
            while True:
                line = await self._line()
                verb, _, rest = line.partition(" ")
                await self._command(verb.upper(), rest)
        except (_GoneError, OSError, UnicodeDecodeError):
            self._writer.transport.abort()

    async def _command(self, verb: str, rest: str) -> None:
        answers = {
            "HELO": self._helo,
            "EHLO": self._ehlo,
            "STARTTLS": self._start_tls,
            "AUTH": self._log_in,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "QUIT": self._quit,
        }
        if verb in answers:
            await answers[verb](rest)
        else:
            await self._say("500 5.5.2 what?")

    async def _helo(self, _: str) -> None:
        self._forget()
        await self._reply(Step.EHLO, "250 hostile.test")

    async def _ehlo(self, _: str) -> None:
        self._forget()
        offered = ["hostile.test", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN"]
        if self._orders.tls and not self._is_encrypted:
            offered.append("STARTTLS")
        await self._reply(Step.EHLO, "".join(f"250-{name}\r\n" for name in offered) + "250 SIZE 50000000")

    async def _start_tls(self, _: str) -> None:
        if self._orders.tls is None or self._is_encrypted:
            await self._say("503 5.5.1 not now")
        elif await self._reply(Step.STARTTLS, "220 2.0.0 go on"):
            self._heard.clear()  # what was said in clear text counts no more
            await self._writer.start_tls(self._orders.tls)
            self._is_encrypted = True
            self._forget()

    async def _log_in(self, rest: str) -> None:
        """Let in whoever asks, by PLAIN or by LOGIN."""
        method, _, initial = rest.partition(" ")
        for _ in range({"PLAIN": 1, "LOGIN": 2}.get(method.upper(), 0) - bool(initial)):
            await self._say("334 ")
            await self._line()
        await self._reply(Step.AUTH, "235 2.7.0 come in")

    async def _mail(self, rest: str) -> None:
        if await self._reply(Step.MAIL, "250 2.1.0 ok"):
            self._sender, self._recipients = _address(rest), []

    async def _rcpt(self, rest: str) -> None:
        if self._sender is None:
            await self._say("503 5.5.1 not now")
        elif await self._reply(Step.RCPT, "250 2.1.5 ok", to=_address(rest)):
            self._recipients.append(_address(rest))

    async def _data(self, _: str) -> None:
        if not self._recipients:
            await self._say("503 5.5.1 not now")
        elif await self._reply(Step.DATA, "354 go on"):
            await self._message()

    async def _rset(self, _: str) -> None:
        self._forget()
        await self._reply(Step.RSET, "250 2.0.0 ok")

    async def _quit(self, _: str) -> None:
        await self._say("221 2.0.0 bye")
        raise _GoneError

    async def _message(self) -> None:
        await self._hear(1)
        await self._reply(Step.BODY, "")
        body = await self._body()
        await asyncio.sleep(self._orders.latency_s)
        recipients = self._recipients
        self._forget()
        [*_, last] = recipients
        await self._reply(Step.FINAL_DOT, "250 2.0.0 ok", to=last, taken=[self._taken(body, to) for to in recipients])

    def _taken(self, body: bytes, recipient: str) -> Taken:
        found = re.search(rb"^message-id:\s*(<[^>]*>)", body.partition(b"\r\n\r\n")[0], re.IGNORECASE | re.MULTILINE)
        return Taken(recipient, found[1].decode("ascii", "replace") if found else "", self._number)

    def _forget(self) -> None:
        self._sender, self._recipients = None, []

    async def _reply(self, step: Step, right: str, *, to: str | None = None, taken: Sequence[Taken] = ()) -> bool:
        """Answer as told or as it should be; tell whether the client may go on."""
        rule = self._orders.rule(step, self._number, to)
        if rule is None or rule.taken or rule.answer in RIGHT:
            for each in taken:
                self._orders.take(each)
        if rule is None:
            await self._say(right)
            return True
        await self._misbehave(rule, right)
        return rule.answer in RIGHT

    async def _misbehave(self, rule: Rule, right: str) -> None:
        code = right[:3] or "250"
        match rule.answer:
            case Fault.DROP:
                raise _GoneError
            case Fault.SILENCE:
                await self._wait_for_the_end()
            case Fault.HALF_LINE:
                await self._write(code[:2].encode())
                await self._wait_for_the_end()
            case Fault.GARBAGE:
                await self._write(b"\x16\x03\x01 hello there\0\r\n")
            case Fault.ENDLESS:
                while True:
                    await self._say(f"{code}-and another thing")
            case Fault.TWICE:
                await self._say(f"{right}\r\n{right}")
            case Fault.BYTEWISE:
                await self._spell(f"{right}\r\n".encode())
            case refusal:
                await self._refuse(refusal, hang_up=refusal.startswith("421") or rule.step in WITHOUT_REPLY)

    async def _spell(self, octets: bytes) -> None:
        for octet in octets:
            await self._write(bytes((octet,)))
            await asyncio.sleep(0.001)

    async def _refuse(self, refusal: str, *, hang_up: bool) -> None:
        """Say it. Who hangs up listens for a moment more, for octets left unread would take back what was said."""
        await self._say(refusal)
        if hang_up:
            if self._writer.can_write_eof():
                self._writer.write_eof()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wait_for_the_end(), 1)
            raise _GoneError

    async def _say(self, text: str) -> None:
        if text:
            await self._write(f"{text}\r\n".encode())

    async def _write(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def _wait_for_the_end(self) -> None:
        while await self._reader.read(READ_BYTES):
            pass
        raise _GoneError

    async def _line(self) -> str:
        while (end := self._heard.find(b"\r\n")) < 0:
            await self._hear(len(self._heard) + 1)
        return self._cut(end + 2)[:-2].decode()

    async def _body(self) -> bytes:
        """The message without its final dot; a dot alone is an empty one."""
        await self._hear(3)
        if self._heard.startswith(b".\r\n"):
            return self._cut(3)[:-3]
        since = 0
        while (end := self._heard.find(b"\r\n.\r\n", since)) < 0:
            since = max(0, len(self._heard) - 4)
            await self._hear(len(self._heard) + 1)
        return self._cut(end + 5)[:-3]

    async def _hear(self, octets: int) -> None:
        while len(self._heard) < octets:
            more = await self._reader.read(READ_BYTES)
            if not more:
                raise _GoneError
            self._heard += more

    def _cut(self, end: int) -> bytes:
        octets = bytes(self._heard[:end])
        del self._heard[:end]
        return octets


def _certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE.with_suffix(".pem"), CERTIFICATE.with_suffix(".key"))
    return context


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def _append(file: int, value: Taken | Struck) -> None:
    os.write(file, json.dumps(asdict(value)).encode() + b"\n")  # one write: a line is whole or not there

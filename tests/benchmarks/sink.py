"""A bare SMTP server that takes everything and remembers nothing: what is left is the cost of the sender.

with Sink() as sink:
    sink.port
"""

import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self, cast

import uvloop

_GREETING = b"220 sink ESMTP\r\n"
_OFFER = b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 0\r\n"
_OK = b"250 2.0.0 Ok\r\n"
_GO_ON = b"354 go on\r\n"
_BYE = b"221 bye\r\n"
_END = b"\r\n.\r\n"


class Sink:
    """A server in a process of its own."""

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port: int = ours.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()


class _Session(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_GREETING)
        self._tail = b""
        self._is_message = False

    def data_received(self, data: bytes) -> None:
        if self._is_message:
            self._tail = (self._tail + data)[-len(_END) :]
            if self._tail == _END:
                self._is_message, self._tail = False, b""
                self._transport.write(_OK)
            return
        *commands, self._tail = (self._tail + data).split(b"\r\n")
        for command in commands:
            self._answer(command[:4].upper())

    def _answer(self, verb: bytes) -> None:
        if verb == b"DATA":
            self._is_message = True
        answer = {b"EHLO": _OFFER, b"DATA": _GO_ON, b"QUIT": _BYE}.get(verb, _OK)
        self._transport.write(answer)
        if verb == b"QUIT":
            self._transport.close()


def _serve(pipe: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Session, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())

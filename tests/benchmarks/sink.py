"""A bare SMTP server that takes everything: what is left is the cost of the sender.

with Sink(delay_s=0.1, names=folder / "names") as sink:
    sink.port, sink.taken
Counter((folder / "names").read_text().split())     # after the block: who got something, once for each message

It looks at no more than it must: the recipient's command, and whether a message has ended.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import uvloop

_GREETING = b"220 sink ESMTP\r\n"
_OFFER = b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 0\r\n"
_OK = b"250 2.0.0 Ok\r\n"
_GO_ON = b"354 go on\r\n"
_BYE = b"221 bye\r\n"
_END = b"\r\n.\r\n"
_ROOM = 1 << 18


class Sink:
    """A server in a process of its own.

    `delay_s` passes between the end of a message and its reply. `names` is a file for the recipient of each
    message that was taken, one a line; it is whole once the server has ended.
    """

    def __init__(self, *, delay_s: float = 0.0, names: Path | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self._taken: Any = context.Value("q", 0)
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._taken, delay_s, names), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.port: int = self._ours.recv()
        self.pid = self._process.pid or 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def taken(self) -> int:
        """How many messages it has taken."""
        return int(self._taken.value)


class _Session(asyncio.BufferedProtocol):
    """Reads into one piece of memory of its own: messages are neither copied nor kept."""

    def __init__(self, taken: Callable[[bytes], None], delay_s: float) -> None:
        self._note = taken
        self._delay_s = delay_s
        self._room = memoryview(bytearray(_ROOM))
        self._rest = b""
        self._recipient = b""
        self._is_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_GREETING)

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        if self._is_message:
            self._rest = (self._rest + bytes(self._room[max(0, nbytes - len(_END)) : nbytes]))[-len(_END) :]
            if self._rest == _END:
                self._is_message, self._rest = False, b""
                self._taken()
            return
        *commands, self._rest = (self._rest + bytes(self._room[:nbytes])).split(b"\r\n")
        for command in commands:
            self._answer(command)

    def _answer(self, command: bytes) -> None:
        verb = command[:4].upper()
        if verb == b"RCPT":
            self._recipient = command[command.index(b"<") + 1 : command.index(b">")]
        self._is_message = verb == b"DATA"
        self._transport.write({b"EHLO": _OFFER, b"DATA": _GO_ON, b"QUIT": _BYE}.get(verb, _OK))
        if verb == b"QUIT":
            self._transport.close()

    def _taken(self) -> None:
        self._note(self._recipient)
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._accept)
        else:
            self._accept()

    def _accept(self) -> None:
        if not self._transport.is_closing():  # whoever was killed waits no more
            self._transport.write(_OK)


def _serve(pipe: Connection, taken: Any, delay_s: float, names: Path | None) -> None:
    with ExitStack() as open_files:
        file: IO[bytes] | None = open_files.enter_context(names.open("wb", _ROOM)) if names else None

        def note(recipient: bytes) -> None:
            taken.get_obj().value += 1  # nobody else writes
            if file is not None:
                file.write(recipient + b"\n")

        async def serve() -> None:
            loop, stopped = asyncio.get_running_loop(), asyncio.Event()
            loop.add_signal_handler(signal.SIGTERM, stopped.set)
            server = await loop.create_server(lambda: _Session(note, delay_s), "127.0.0.1", 0, backlog=1000)
            pipe.send(server.sockets[0].getsockname()[1])
            await stopped.wait()

        uvloop.run(serve())

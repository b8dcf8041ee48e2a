"""The sender processes of this machine, and which batches each of them works on.

    with Fleet(start, processes=2, recover=recovery.run, say=say) as fleet:
        fleet.send((7, 3))        # on any thread; returns when nothing of it is to be sent for now

A process that dies is replaced, and what it worked on is given to another one as soon as its journals are
replayed. A process whose channel ends, because this one was asked to stop or died, finishes the replies it is
owed, gives back what it did not send, and ends.
"""

import socket
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Self

import structlog

from newsletter.delivery.assigned import BEAT, Batch, decoded, encoded

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 60.0
WELL_AFTER_S = 60.0  # a process that lived so long did not die of how it was started
STARTING_S = 60.0  # until the first sign of life
SILENT_S = 60.0  # a sender says every second that it is well
MISSED_BEATS = 4  # whoever hears nothing looks so often before it kills; asleep, it does not look
GENTLE_S = 40.0  # a sender takes up to 30 s to hear the last replies (design: shutdown)

_log = structlog.get_logger(__name__)

Child = subprocess.Popen[bytes]
Start = Callable[[int, socket.socket], Child]


class Fleet:
    """Sender processes that are kept alive while the `with` block runs."""

    def __init__(
        self, start: Start, *, processes: int, recover: Callable[[], object], say: Callable[[str], object]
    ) -> None:
        """Take how to start a process.

        Args:
            start: starts the process of a slot, from 0, with its end of the channel as its standard input.
            processes: how many there are.
            recover: called when one has died, before its work is given to another.
            say: told when one had to be started again.
        """
        self._stopping = threading.Event()
        self._retired = threading.Event()
        self._changed = threading.Condition()
        self._slots = [_Slot(partial(start, number)) for number in range(processes)]
        self._recover = recover
        self._say = say
        self._threads = [
            threading.Thread(target=self._keep_alive, args=(slot,), name="fleet", daemon=True) for slot in self._slots
        ]
        self._last_resort = threading.Timer(GENTLE_S, self._kill)
        self._last_resort.daemon = True

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for thread in self._threads:
            thread.join()
        self._last_resort.cancel()

    def retire(self) -> None:
        """Start no process again: whoever asked us to stop may have asked them, too."""
        self._retired.set()

    def stop(self) -> None:
        """Have every process finish what is on the wire, and end; who waits in `send` is told.

        One that does not end in time, be it because the database is away, is killed: its journals know all.
        """
        self.retire()
        with self._changed:
            if not self._stopping.is_set():
                self._last_resort.start()
            self._stopping.set()
            self._changed.notify_all()
        for slot in self._slots:
            slot.hang_up()

    def send(self, batch: Batch) -> bool:
        """Have one of the processes work on a batch; False where all have stopped and it is not done."""
        while (working := self._assigned(batch)) is not None:
            if working.result():
                return True
        return False

    def _assigned(self, batch: Batch) -> "Future[bool] | None":
        """Give it to the process that has least to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping.is_set() or any(slot.is_alive for slot in self._slots))
            if self._stopping.is_set():
                return None
            living = (slot for slot in self._slots if slot.is_alive)
            return min(living, key=lambda slot: slot.load).assign(batch)

    def _keep_alive(self, slot: "_Slot") -> None:
        pause = FIRST_PAUSE_S
        while not self._retired.is_set():
            begun_at = time.monotonic()  # how long a process lived, by no wall clock
            what = self._life_of(slot)
            pause = FIRST_PAUSE_S if time.monotonic() - begun_at > WELL_AFTER_S else pause
            if self._retired.wait(pause):
                return
            self._say(f"A sender process {what}; it is started again.")
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _life_of(self, slot: "_Slot") -> str:
        """Start a process, hear it until it ends, and tell how that was."""
        try:
            if not self._begun(slot):
                return "was not needed any more"
        except OSError as error:  # no memory, too many processes: later there may be room
            return f"could not be started ({error.strerror})"
        slot.listen()
        status = slot.end()
        self._replay()
        with self._changed:
            slot.give_up()
        return f"ended with exit status {status}"

    def _replay(self) -> None:
        """Have the dead one's journals replayed. What fails here is tried again by whoever recovers next."""
        try:
            self._recover()
        except Exception as error:  # noqa: BLE001  # this thread is all that keeps the slot alive
            _log.error("journals were not replayed", error=type(error).__name__)

    def _kill(self) -> None:
        for slot in self._slots:
            slot.kill()

    def _begun(self, slot: "_Slot") -> bool:
        with self._changed:
            if self._stopping.is_set():
                return False
            slot.begin()
            self._changed.notify_all()
            return True


def end(child: Child, *, within_s: float) -> int:
    """Wait for a process to end, and make it end where it does not in time; give its exit status."""
    try:
        return child.wait(within_s)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


class _Slot:
    """One process, and who waits for which of its batches. Whoever assigns holds the fleet's lock."""

    def __init__(self, start: Callable[[socket.socket], Child]) -> None:
        self._start = start
        self._child: Child | None = None
        self._channel: socket.socket | None = None
        self._waiting: defaultdict[Batch, list[Future[bool]]] = defaultdict(list)
        self._lock = threading.Lock()

    @property
    def is_alive(self) -> bool:
        return self._channel is not None

    @property
    def load(self) -> int:
        return len(self._waiting)

    def begin(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._child = self._start(theirs)
            except OSError:
                ours.close()
                raise
        ours.settimeout(STARTING_S / MISSED_BEATS)
        self._channel = ours

    def assign(self, batch: Batch) -> "Future[bool]":
        assert self._channel is not None  # noqa: S101  # the fleet asks only the living
        future: Future[bool] = Future()
        with self._lock:
            self._waiting[batch].append(future)
        with suppress(OSError):  # it just died; who listens will see
            self._channel.sendall(encoded(batch))
        return future

    def listen(self) -> None:
        """Tell who waits what is done, until the process closes its end, or is silent and killed for it."""
        assert self._channel is not None  # noqa: S101
        assert self._child is not None  # noqa: S101
        heard, missed = b"", 0
        while missed < MISSED_BEATS:
            try:
                more = self._channel.recv(4096)
            except TimeoutError:  # a long one is one all the same: then it was us who slept
                missed += 1
                continue
            except ConnectionError:  # it died with something unread
                return
            if not more:
                return
            missed = 0
            self._channel.settimeout(SILENT_S / MISSED_BEATS)
            *lines, heard = (heard + more).split(BEAT)
            for line in filter(None, lines):
                self._answer(decoded(line), is_done=True)
        self._child.kill()

    def hang_up(self) -> None:
        if self._channel is not None:
            with suppress(OSError):
                self._channel.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()

    def end(self) -> int:
        assert self._child is not None  # noqa: S101
        return end(self._child, within_s=GENTLE_S)

    def give_up(self) -> None:
        """Tell who still waits that nobody works on it."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        for batch in list(self._waiting):
            self._answer(batch, is_done=False)

    def _answer(self, batch: Batch, *, is_done: bool) -> None:
        with self._lock:
            futures = self._waiting.pop(batch, [])
        for future in futures:
            future.set_result(is_done)

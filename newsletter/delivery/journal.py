r"""What a connection did to the wire, line by line, in a file that survives its process.

    journal = Journal.create(folder, str(executor))
    journal.write(Begin(mailing, position, attempt, date=now, digest=digest))   # before the final dot
    journal.write(Answer(mailing, position, attempt, reply=reply, relay=name, at=now))
    journal.close()                                                             # its lease is settled

Each line is `length checksum json`, written by `os.write`, which the kernel keeps whatever becomes of
the process. The file has its room from the beginning, so a full disk shows before anything is begun;
it is never truncated, and read up to wherever it was cut:

    >>> parse(encode((Begin(1, 2, 1),)) + b"\0" * 9)
    (Begin(mailing=1, position=2, attempt=1, date=None, digest=''),)

The lock is held as long as the process lives, so whoever gets it decides alone.
"""

import contextlib
import datetime as dt
import fcntl
import json
import os
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from newsletter.delivery.verdicts import Reply, Step
from newsletter.errors import NewsletterError

ROOM_OCTETS = 200 * 512  # a window's begin and reply lines, each with some words
TEXT_LIMIT = 120  # characters of a reply; the ledger keeps more of those that are settled in time
SUFFIX = ".journal"
CLOSED = "closed"  # the folder beside, of journals whose leases are settled

_AS_JSON = json.JSONEncoder(separators=(",", ":")).encode


class JournalUnusable(NewsletterError):
    """Without a journal nothing may be sent."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The journal in {folder} cannot be written to, so nothing is sent: {reason}")
        self.folder = folder


@dataclass(frozen=True, slots=True)
class Leased:
    """The window that the lease is about; `made_at` and `name` tell the mailing from another of its number."""

    mailing: int
    first_position: int
    last_position: int
    made_at: dt.datetime | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Begin:
    """From here on the message may be on the wire. `date` and `digest` tell which bytes, `who` (`identity`) to whom."""

    mailing: int
    position: int
    attempt: int
    date: dt.datetime | None = None
    digest: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the relay answered: a fact."""

    mailing: int
    position: int
    attempt: int
    reply: Reply
    relay: str
    at: dt.datetime
    who: str = ""


Line = Leased | Begin | Answer


@dataclass(frozen=True, slots=True)
class Record:
    """What a journal tells: who wrote it under which lease, and its lines up to the end or the cut.

    `is_whole` where its writer closed it and each line it had written is still there.
    """

    token: str
    executor: str
    lines: tuple[Line, ...]
    is_whole: bool = False

    @property
    def in_doubt(self) -> tuple[Begin, ...]:
        """What was begun and has no answer."""
        answered = {_key(line) for line in self.lines if isinstance(line, Answer)}
        return tuple(line for line in self.lines if isinstance(line, Begin) and _key(line) not in answered)

    @property
    def answers(self) -> tuple[tuple[Answer, Begin | None], ...]:
        """Each answer, with the begin it answers where the message came so far."""
        begun = {_key(line): line for line in self.lines if isinstance(line, Begin)}
        return tuple((line, begun.get(_key(line))) for line in self.lines if isinstance(line, Answer))

    @property
    def leased(self) -> Leased | None:
        """The window, once one was claimed."""
        return next((line for line in self.lines if isinstance(line, Leased)), None)


class Journal:
    """An open journal, locked by this process. Its token is the lease's."""

    def __init__(self, descriptor: int, path: Path) -> None:
        """Take over a locked descriptor; see `create` and `seize`."""
        self.token = path.stem
        self._descriptor = descriptor
        self._path = path
        self._offset = 0
        self._is_torn = False
        self._lines = 0

    @classmethod
    def create(cls, folder: Path, executor: str) -> Self:
        """Make a journal for the next lease. It gets its name only when locked, so nobody takes it for an orphan.

        Raises:
            JournalUnusable: the disk has no room, or the folder is not ours.
        """
        token = secrets.token_hex(16)
        draft, path = folder / f"{token}.new", folder / f"{token}{SUFFIX}"
        descriptor = -1
        try:
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.posix_fallocate(descriptor, 0, ROOM_OCTETS)
            made = cls(descriptor, path)
            made._append(_line({"executor": executor, "token": token}))
            draft.rename(path)
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
                draft.unlink(missing_ok=True)
            raise JournalUnusable(folder, error.strerror or str(error)) from error
        return made

    @classmethod
    def seize(cls, path: Path) -> Self | None:
        """Take the lock of a journal whose process is gone; None while it lives, or where somebody was quicker."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
                return cls(descriptor, path)
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(descriptor)
        return None

    def write(self, *lines: Line) -> None:
        """Append lines by one write.

        Raises:
            JournalUnusable: they are not, or not all, in the file.
        """
        try:
            self._append(encode(lines))
        except OSError as error:
            raise JournalUnusable(self._path.parent, error.strerror or str(error)) from error
        self._lines += len(lines)

    def read(self) -> Record:
        """Everything in it."""
        return read(self._path)

    def touch(self) -> None:
        """Show that the process is well."""
        with contextlib.suppress(OSError):
            os.utime(self._descriptor)

    def close(self, *, lines: int | None = None) -> None:
        """Put it aside: its lease is settled and closed. The lock ends.

        Whoever wrote it says last how many lines it has: should the database be restored, it must tell all. So does who
        seized it, by `lines`, where that is all there ever was.
        """
        closed = self._path.parent / CLOSED
        with contextlib.suppress(OSError):  # without its end it is not whole, and so tells less
            if self._offset or lines is not None:
                self._end(lines)
        with contextlib.suppress(OSError):  # a journal that stays is replayed once more, which changes nothing
            closed.mkdir(exist_ok=True)
            self._path.rename(closed / self._path.name)
            self.touch()
        os.close(self._descriptor)

    def discard(self) -> None:
        """Remove it: no lease was taken with its token."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def let_go(self) -> None:
        """Give the lock back and leave the file to whoever comes next."""
        os.close(self._descriptor)

    def _end(self, lines: int | None) -> None:
        if lines is not None:
            self._lines, self._is_torn = lines, True
            self._offset = len(self._path.read_bytes().rstrip(b"\0"))
        self._append(_line({"e": self._lines}))

    def _append(self, octets: bytes) -> None:
        """A write that stopped half way leaves a torn line; the next one begins on a line of its own."""
        if self._is_torn:
            octets = b"\n" + octets
        written = os.pwrite(self._descriptor, octets, self._offset)
        self._offset += written
        self._is_torn = written < len(octets)
        if self._is_torn:
            raise OSError(0, "a line was written half")


def read(path: Path) -> Record:
    """Read a journal; one whose first line is not whole has no executor and tells nothing."""
    entries = list(_entries(path.read_bytes()))
    head: dict[str, Any] = entries[0] if entries and "executor" in entries[0] else {}
    lines = tuple(_parsed(entry) for entry in entries[1:] if "e" not in entry)
    is_whole = bool(head) and entries[-1].get("e") == len(lines)
    return Record(head.get("token", path.stem), head.get("executor", ""), lines, is_whole)


def encode(lines: tuple[Line, ...]) -> bytes:
    """Lines as they stand in the file."""
    return b"".join(_line(_object(line)) for line in lines)


def parse(octets: bytes) -> tuple[Line, ...]:
    """The lines that are whole; one that is cut or damaged is passed over."""
    return tuple(_parsed(entry) for entry in _entries(octets))


def _line(value: dict[str, Any]) -> bytes:
    body = _AS_JSON(value).encode()
    return b"%x %08x %s\n" % (len(body), zlib.crc32(body), body)


def _entries(octets: bytes) -> Iterator[dict[str, Any]]:
    *lines, _ = octets.split(b"\n")  # what no line end follows is not whole
    for line in lines:
        length, _, rest = line.partition(b" ")
        checksum, _, body = rest.partition(b" ")
        if body and length == b"%x" % len(body) and checksum == b"%08x" % zlib.crc32(body):
            yield json.loads(body)


def _object(line: Line) -> dict[str, Any]:
    if isinstance(line, Leased):
        made_at = line.made_at.isoformat() if line.made_at else None
        return {"l": [line.mailing, line.first_position, line.last_position], "m": made_at, "n": line.name}
    key = [line.mailing, line.position, line.attempt]
    if isinstance(line, Begin):
        return {"b": key, "d": line.date.isoformat() if line.date else None, "h": line.digest, "a": line.who}
    reply = line.reply
    words = [int(reply.step), reply.code, reply.enhanced, reply.text[:TEXT_LIMIT]]
    return {"r": key, "w": words, "y": line.relay, "t": line.at.isoformat(), "a": line.who}


def _parsed(entry: dict[str, Any]) -> Line:
    if "l" in entry:
        return Leased(*_three(entry["l"]), made_at=_moment(entry.get("m")), name=entry.get("n", ""))
    who = entry.get("a", "")
    if "b" in entry:
        return Begin(*_three(entry["b"]), date=_moment(entry["d"]), digest=entry["h"], who=who)
    step, code, enhanced, text = entry["w"]
    reply = Reply(Step(step), code, enhanced, text)
    at = dt.datetime.fromisoformat(entry["t"])
    return Answer(*_three(entry["r"]), reply=reply, relay=entry["y"], at=at, who=who)


def _three(key: list[int]) -> tuple[int, int, int]:
    mailing, position, attempt = key
    return mailing, position, attempt


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _key(line: Begin | Answer) -> tuple[int, int, int]:
    return line.mailing, line.position, line.attempt

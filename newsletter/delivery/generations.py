r"""Which of the two is older: a folder of journals, or the database?

    with noted(folder) as note:
        compare(note.read(), found)      # `found` is what the database has; see `pairing`
        note.intend(wanted, after=found) # before the database is told
        note.confirm(wanted)             # after

Both keep one generation, that rises while a worker runs, with a random mark. A backup of either is of an earlier one,
and of two copies of a folder that go on apart, the marks differ:

    >>> ours = Note(Generation(7, "a"))
    >>> compare(ours, Generation(7, "a")), compare(ours, Generation(5, "c")), compare(ours, Generation(8, "d"))
    (<Match.SAME: 'same'>, <Match.DATABASE_OLDER: 'database older'>, <Match.HOME_OLDER: 'home older'>)

The file is written before the database and after it, so that a crash in between is told from both.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from newsletter.delivery.journal import JournalUnusable

NAME = "generation"


@dataclass(frozen=True, slots=True)
class Generation:
    """How often it has risen, and a mark that no other rise has."""

    number: int
    mark: str

    def next(self) -> "Generation":
        """The one after it."""
        return Generation(self.number + 1, secrets.token_hex(8))


BEFORE_ALL = Generation(0, "")


@dataclass(frozen=True, slots=True)
class Note:
    """What the folder says: its generation, and the one that was wanted when somebody last wrote; None for none yet."""

    confirmed: Generation | None = None
    wanted: Generation | None = None


class Match(StrEnum):
    """How folder and database stand to each other."""

    SAME = "same"
    DATABASE_OLDER = "database older"  # what was sent since its backup is in the journals alone
    HOME_OLDER = "home older"  # or a copy of another one: its journals do not tell all


def compare(note: Note, found: Generation | None) -> Match:
    """Compare what a folder says with what the database has of it, None for nothing."""
    if found in (note.confirmed, note.wanted):
        return Match.SAME
    if note.confirmed and (found is None or found.number < note.confirmed.number):
        return Match.DATABASE_OLDER
    return Match.HOME_OLDER


class NoteFile:
    """The file of a folder, locked."""

    def __init__(self, path: Path) -> None:
        """Take the path; see `noted`."""
        self._path = path

    def read(self) -> Note:
        """What it says; a file that is no note says nothing, as one that is lost."""
        try:
            said = json.loads(self._path.read_text("ascii"))
            return Note(_parsed(said["confirmed"]), _parsed(said["wanted"]))
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return Note()

    def written_at(self) -> float:
        """When it was last written, in seconds since the epoch; 0 for never."""
        return self._path.stat().st_mtime if self._path.exists() else 0.0

    def intend(self, wanted: Generation, *, after: Generation | None) -> None:
        """Say what the database has, and what it will be told; on disk when this returns.

        Raises:
            JournalUnusable: it cannot be written, and says what it said.
        """
        self._write(Note(after, wanted))

    def confirm(self, wanted: Generation) -> None:
        """Say that the database has it.

        Raises:
            JournalUnusable: it cannot be written; what was intended tells the same.
        """
        self._write(Note(wanted, wanted))

    def _write(self, note: Note) -> None:
        draft = self._path.with_suffix(".draft")
        try:
            with draft.open("w", encoding="ascii") as file:
                json.dump({"confirmed": _listed(note.confirmed), "wanted": _listed(note.wanted)}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            raise JournalUnusable(self._path.parent, error.strerror or str(error)) from error


@contextmanager
def noted(folder: Path, *, while_held: Callable[[], object] | None = None) -> Iterator[NoteFile]:
    """Lock the file of a folder among the processes of this machine.

    `while_held` is called again and again while another process holds it, and must wait; without it, the kernel does.

    Raises:
        JournalUnusable: the folder cannot be written to.
    """
    try:
        lock = os.open(folder / f"{NAME}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnusable(folder, error.strerror or str(error)) from error
    try:
        if while_held is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            while not _is_locked_at_once(lock):
                while_held()
        yield NoteFile(folder / NAME)
    finally:
        os.close(lock)


def _is_locked_at_once(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _listed(generation: Generation | None) -> list[int | str] | None:
    return [generation.number, generation.mark] if generation else None


def _parsed(listed: list[int | str] | None) -> Generation | None:
    return Generation(int(listed[0]), str(listed[1])) if listed else None

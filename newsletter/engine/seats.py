"""A name for this process that outlives it and that no other living process has.

    seat = Seat.take(settings.journal_folder, machine=journals.me.folder)
    seat.name  # "0b8e…-1"

What a process had begun when it died is recovered by the next one with its name. So the name must be
the same after a restart, and never two may have it at a time: it is the machine's, and the first
number whose file nobody has locked. The kernel takes the lock away with the process, however that ends.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from newsletter.errors import NewsletterError


class NoSeat(NewsletterError):
    """The folder of the seats cannot be written to."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} cannot keep what tells this process from others: {reason}.")


@dataclass(frozen=True, slots=True)
class Seat:
    """A name, held as long as the file of `lock` is open."""

    name: str
    lock: int

    @classmethod
    def take(cls, folder: Path, *, machine: str) -> Self:
        """Take the lowest number that is free; `machine` names the folder's machine in all the world.

        Take it in the process that keeps it: a copy made by fork holds it, too.

        Raises:
            NoSeat: the folder cannot be written to.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in count(1):
                lock = _locked(folder / f"{number}.seat")
                if lock is not None:
                    return cls(f"{machine}-{number}", lock)
        except OSError as error:
            raise NoSeat(folder, error.strerror or str(error)) from error
        raise AssertionError  # numbers do not end

    def leave(self) -> None:
        """Let another process have it."""
        os.close(self.lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()


def _locked(path: Path) -> int | None:
    """Open and lock a file; None where somebody else has."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file
    os.close(file)
    return None

"""The folder of journals: whose it is, what the dead left in it, and how long closed ones are kept.

    journals = Journals(settings.home / "journal")
    orphans = journals.orphans(me)          # locked by us now; each is replayed, then closed
    journals.sweep(now=now)

A sender touches its journals every second. One whose file has not changed for `SILENT_S` by our own
watch, and that still holds its lock, is asleep or stuck: it is killed, and its lock taken at the
next look. Neither the watch nor we look while all sleep, so nobody is killed for that. Whoever waits for the
database looks, too (`end_silent`): the sleeper may be the one who holds it. However many threads look, only
looks a second apart count, so that whoever wakes together with us has touched his journal before.
"""

import datetime as dt
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from newsletter.delivery import journal
from newsletter.delivery.executors import Executor
from newsletter.delivery.journal import SUFFIX, Journal, JournalUnusable, Record

SILENT_S = 60.0
LOOKS = 3  # that find a journal unchanged: after a long sleep of ours the first one tells nothing
LOOKS_APART_S = 0.9
KEPT = dt.timedelta(hours=48)
SWEPT = "swept"  # a file whose time is that of the last journal removed


@dataclass(slots=True)
class _Seen:
    """A journal as it was found: when it was touched by its owner, since when by our watch, and how often found so."""

    touched: int
    since: float
    looked_at: float
    looks: int = 1


class Journals:
    """One folder of journals, on a disk of this machine that outlives a boot."""

    def __init__(self, folder: Path, *, monotonic: Callable[[], float], silent_s: float = SILENT_S) -> None:
        """Make the folder and its name where they are not there yet.

        Raises:
            JournalUnusable: the folder cannot be written to.
        """
        self._folder = folder
        self._monotonic = monotonic
        self._silent_s = silent_s
        self._seen: dict[Path, _Seen] = {}
        self._looking = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.me = Executor.current(folder=_name_of(folder))
        except OSError as error:
            raise JournalUnusable(folder, error.strerror or str(error)) from error

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    def create(self) -> Journal:
        """Make a journal for this process.

        Raises:
            JournalUnusable: the disk has no room, or the folder is not ours.
        """
        return Journal.create(self._folder, str(self.me))

    def orphans(self) -> list[Journal]:
        """The journals whose processes are gone, locked by us from now on; the silent are killed."""
        with self._looking:
            return [found for path in self._open() if (found := self._orphan(path))]

    def end_silent(self) -> None:
        """Kill who fell silent, and leave the journals where they are."""
        with self._looking:
            for path in self._open():
                if self._is_silent(path):
                    self._kill(path)

    def has(self, token: str) -> bool:
        """Tell whether the journal of a lease lies here, not closed."""
        return (self._folder / f"{token}{SUFFIX}").exists()

    def closed(self, *, since: float = 0.0) -> Iterator[Record]:
        """The journals that were closed from a moment on, in seconds since the epoch; the first closed first."""
        dated = []
        for path in self._folder.glob(f"{journal.CLOSED}/*{SUFFIX}"):
            with suppress(FileNotFoundError):
                dated.append((path.stat().st_mtime, path))
        for touched, path in sorted(dated):
            with suppress(FileNotFoundError):
                if touched >= since:
                    yield journal.read(path)

    def sweep(self, *, now: dt.datetime) -> None:
        """Remove journals that were closed 48 hours ago, and what a crash left half made."""
        oldest = (now - KEPT).timestamp()
        for path in (*self._folder.glob(f"{journal.CLOSED}/*"), *self._folder.glob("*.new")):
            with suppress(FileNotFoundError):
                touched = path.stat().st_mtime
                if touched < oldest:
                    self._note_swept(touched)
                    path.unlink()

    def swept_until(self) -> dt.datetime | None:
        """When the last journal was closed that is not kept any more; None while all are kept."""
        try:
            return dt.datetime.fromtimestamp((self._folder / SWEPT).stat().st_mtime, dt.UTC)
        except FileNotFoundError:
            return None

    def _note_swept(self, touched: float) -> None:
        """Before it is gone: whoever restores a database must know what no journal tells."""
        path = self._folder / SWEPT
        with suppress(OSError):  # a full disk
            if not path.exists():
                path.touch(mode=0o600)
                os.utime(path, (touched, touched))
            elif path.stat().st_mtime < touched:
                os.utime(path, (touched, touched))

    def _open(self) -> list[Path]:
        paths = sorted(self._folder.glob(f"*{SUFFIX}"))
        self._seen = {path: seen for path, seen in self._seen.items() if path in paths}
        return paths

    def _orphan(self, path: Path) -> Journal | None:
        seized = Journal.seize(path)
        if seized is None and self._is_silent(path):
            self._kill(path)
        return seized

    def _is_silent(self, path: Path) -> bool:
        try:
            touched = path.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        now = self._monotonic()
        seen = self._seen.get(path)
        if seen is None or seen.touched != touched:
            self._seen[path] = _Seen(touched, since=now, looked_at=now)
            return False
        if now - seen.looked_at < LOOKS_APART_S:
            return False
        is_silent = now - seen.since >= self._silent_s and seen.looks >= LOOKS
        seen.looks, seen.looked_at = seen.looks + 1, now
        return is_silent

    def _kill(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            record = journal.read(path)
            executor = Executor.parse(record.executor) if record.executor else None
            if executor and executor != self.me and executor.is_neighbour_of(self.me):
                executor.kill()


def _name_of(folder: Path) -> str:
    """The folder's uuid, made once; of two that make it at a time, one wins."""
    path = folder / "id"
    if not path.exists():
        draft = folder / f"{uuid.uuid4()}.new"
        draft.write_text(str(uuid.uuid4()), "ascii")
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text("ascii")

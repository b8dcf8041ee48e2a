"""Which addresses a file had before: exact, and in flat memory however long the file is."""

import hashlib
import sqlite3
from collections.abc import Sequence

_LOOK_UP = 500


class Seen:
    """Remembers normalised addresses by 64 bits of their hash, in a temporary file of SQLite's."""

    def __init__(self) -> None:
        """Begin with none."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE seen (mark INTEGER PRIMARY KEY)")

    def close(self) -> None:
        """Forget all."""
        self._database.close()

    def first_times(self, address_keys: Sequence[str]) -> list[bool]:
        """Tell for each address whether it comes for the first time, and remember all of them."""
        marks = [_mark(key) for key in address_keys]
        known = self._known(marks)
        first: list[bool] = []
        for mark in marks:
            first.append(mark not in known)
            known.add(mark)
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((mark,) for mark in marks))
        self._database.execute("COMMIT")
        return first

    def _known(self, marks: Sequence[int]) -> set[int]:
        known: set[int] = set()
        for start in range(0, len(marks), _LOOK_UP):
            part = marks[start : start + _LOOK_UP]
            places = ",".join("?" * len(part))
            rows = self._database.execute(f"SELECT mark FROM seen WHERE mark IN ({places})", part)  # noqa: S608  # question marks alone
            known.update(mark for (mark,) in rows)
        return known


def _mark(address_key: str) -> int:
    return int.from_bytes(hashlib.blake2b(address_key.encode(), digest_size=8).digest(), "big", signed=True)

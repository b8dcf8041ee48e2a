"""A backup of a database made while others write, and its restore.

backup = Backup.make(database, folder)
…
backup.restore()
"""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from newsletter.database import Database
from tests.support.postgres import Server


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy, and how it comes back."""

    restore: Callable[[], None]

    @classmethod
    def make(cls, database: Database, folder: Path, *, server: Server | None) -> "Backup":
        """Copy it as it is now; of PostgreSQL, `server` is whose it is."""
        return cls(_of_sqlite(database, folder) if server is None else _of_postgresql(database, folder, server))


def _of_sqlite(database: Database, folder: Path) -> Callable[[], None]:
    path, copy = Path(str(database.engine.url.database)), folder / "backup.db"
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()

    def restore() -> None:
        database.close()
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        shutil.copyfile(copy, path)

    return restore


def _of_postgresql(database: Database, folder: Path, server: Server) -> Callable[[], None]:
    name, dump = str(database.engine.url.database), folder / "backup.sql"
    dump.write_bytes(server.run("pg_dump", name))

    def restore() -> None:
        database.close()
        server.drop(name)
        server.create(name)
        server.run("psql", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", name, given=dump.read_bytes())

    return restore

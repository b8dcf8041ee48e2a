"""A real PostgreSQL that the tests start themselves: a cluster of its own, reached by a socket in its folder.

    with Server() as server:
        database = Database(server.create("fresh"))

PostgreSQL refuses to run as root, so root starts it as somebody without rights. The kernel ends it
when the process that started it dies, however that dies.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import Column, Integer, NullPool, create_engine, text

from subscribers.orm import Base

USER = "newsletter"
PATIENCE_S = 120

# The data is thrown away, so nothing need survive a power cut; what a crash of the server leaves is still whole.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "50",
    "shared_buffers": "32MB",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


_CUT_OFF_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


_TABLES_OF_THE_ENGINE = """
    SELECT 'dbos.' || tablename FROM pg_tables WHERE schemaname = 'dbos' AND tablename <> 'dbos_migrations'
"""


class Server:
    """One running PostgreSQL; a context manager that starts it and takes everything away at the end."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """Make the cluster, with other settings than those of tests if given; `__enter__` starts it."""
        self._settings = {**_SETTINGS, **(settings or {})}
        self._programs = _programs()
        self._as_user = _as_user()
        self._folder = Path(tempfile.mkdtemp(prefix="newsletter-pg-"))
        if self._as_user:
            shutil.chown(self._folder, _unprivileged())
        self._process: subprocess.Popen[bytes] | None = None
        initdb = ["initdb", "-D", "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = self._started(initdb)
        said, _ = made.communicate()
        assert made.returncode == 0, said.decode()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = self._started(["postgres", "-D", "data", "-k", str(self._folder), *options], log.fileno())
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._connection().close()
            except psycopg.OperationalError:
                alive = self._process.poll() is None and time.monotonic() < end
                assert alive, (self._folder / "log").read_text()
                time.sleep(0.02)  # noqa: TID251  # another process is waited for
            else:
                return

    def stop(self) -> None:
        """Stop the server at once, as a crash does; connections are cut, what was committed is there after `start`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    @property
    def is_running(self) -> bool:
        """Tell whether the server was started and not stopped since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process that has all the server's others."""
        return self._process.pid if self._process else 0

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{USER}@/{name}?host={self._folder}"

    def create(self, name: str, *, template: str = "template0", encoding: str = "UTF8") -> str:
        """Make a database, without any table or as a copy of another one; give its URL."""
        copying = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING {}")
        locale = sql.SQL("" if encoding == "UTF8" else " LOCALE 'C'")
        with self._connection() as connection:
            connection.execute(copying.format(*map(sql.Identifier, (name, template)), sql.Literal(encoding)) + locale)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Take a database away, with whoever is still connected to it."""
        with self._connection() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, program: str, *arguments: str, given: bytes = b"") -> bytes:
        """Run one of PostgreSQL's programs on this server; give what it wrote."""
        command = [str(self._programs / program), "-h", str(self._folder), "-U", USER, *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    def _connection(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(host=str(self._folder), user=USER, dbname="postgres", autocommit=True)

    def _started(self, command: list[str], output: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
        program, *arguments = command
        return subprocess.Popen(
            ["setpriv", "--pdeathsig=QUIT", *self._as_user, str(self._programs / program), *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def empty(url: str) -> None:
    """Take every row out of a migrated database, and number from 1 again; the triggers of its tables do not fire.

    Ten times as quick as a new copy of an empty database, which is made of hundreds of files.
    """
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(_CUT_OFF_OTHERS))
        of_engine = connection.scalars(text(_TABLES_OF_THE_ENGINE)).all()
        connection.execute(text(f"SET session_replication_role = replica; {_emptying(of_engine)}"))


def _emptying(of_engine: Sequence[str]) -> str:
    tables = Base.metadata.sorted_tables
    numbered = [table.name for table in tables if isinstance(table.columns.get("id", Column()).type, Integer)]
    deletions = [f"DELETE FROM {name}" for name in (*(table.name for table in tables), *of_engine)]  # noqa: S608  # known
    return "; ".join([*deletions, *(f"SELECT setval('{name}_id_seq', 1, false)" for name in numbered)])


def _programs() -> Path:
    """Where the server's programs are: Debian keeps them out of the search path, a folder for each version."""
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    versions = sorted(_installed(), key=lambda folder: int(folder.parent.name))
    assert versions, "PostgreSQL is not installed; `make test` installs it"
    return versions[-1]


def _installed() -> Iterator[Path]:
    for folder in Path("/usr/lib/postgresql").glob("*/bin"):
        if folder.parent.name.isdigit() and (folder / "postgres").exists():
            yield folder


def _as_user() -> list[str]:
    user = _unprivileged()
    return [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"] if user else []


def _unprivileged() -> str:
    """Who runs the server where root may not: Debian's own user for it, else nobody; empty where we are not root."""
    if os.getuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"

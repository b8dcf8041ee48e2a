"""The database engine: SQLite or PostgreSQL, with the same promises.

    database = Database("sqlite:///var/newsletter.db")
    with database.writing() as session:  # commits at the end
        ...

`reading()` is one snapshot from its first statement to its end, and can write nothing. What
`writing()` has committed is on disk. Whoever waits for another's lock waits `LOCK_TIMEOUT_MS` at most.

SQLite lets one write at a time, so whoever will write says so at the beginning (BEGIN IMMEDIATE): a
read that turns into a write would fail at once. On PostgreSQL writers run beside each other and see
what others committed meanwhile (READ COMMITTED). So who reads a row to change it locks it:
`subscribers.orm.current`.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from newsletter.errors import NewsletterError
from subscribers.orm import WRITING

if TYPE_CHECKING:
    import psycopg

LOCK_TIMEOUT_MS = 30_000
_IS_FREED = 1  # as SQLite's user_version
_QUICKLY_REWRITTEN = 64 * 1024 * 1024  # bytes; half a second, in which others can read but not write
_CHECKPOINT_PATIENCE_MS = (
    3_000  # a reader's page waits for it; retention empties the log later where this was too short
)

# The web server answers up to 40 requests at once, each on a thread; idle connections beyond a few are closed.
_CONNECTIONS_KEPT = 5
_CONNECTIONS_MORE = 35

# Where a session carries what was bound to it, and what it wants done once it has committed.
JOBS = "jobs"
TEMPLATES = "templates"
HOLDERS = "holders"
FREED = "freed"  # True: what it has taken away must be gone from the disk, too
_READING = "reading"

_log = structlog.get_logger(__name__)

# Off would lose the last moments of a crash, and with them replies of relays; all other values are as good as on.
_ON_POSTGRESQL = f"""
    SELECT set_config('lock_timeout', '{LOCK_TIMEOUT_MS}', false),
           CASE current_setting('synchronous_commit')
                WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END
"""


class DatabaseUnusable(NewsletterError):
    """The database cannot be opened, or is not as it must be."""


class Database:
    """One database, with sessions for reading and for writing."""

    def __init__(self, url: str) -> None:
        """Make the engine; nothing is opened before the first session.

        Raises:
            DatabaseUnusable: the URL is of no database that is known here.
        """
        self.engine = _engine(_parsed(url))
        self._carried: dict[str, object] = {}
        options: dict[str, Any] = {_READING: True}
        if self.engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._read = sessionmaker(self.engine.execution_options(**options), expire_on_commit=False)
        self._write = sessionmaker(self.engine.execution_options(**{WRITING: True}), expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one snapshot, in which nothing can be written."""
        with self._read() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at the end, or leaves everything as it was when an error passes."""
        with self._write() as session, session.begin():
            yield session
            is_freed = session.info.get(FREED, False)
            if is_freed:
                self.note_freed(session)
        if is_freed:
            self.overwrite_freed(largest=_QUICKLY_REWRITTEN)

    def bind(self, jobs: object, *, templates: Sequence[Path] | None = None) -> None:
        """Have all sessions from now on carry an engine's jobs, for `newsletter.delivery.jobs.jobs_of`.

        And the folders of templates, if given, for `newsletter.mails.folders`; without any, there are the shipped ones.
        """
        self._carry(JOBS, jobs)
        if templates is not None:
            self._carry(TEMPLATES, tuple(templates))

    def bind_holders(self, holders: Callable[[], object]) -> None:
        """Have all sessions from now on carry what gives the holders, for `newsletter.readers.holding.holders_of`."""
        self._carry(HOLDERS, holders)

    def note_freed(self, session: Session) -> None:
        """Note, in the session's own transaction, that what it takes away must be gone from the disk, too."""
        if self.engine.dialect.name == "sqlite":
            session.connection().exec_driver_sql(f"PRAGMA user_version = {_IS_FREED}")

    def overwrite_freed(self, *, largest: int | None = None) -> bool:
        """Take what was noted so off the disk, as far as that is ours to do; False where it has to wait.

        SQLite overwrites what is deleted (`secure_delete`), but not the copies that stay in a page when its rows move
        to another one, nor the log beside the database. So the database is written anew, which takes a second for
        100 MB, and the log is emptied. A database of more than `largest` bytes is left to the next call without it.

        PostgreSQL does it by itself when it vacuums a table.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        connection = self.engine.raw_connection()
        try:
            is_done = _overwrite_freed(connection.cursor(), largest)
        except sqlite3.OperationalError as error:
            _log.warning("what was deleted could not be overwritten yet", reason=str(error))
            is_done = False
        finally:
            connection.close()
        return is_done

    def problems(self) -> tuple[str, ...]:
        """What in the server's own settings breaks the promise that what was committed is on disk."""
        if self.engine.dialect.name == "sqlite":
            return ()
        with self.engine.connect() as connection:
            off = [name for name in ("fsync", "full_page_writes") if _setting(connection, name) == "off"]
        return tuple(f"PostgreSQL runs with {name} = off: a power cut may destroy the database." for name in off)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _carry(self, name: str, value: object) -> None:
        self._carried[name] = value
        for sessions in (self._read, self._write):
            sessions.configure(info=dict(self._carried))


def _overwrite_freed(cursor: Any, largest: int | None) -> bool:
    def told(pragma: str) -> int:
        value: int = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
        return value

    cursor.execute("PRAGMA query_only = 0")  # whoever had the connection before may have been reading
    is_freed = told("user_version") == _IS_FREED
    is_too_large = largest is not None and told("page_count") * told("page_size") > largest
    if is_freed and not is_too_large:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA user_version = 0")
    told(f"busy_timeout = {_CHECKPOINT_PATIENCE_MS}")
    is_busy = told("wal_checkpoint(TRUNCATE)")
    told(f"busy_timeout = {LOCK_TIMEOUT_MS}")
    if is_busy:
        _log.warning("the log of SQLite could not be emptied yet: somebody is still reading")
    return not is_busy and not (is_freed and is_too_large)


def reason_of(error: SQLAlchemyError) -> str:
    """What a database said, without the statement and its values."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def on_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    """Have a new connection keep what all of this file keep."""
    del record
    connection.isolation_level = None  # SQLAlchemy's events below say BEGIN, not the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # a reply settled is on disk
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
    cursor.close()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnusable(
            "NEWSLETTER_DATABASE_URL is no URL; write it like postgresql+psycopg://user:password@host/database."
        ) from None
    if parsed.drivername not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise DatabaseUnusable(
            f"NEWSLETTER_DATABASE_URL begins with {parsed.drivername}://; there are sqlite:// and postgresql+psycopg://."
        )
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=_CONNECTIONS_KEPT, max_overflow=_CONNECTIONS_MORE)
        event.listen(engine, "connect", on_sqlite)
        event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=_CONNECTIONS_KEPT,
        max_overflow=_CONNECTIONS_MORE,
        pool_pre_ping=True,  # a connection that the server closed meanwhile is not given out
        connect_args={"application_name": "newsletter"},
    )
    event.listen(engine, "connect", _on_postgresql)
    return engine


def _on_sqlite_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA query_only = {int(options.get(_READING, False))}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITING, False) else "BEGIN")


def _on_postgresql(connection: "psycopg.Connection[Any]", record: ConnectionPoolEntry) -> None:
    del record
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The database {connection.info.dbname} is in {encoding}, which cannot hold every name; "
            "make one with: createdb --encoding=UTF8 --template=template0."
        )
    connection.execute(_ON_POSTGRESQL)
    connection.commit()


def _setting(connection: Connection, name: str) -> str:
    value: str = connection.exec_driver_sql(f"SHOW {name}").scalar_one()
    return value

"""The database engine: SQLite made safe for several processes, PostgreSQL as it is.

    database = Database("sqlite:///var/newsletter.db")
    with database.writing() as session:  # BEGIN IMMEDIATE, commits at the end
        ...

A transaction that begins as a read and turns into a write fails at once on SQLite, whatever
the busy timeout, so whoever will write says so at the beginning.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from newsletter.errors import NewsletterError

BUSY_TIMEOUT_MS = 30_000


class DatabaseUrlInvalid(NewsletterError):
    """The URL of the database cannot be meant so. It may hold a password, so the message does not repeat it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"NEWSLETTER_DATABASE_URL is unusable: {reason}")
        self.reason = reason


class Database:
    """One database, with sessions for reading and for writing."""

    def __init__(self, url: str) -> None:
        """Make the engine; nothing is opened before the first session."""
        self.engine = _engine(url)
        writing = self.engine.execution_options(writing=True)
        self._read = sessionmaker(self.engine, expire_on_commit=False)
        self._write = sessionmaker(writing, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one snapshot; what is changed in it is thrown away."""
        with self._read() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at the end, or leaves everything as it was when an error passes."""
        with self._write() as session, session.begin():
            yield session

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url)
    except ModuleNotFoundError as error:
        raise DatabaseUrlInvalid(f"its driver, {error.name}, is not installed.") from error
    except ArgumentError as error:
        raise DatabaseUrlInvalid("write it like sqlite:////srv/newsletter/newsletter.db.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    del record
    connection.isolation_level = None  # SQLAlchemy's events below say BEGIN, not the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # a reply settled is on disk
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

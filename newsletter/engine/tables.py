"""The tables of DBOS in our database: made here, and by nobody else.

On PostgreSQL they lie in a schema of their own, in SQLite beside ours. No migration of ours touches
them; `newsletter init` brings both up to date.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from newsletter.database import Database, DatabaseUnusable, on_sqlite, reason_of
from newsletter.engine import APPLICATION, logs

if TYPE_CHECKING:
    import sqlite3

    from dbos import DBOSClient
    from sqlalchemy.pool import ConnectionPoolEntry

SCHEMA = "dbos"
STATUS = "workflow_status"

# A machine that lost its power, or its network, says no goodbye: without this its connection would be waited for hours.
_ON_POSTGRESQL = {
    "application_name": "newsletter-engine",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


# As psycopg names its errors, and as SQLite words them.
_MISSING = (
    "UndefinedTable",
    "UndefinedColumn",
    "InvalidSchemaName",
    "no such table",
    "no such column",
    "has no column",
)


class EngineTablesMissing(DatabaseUnusable):
    """DBOS finds its tables missing, or those of an older version."""

    def __init__(self) -> None:
        super().__init__("The engine's tables are missing or out of date: `newsletter init` brings them up to date.")


def migrate(database: Database) -> None:
    """Bring the tables of DBOS to the version that is installed; a second process waits for the first.

    Raises:
        DatabaseUnusable: the database refused.
    """
    logs.adopt()
    from dbos import DBOS  # noqa: PLC0415  # slow, and rarely needed

    try:
        DBOS.migrate(database.engine.url.render_as_string(hide_password=False), schema=SCHEMA)
    except SQLAlchemyError as error:
        raise DatabaseUnusable(f"The engine's tables cannot be made: {reason_of(error)}") from error


def are_there(database: Database) -> bool:
    """Tell whether DBOS has tables in the database; quick, but says nothing of their version."""
    with database.engine.connect() as connection:
        return inspect(connection).has_table(STATUS, schema=schema_of(database.engine))


@contextmanager
def told_where_missing() -> Iterator[None]:
    """Turn the error of a database that lacks the tables, or columns of theirs, into our own.

    Raises:
        EngineTablesMissing: it does.
    """
    try:
        yield
    except DBAPIError as error:
        said = f"{type(error.orig).__name__} {error.orig}"
        if any(sign in said for sign in _MISSING):
            raise EngineTablesMissing from error
        raise


def schema_of(engine: Engine) -> str | None:
    """Where the tables lie; SQLite knows no schemas."""
    return None if engine.dialect.name == "sqlite" else SCHEMA


def connecting(database: Database, *, at_once: int = 4) -> Engine:
    """Connections as DBOS needs them, apart from those of sessions; no log of theirs ever shows a value.

    On SQLite its reading takes no lock, and its writing begins with the lock that writing needs.
    """
    url = database.engine.url
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, pool_size=at_once, max_overflow=2 * at_once)
        event.listen(engine, "connect", _on_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=at_once,
        max_overflow=2 * at_once,
        pool_pre_ping=True,
        connect_args=_ON_POSTGRESQL,
    )


def client(engine: Engine, *, patient: bool = True) -> "DBOSClient":
    """Make a client of DBOS, connected when it is used; a patient one waits for a database that is away."""
    logs.adopt()
    from dbos import DBOSClient  # noqa: PLC0415  # slow, and needed only by who enqueues or runs

    return DBOSClient(
        system_database_engine=engine,
        dbos_system_schema=SCHEMA,
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=patient,
    )


def _on_sqlite(connection: "sqlite3.Connection", record: "ConnectionPoolEntry") -> None:
    on_sqlite(connection, record)
    connection.isolation_level = "IMMEDIATE"  # the driver begins before the first change

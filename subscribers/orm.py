"""What all tables share: one metadata, named constraints, and times that are always UTC.

Every model of the product derives from `Base`, also those of `newsletter`, so that one
migration history describes one database.
"""

import datetime as dt
from typing import Any, TypeVar

from sqlalchemy import JSON, DateTime, Dialect, MetaData
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

WRITING = "writing"  # the execution option of a session's engine that says that the session may write

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# What a column may tell of somebody, said at its model as `mapped_column(…, info=READER)`. What is told of readers
# has a holder (`subscribers.holders`); what is told of staff is the record of who did what.
READER: dict[Any, Any] = {"tells of": "a reader"}
STAFF: dict[Any, Any] = {"tells of": "staff"}

# PostgreSQL's codes of a transaction that lost against another one: serialization failure, deadlock.
_LOST = {"40001", "40P01"}

_T = TypeVar("_T", bound="Base")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware datetime, stored as UTC; a naive one is refused with `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Give the driver UTC; SQLite stores no offset, so it gets the naive form."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Give the program an aware datetime."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  # read once by SQLAlchemy, never changed
        dt.datetime: UtcDateTime,
        dict[str, Any]: JSON,
    }


def current(session: Session, table: type[_T], key: object) -> _T | None:
    """The row of a key as it stands now; None where there is none.

    In a session that may write the row is locked until its end. So of two who change the same thing
    at the same moment, the second waits and then sees what the first one did. (SQLite, which lets
    one write at a time, needs no lock.) Rows that point to this one can be added meanwhile.
    """
    if not session.get_bind().get_execution_options().get(WRITING, False):
        return session.get(table, key)
    session.flush()  # what this session changed itself must not be read over
    return session.get(table, key, with_for_update={"key_share": True}, populate_existing=True)


def upsert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that has `on_conflict_do_update` and `on_conflict_do_nothing`: one statement, whoever is faster."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(table)


def is_conflict(error: DBAPIError) -> bool:
    """Tell whether somebody else was faster, so that reading and writing again will do."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", "") in _LOST

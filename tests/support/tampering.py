"""What somebody can do who holds the database itself: change anything, past triggers and foreign keys."""

import datetime as dt
from typing import Any

from sqlalchemy import Column, Table, delete, insert, select, text, update
from sqlalchemy.orm import Session

from subscribers.consent import sealing
from subscribers.consent.models import ConsentSeal
from subscribers.orm import Base
from subscribers.secret import Secret
from tests.support.people import NOW, SECRET, STAFF

# Every table that the proof consists of; a new one is found by its name.
TABLES = tuple(
    table for table in Base.metadata.sorted_tables if table.name.startswith("consent_") or table.name == "wording"
)


def open_up(session: Session) -> None:
    """Let this session change what is append-only, and break foreign keys."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    triggers = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
    for name in triggers:
        session.execute(text(f"DROP TRIGGER {name}"))
    session.execute(text("PRAGMA defer_foreign_keys = ON"))


def change_a_byte(session: Session, column: "Column[Any]") -> None:
    """Change one byte of a column, in one row that has it."""
    table = column.table
    assert isinstance(table, Table)
    keys = list(table.primary_key.columns)
    row = session.execute(select(*keys, column.label("value")).where(column.is_not(None)).order_by(*keys)).first()
    assert row is not None, f"no row of {table.name} has a {column.name}"
    where = [key == value for key, value in zip(keys, row, strict=False)]
    changed = session.connection().execute(update(table).where(*where).values({column.name: _another(row.value)}))
    assert changed.rowcount == 1
    session.expire_all()


def take_out(session: Session, table: type[Base], **where: object) -> None:
    """Delete rows."""
    conditions = [getattr(table, name) == value for name, value in where.items()]
    session.execute(delete(table).where(*conditions).execution_options(synchronize_session=False))
    session.expire_all()


def put_in(session: Session, table: type[Base], **values: object) -> None:
    """Insert a row."""
    session.connection().execute(insert(table), [values])


def seal(session: Session, *, now: dt.datetime = NOW, secret: Secret = SECRET) -> ConsentSeal:
    """Seal everything in one seal, in this session."""
    session.flush()
    (piece,) = sealing.unsealed(session)
    return sealing.seal(session, piece, secret=secret, by=STAFF, now=now)


def _another(value: object) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value ^ 0x40
        case str():
            return value[:-1] + ("x" if value[-1:] != "x" else "y")
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1])
        case dt.datetime():
            return value + dt.timedelta(microseconds=1)
        case dict():
            name, first = next((name, text) for name, text in value.items() if isinstance(text, str))
            return {**value, name: _another(first)}
    raise AssertionError(f"teach this function to change a {type(value).__name__}")

"""What the database promises, on each kind: snapshots, nothing lost, and clear words where it is of no use."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from newsletter.app import App
from newsletter.database import FREED, LOCK_TIMEOUT_MS, Database, DatabaseUnusable
from newsletter.settings import Settings
from subscribers.models import MailingList
from tests.support.makers import a_list
from tests.support.postgres import Server


def test_reading_is_one_snapshot(database: Database) -> None:
    with database.reading() as reader:
        before = reader.scalar(select(func.count()).select_from(MailingList))
        with database.writing() as writer:
            a_list(writer)
        during = reader.scalar(select(func.count()).select_from(MailingList))
    with database.reading() as reader:
        after = reader.scalar(select(func.count()).select_from(MailingList))

    assert (before, during, after) == (0, 0, 1)


def test_who_only_reads_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), database.reading() as session:
        a_list(session)

    with database.writing() as session:  # the same connection, lent again
        a_list(session)


def test_what_an_error_passes_through_is_left_as_it_was(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            a_list(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(MailingList)) == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:secret@localhost/news", "begins with mysql://; there are sqlite:// and postgresql+psycopg://"),
        ("postgresql+asyncpg://anna:secret@localhost/news", "begins with postgresql+asyncpg://"),
        ("localhost:5432:secret", "is no URL; write it like postgresql+psycopg://user:password@host/database"),
    ],
)
def test_a_url_of_no_use_is_told_without_its_password(url: str, words: str) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        Database(url)

    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", "postgresql://anna:secret@127.0.0.1:9/news")
    (Settings().home / "secret").write_text("00" * 32)

    with pytest.raises(DatabaseUnusable, match=r"cannot be opened: .*127\.0\.0\.1.*port 9.*refused") as refused:
        App.open(Settings())

    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_what_postgresql_commits_is_on_disk_whatever_its_settings_say(new_postgresql: str) -> None:
    database = Database(new_postgresql)
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        name = connection.engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    database.close()

    with database.writing() as session:
        settings = [session.scalar(text(f"SHOW {name}")) for name in ("synchronous_commit", "lock_timeout")]
        isolation = session.scalar(text("SHOW transaction_isolation"))

    assert settings == ["on", f"{LOCK_TIMEOUT_MS // 1000}s"]
    assert isolation == "read committed"
    assert database.problems() == (  # the server of the tests runs so, because its data is thrown away
        "PostgreSQL runs with fsync = off: a power cut may destroy the database.",
        "PostgreSQL runs with full_page_writes = off: a power cut may destroy the database.",
    )
    database.close()


@pytest.mark.slow
def test_a_database_that_cannot_hold_every_name_is_refused(postgresql_server: Server) -> None:
    database = Database(postgresql_server.create("latin", encoding="LATIN1"))

    with pytest.raises(DatabaseUnusable, match="is in LATIN1, which cannot hold every name"), database.reading() as one:
        one.connection()

    database.close()
    postgresql_server.drop("latin")


def test_forty_requests_at_once_get_their_connection(database: Database) -> None:
    """As many as the web server has threads; each waits until all have one."""
    together = threading.Barrier(40, timeout=20)

    def read(number: int) -> int:
        with database.reading() as session:
            found: int = session.execute(text(f"SELECT {number}")).scalar_one()
            together.wait()
        return found

    assert _at_once(read, 40) == list(range(40))


def _at_once(act: Callable[[int], int], number: int) -> list[int]:
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(act, range(number)))


def _churned(database: Database) -> tuple[set[bytes], set[bytes]]:
    """Have rows of many lengths come and go, so that pages are split and joined; give those gone and those there."""
    random = Random(7)  # noqa: S311  # the same rows each time
    words = [random.randbytes(8).hex() for _ in range(4_000)]
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE churned (word TEXT, more TEXT, PRIMARY KEY (word)) WITHOUT ROWID"))
    for part in range(0, len(words), 200):
        with database.writing() as session:
            rows = [{"word": word, "more": "x" * random.randrange(80)} for word in words[part : part + 200]]
            session.execute(text("INSERT INTO churned VALUES (:word, :more)"), rows)
    gone = set(random.sample(words, 1_000))
    for half in (words[:2_000], words[2_000:]):
        with database.writing() as session:
            session.execute(
                text("DELETE FROM churned WHERE word = :word"), [{"word": word} for word in half if word in gone]
            )
            session.info[FREED] = True
    return {word.encode() for word in gone}, {word.encode() for word in words if word not in gone}


def test_what_was_deleted_is_not_on_the_disk_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "churned.db"
    database = Database(f"sqlite:///{path}")

    gone, there = _churned(database)

    octets = path.read_bytes() + path.with_name("churned.db-wal").read_bytes()
    assert [word for word in gone if word in octets] == []
    assert all(word in octets for word in there)
    database.close()


def test_a_large_database_is_written_anew_when_there_is_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.database._QUICKLY_REWRITTEN", 10_000)
    path = tmp_path / "churned.db"
    database = Database(f"sqlite:///{path}")
    gone, _ = _churned(database)
    assert path.with_name("churned.db-wal").stat().st_size == 0
    assert any(word in path.read_bytes() for word in gone)  # SQLite's own overwriting leaves copies

    assert not database.overwrite_freed(largest=10_000)
    assert database.overwrite_freed()

    octets = path.read_bytes()
    assert [word for word in gone if word in octets] == []
    database.close()


def test_who_reads_on_keeps_the_log_of_sqlite_and_no_erasure_waits_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.database._CHECKPOINT_PATIENCE_MS", 10)
    database = Database(f"sqlite:///{tmp_path / 'read.db'}")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE read (word TEXT)"))
    with database.reading() as reader:
        reader.execute(text("SELECT * FROM read")).all()
        with database.writing() as session:
            session.execute(text("INSERT INTO read VALUES ('x')"))
        assert not database.overwrite_freed()

    assert database.overwrite_freed()
    assert (tmp_path / "read.db-wal").stat().st_size == 0
    database.close()

"""For all tests: nothing leaves the machine, and a database with the real, migrated schema, fresh for each test.

Whatever uses `database` or `session` runs on SQLite and again on a real PostgreSQL, which is slow.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

import newsletter.database
from newsletter import migrations
from newsletter.database import Database
from newsletter.engine import tables
from tests.support import loopback, postgres
from tests.support.kinds import DATABASES
from tests.support.ledgers import JOURNALS
from tests.support.postgres import Server

loopback.guard()
gc.disable()  # until all tests are collected: nearly all that is made meanwhile stays
# No deadline: two cores are shared by many. The same draws each time where a red run must be seen again elsewhere.
hypothesis.settings.register_profile("house", deadline=None, print_blob=True, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Spare what was collected, thousands of tests and all modules, from being looked through for garbage.

    That is a seventh of the time otherwise.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest migration, as a file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A running PostgreSQL."""
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: Server) -> str:
    """A PostgreSQL database at the newest migration; tests use it in turn, and each finds it empty."""
    url = postgresql_server.create("migrated")
    database = Database(url)
    migrations.upgrade(database.engine)
    database.close()
    return url


_numbers = count(1)


@pytest.fixture
def new_postgresql(postgresql_server: Server) -> Iterator[str]:
    """The URL of a PostgreSQL database without any table."""
    name = f"test{next(_numbers)}"
    yield postgresql_server.create(name)
    postgresql_server.drop(name)


@pytest.fixture(scope="session", autouse=True)
def _engines_kept() -> Iterator[None]:
    """Tests in turn use one engine for the same URL: how its statements are written is half of their time.

    A closed database leaves nothing in its engine but that.
    """
    kept: dict[URL, Engine] = {}

    def engine(url: URL) -> Engine:
        if url not in kept:
            kept[url] = made(url)
        return kept[url]

    with pytest.MonkeyPatch.context() as patch:
        made = newsletter.database._engine
        patch.setattr("newsletter.database._engine", engine)
        yield


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the SQLite database of the test of the moment lies."""
    return tmp_path_factory.mktemp("sqlite") / "newsletter.db"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database at the newest migration, of each kind."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("migrated_postgresql")
        yield url
        postgres.empty(url)
        return
    path: Path = request.getfixturevalue("sqlite_file")
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    shutil.copyfile(request.getfixturevalue("migrated"), path)
    yield f"sqlite:///{path}"


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, of each kind."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("new_postgresql")
        return url
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(autouse=True)
def _journals(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where workers over a server's database keep their journals: each test's in a folder of its own."""
    monkeypatch.setenv(JOURNALS, str(tmp_path_factory.getbasetemp() / f"journals-{next(_numbers)}"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def engine_database(database: Database) -> Database:
    """A database that has the tables of the engine, too."""
    tables.migrate(database)
    return database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session that is rolled back: for use-cases that need no second reader."""
    with database.writing() as session:
        yield session
        session.rollback()

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from newsletter import migrations
from newsletter.database import Database
from subscribers.orm import Base


def test_the_migrations_give_exactly_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert differences == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    migrations.upgrade(database.engine)

    assert migrations.is_current(database.engine)


def test_an_empty_database_is_not_current(empty_url: str) -> None:
    database = Database(empty_url)

    assert not migrations.is_current(database.engine)
    database.close()


def test_the_way_back_leads_to_an_empty_database(empty_url: str) -> None:
    database = Database(empty_url)
    migrations.upgrade(database.engine)

    with database.engine.begin() as connection:
        config = migrations.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.close()


@pytest.mark.parametrize("statement", ["UPDATE consent_record SET source = 'x'", "DELETE FROM consent_record"])
def test_a_consent_record_can_be_neither_changed_nor_deleted(database: Database, statement: str) -> None:
    with database.writing() as session:
        session.execute(
            text(
                "INSERT INTO mailing_list (id, slug, name, language, created_at, asks_measuring)"
                " VALUES (1, 'news', 'News', 'de', '2026-11-23', false)"
            ),
        )
        session.execute(
            text(
                "INSERT INTO subscriber (id, address, address_key, suppression_key, provider, salutation, title,"
                " first_name, last_name, organisation, language, created_at)"
                " VALUES (1, 'a@b.de', 'a@b.de', '', 'other', '', '', '', '', '', 'de', '2026-11-23')"
            ),
        )
        session.execute(
            text(
                "INSERT INTO consent_record VALUES"
                " (1, 1, 1, 1, 'requested', '2026-11-23', 'reader', 'page', NULL, '', '', '')"
            ),
        )

    with pytest.raises(IntegrityError, match="append-only"), database.writing() as session:
        session.execute(text(statement))


def test_the_newest_file_is_the_head_of_the_history() -> None:
    heads = ScriptDirectory.from_config(migrations.configuration()).get_heads()

    assert heads == [migrations.newest()]


def test_staff_of_before_keep_their_roles_on_all_publications(empty_url: str) -> None:
    database = Database(empty_url)
    config = migrations.configuration()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO staff_user (id, address, address_key, role, language, active, created_at)"
                " VALUES (1, 'a@b.de', 'a@b.de', 'list admin', 'de', true, '2026-11-23')"
            )
        )
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")
        assert connection.execute(text("SELECT user_id, publication_id, role FROM staff_grant")).all() == [
            (1, None, "list admin")
        ]
        command.downgrade(config, "0010")
        assert connection.execute(text("SELECT role FROM staff_user")).all() == [("list admin",)]
    database.close()

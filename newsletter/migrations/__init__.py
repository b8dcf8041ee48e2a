"""The history of the tables, shipped with the package: `upgrade(engine)` brings a database up to date.

Alembic is imported only to upgrade: it would be a quarter of the start of every command.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent
_LOCK = 0x6E65_7773  # "news": a number of our own among the advisory locks of the database


def upgrade(engine: Engine) -> None:
    """Run the migrations the database has not seen, in one transaction; a second process waits for the first."""
    from alembic import command  # noqa: PLC0415  # see above

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Tell whether the database is at the newest migration."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version == newest()


def newest() -> str:
    """The number of the newest migration, such as `0002`: the one its file's name begins with."""
    return max(path.name for path in (_FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def configuration() -> "Config":
    """Alembic's configuration; no file is needed."""
    from alembic.config import Config  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config

"""`make migration M="What it does"`: write what is between the migrations and the models, to be read before use."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from newsletter import migrations
from newsletter.database import Database


def write(message: str, *, config: Config) -> Path:
    """Write the next migration, numbered on from the newest: 0002 → 0003. Without a difference its steps are empty."""
    number = int(ScriptDirectory.from_config(config).get_current_head() or 0) + 1
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{scratch}/empty.db")
        migrations.upgrade(database.engine)
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            written = command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        database.close()
    assert isinstance(written, Script)  # one branch, one file
    return Path(written.path)


if __name__ == "__main__":
    if not sys.argv[1].strip():
        sys.exit('make: say what it does: make migration M="Topics have colours"')
    print(write(sys.argv[1], config=migrations.configuration()))

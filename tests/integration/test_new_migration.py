import shutil
from pathlib import Path

import pytest

from newsletter import migrations
from tests.support import new_migration


def test_a_new_migration_continues_the_numbers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, folder)
    newest = len(list(folder.glob("versions/0*.py")))
    config = migrations.configuration()
    config.set_main_option("script_location", str(folder))

    path = new_migration.write("Topics have colours", config=config)

    assert path == folder / f"versions/{newest + 1:04}_topics_have_colours.py"
    assert f'"""Topics have colours\n\nRevision ID: {newest + 1:04}\nRevises: {newest:04}\n"""' in path.read_text()
    capfd.readouterr()

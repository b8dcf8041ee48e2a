from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.database import Database
from tests.support.web import Client, a_client, an_app


@pytest.fixture
def app(database: Database, tmp_path: Path) -> App:
    return an_app(database, tmp_path)


@pytest.fixture
def client(app: App) -> Client:
    return a_client(app, **{"Accept-Language": "de"})

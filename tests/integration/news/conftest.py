from collections.abc import Iterator

import pytest

from tests.support.webserver import WebServer, serving


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as server:
        yield server

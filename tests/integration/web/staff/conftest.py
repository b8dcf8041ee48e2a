import pytest

from newsletter.app import App
from tests.support.staff import a_browser, cheap_passwords
from tests.support.web import Client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)


@pytest.fixture
def browser(app: App) -> Client:
    """Somebody's who is not signed in."""
    return a_browser(app)

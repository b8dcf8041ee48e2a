import pytest

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from tests.support.composing import FEST, HAUS, an_issue
from tests.support.staff import a_browser, cheap_passwords, seated
from tests.support.web import Client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)


@pytest.fixture
def browser(app: App) -> Client:
    """Somebody's who is not signed in."""
    return a_browser(app)


@pytest.fixture
def ana(app: App) -> Client:
    """The browser of an editor."""
    return seated(app, "ana@example.org", Grant(Role.EDITOR)).client


@pytest.fixture
def ben(app: App) -> Client:
    """The browser of an approver."""
    return seated(app, "ben@example.org", Grant(Role.APPROVER)).client


@pytest.fixture
def issue(app: App) -> int:
    """A greeting (b1), `FEST` large (b2) and `HAUS` (b3); items 1 and 2."""
    return an_issue(app, FEST, HAUS)

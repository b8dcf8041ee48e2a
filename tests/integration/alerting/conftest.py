"""An installation with somebody to tell, and an alert to tell of."""

import pytest

from newsletter.accounts import staff
from newsletter.database import Database
from newsletter.delivery.alerts import raising
from subscribers.address import EmailAddress
from tests.support.alerts import FULL
from tests.support.ledgers import Clock
from tests.support.makers import BY, NOW


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def alerted(database: Database) -> Database:
    """A database with one staff user and one alert."""
    with database.writing() as session:
        staff.create_first(session, EmailAddress.parse("ana@example.org"), by=BY, now=NOW)
        raising.raise_alert(session, FULL, now=NOW)
    return database

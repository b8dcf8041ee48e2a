"""What DBOS says becomes lines of ours, without what nobody may read."""

import logging
import sys
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from newsletter.engine import logs

LOGGER = logging.getLogger("dbos")


@pytest.fixture(autouse=True)
def adopted() -> Iterator[None]:
    logs.adopt()
    yield
    LOGGER.setLevel(logging.WARNING)


@pytest.mark.parametrize(
    ("said", "event", "error"),
    [
        (
            "Database connection failed: (psycopg.OperationalError) connection to server at 10.1.2.3 failed for user "
            "anna. Retrying in 1.2s (attempt 1)",
            "DBOS: Database connection failed",
            "psycopg.OperationalError",
        ),
        (
            "Exception in schedule 'feeds': Traceback (most recent call last):\n  File x\nValueError: a@b.de\n",
            "DBOS: Exception in schedule 'feeds'",
            "ValueError",
        ),
        ("Error executing workflow m1:b2:3: password=secret", "DBOS: Error executing workflow m1:b2:3", None),
    ],
)
def test_a_line_says_what_and_which_error_but_no_value(said: str, event: str, error: str | None) -> None:
    with capture_logs() as lines:
        LOGGER.warning(said)

    assert [(line["event"], line.get("error"), line["log_level"]) for line in lines] == [(event, error, "warning")]


def test_an_exception_is_told_by_its_name_alone() -> None:
    with capture_logs() as lines:
        try:
            raise ValueError("anna@example.org")
        except ValueError:
            LOGGER.exception("Exception encountered in background workflow:")

    assert [(line["event"], line["error"]) for line in lines] == [
        ("DBOS: Exception encountered in background workflow", "ValueError")
    ]
    assert "anna" not in str(lines)


def test_what_is_only_news_is_not_logged() -> None:
    with capture_logs() as lines:
        LOGGER.info("To view and manage workflows, connect to DBOS Conductor at: somewhere")

    assert lines == []


def test_nothing_else_of_it_reaches_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.adopt()
    from dbos import DBOSClient

    assert DBOSClient
    assert logging.StreamHandler not in {type(handler) for handler in LOGGER.handlers}
    with capture_logs():
        LOGGER.error("once")

    assert capsys.readouterr() == ("", "")
    assert sys.modules.get("opentelemetry.sdk") is None

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
    LOGGER.handlers[:] = []
    logs.adopt()
    yield
    LOGGER.setLevel(logging.WARNING)


@pytest.mark.parametrize(
    ("said", "event", "error"),
    [
        (
            "Database connection failed: (psycopg.OperationalError) no server at /run/.s.PGSQL.5432. Retrying in 1.2s",
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
        error = ValueError("anna@example.org")
        LOGGER.error("Exception encountered in background workflow:", exc_info=error)

    assert [(line["event"], line["error"]) for line in lines] == [
        ("DBOS: Exception encountered in background workflow", "ValueError")
    ]
    assert "anna" not in str(lines)


def test_the_same_line_is_written_once_a_minute() -> None:
    with capture_logs() as lines:
        for second in (0, 30, 59, 61, 90):
            for queue in ("mail", "urgent"):
                record = LOGGER.makeRecord(LOGGER.name, logging.WARNING, "", 0, f"No {queue}: why", (), None)
                record.created = 1_800_000_000.0 + second
                LOGGER.handle(record)

    assert [line["event"] for line in lines] == ["DBOS: No mail", "DBOS: No urgent"] * 2


def test_what_is_only_news_is_not_logged() -> None:
    with capture_logs() as lines:
        LOGGER.info("To view and manage workflows, connect to DBOS Conductor at: somewhere")

    assert lines == []


def test_nothing_else_of_it_reaches_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.adopt()
    import dbos

    assert dbos.DBOSClient.__name__ == "DBOSClient"
    assert logging.StreamHandler not in {type(handler) for handler in LOGGER.handlers}
    with capture_logs():
        LOGGER.error("once")

    assert capsys.readouterr() == ("", "")
    assert sys.modules.get("opentelemetry.sdk") is None

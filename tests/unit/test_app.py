import errno
import io
import os
import sys
from collections.abc import Iterator

import pytest
import structlog

from newsletter.app import configure_log


class _FullDisk(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def _log() -> Iterator[None]:
    before = structlog.get_config()
    configure_log()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_log")
def test_a_log_that_cannot_be_written_ends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _FullDisk())

    structlog.get_logger().warning("relay takes no mail")


@pytest.mark.usefixtures("_log")
def test_the_log_is_one_object_a_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("relay takes no mail", relay="mail.example.org")

    assert '"relay": "mail.example.org", "event": "relay takes no mail"' in capsys.readouterr().err

"""The command line, called as a person calls it but inside this process, which is quick."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from newsletter.cli import main


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of an installation that is not made yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("NEWSLETTER_HOME", str(folder))
    monkeypatch.setenv("NEWSLETTER_DEMO", "1")
    monkeypatch.setenv("NEWSLETTER_BASE_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", f"maildir:{tmp_path / 'maildir'}")
    monkeypatch.delenv("NEWSLETTER_DATABASE_URL", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    del home

    def run(*arguments: object, status: int = 0) -> Answer:
        monkeypatch.setattr(sys, "argv", ["newsletter", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        answer = Answer(int(left.value.code or 0), said.out, said.err)
        assert answer.status == status, answer
        return answer

    yield run
    structlog.reset_defaults()  # a command configures the log for its process, with a stream that ends with the test


@pytest.fixture
def newsletter(run: Run) -> Run:
    """A command line whose installation has a list, a publication and nobody on the list."""
    run("init", "--admin", "ana@example.org")
    run("list", "create", "region", "--name", "Region aktuell", "--language", "de")
    run(
        "publication",
        "create",
        "aktuell",
        "--list",
        "region",
        "--name",
        "Region",
        "--from",
        "Presse <presse@example.org>",
    )
    run("publication", "set", "aktuell", "--imprint", "Region GmbH, Hafenstraße 4", "--reply-to", "presse@example.org")
    return run

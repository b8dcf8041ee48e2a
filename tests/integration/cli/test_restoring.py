"""A backup of the database is restored: by command, from the refusal to the last mail."""

import shutil
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.support.makers import assets


@pytest.fixture
def restored(newsletter: Run, home: Path, tmp_path: Path) -> str:
    """A mailing to two that is sent, and a database of before that."""
    people = tmp_path / "people.csv"
    people.write_text("email\nanna@example.org\nben@example.org\n", "utf-8")
    newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier")
    newsletter("news", "import", assets() / "news" / "mitteilung.txt")
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line
    newsletter("issue", "approve", issue, "--by", "ana@example.org")
    mailing = newsletter("issue", "send", issue).last_line
    shutil.copyfile(home / "newsletter.db", tmp_path / "backup.db")
    newsletter("worker", "--until-idle")
    for path in home.glob("newsletter.db*"):
        path.unlink()
    shutil.copyfile(tmp_path / "backup.db", home / "newsletter.db")
    return mailing


def _mails(tmp_path: Path) -> int:
    """How many went to readers; staff is mailed an alert."""
    return sum(b"\nList-Unsubscribe:" in path.read_bytes() for path in (tmp_path / "maildir").rglob("new/*"))


def test_nobody_gets_it_twice(newsletter: Run, restored: str, tmp_path: Path) -> None:
    worked = newsletter("worker", "--until-idle")
    resumed = newsletter("mailing", "resume", restored, status=1)
    examined = newsletter("doctor", status=1)

    assert f"Mailing {restored} is paused: The database is older than the journals of " in worked.out
    assert "First run `newsletter mailing recover` on that machine." in resumed.err
    assert "First run `newsletter mailing recover` on that machine." in examined.out
    assert _mails(tmp_path) == 2

    recovered = newsletter("mailing", "recover", "--by", "ana@example.org")

    assert "Sent, and new to the database: 2.\n" in recovered.out
    assert recovered.last_line == (
        f"Mailing {restored} is paused: see `newsletter mailing statement {restored}`, then resume or cancel it."
    )
    assert "docs/restoring.md" in recovered.err

    newsletter("mailing", "resume", restored, "--by", "ana@example.org")
    newsletter("worker", "--until-idle")

    statement = newsletter("mailing", "statement", restored, "--json").json
    assert (statement["state"], statement["accepted"]) == ("sent", 2)
    assert _mails(tmp_path) == 2


def test_it_is_told_in_json(newsletter: Run, restored: str) -> None:
    told = newsletter("mailing", "recover", "--json").json

    assert told["happened"].startswith("The database is older than the journals of ")
    assert (told["settled"], told["unknown"], told["paused"]) == ({"accepted": 2}, 0, [int(restored)])
    assert (told["missing_mailings"], told["not_in_audience"], told["other_machines"]) == ([], [], [])


def test_nothing_to_recover_is_told(newsletter: Run) -> None:
    said = newsletter("mailing", "recover").out

    assert said == (
        "Home and database match; nothing was restored.\nJournals read: 0.\nSent, and new to the database: 0.\n"
    )


def test_the_home_of_another_installation_is_refused(newsletter: Run, home: Path) -> None:
    for path in home.glob("newsletter.db*"):
        path.unlink()

    refused = newsletter("init", status=1)

    assert "belongs to another installation than the database" in refused.err
    (home / "installation").unlink()
    newsletter("init")
    (home / "installation").write_text("another")
    assert "belongs to another installation" in newsletter("worker", "--until-idle", status=1).err

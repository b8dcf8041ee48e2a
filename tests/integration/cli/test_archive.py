"""The commands of the archive, as a person types them."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select

from newsletter.app import App
from newsletter.cli.context import settings
from newsletter.delivery.archive.models import ArchivedIssue, ArchivedWords
from tests.integration.cli.conftest import Run
from tests.support.archives import sent


def an_issue() -> int:
    """An issue that went out."""
    app = App.open(settings())
    with app.writing() as session:
        made = sent(session).issue_id or 0
    app.close()
    return made


def test_a_new_list_is_public_unless_said_otherwise(newsletter: Run) -> None:
    said = newsletter("list", "create", "intern", "--name", "Intern", "--archive", "off")

    assert "It has no archive." in said.err
    assert {row["slug"]: row["archive"] for row in newsletter("list", "list", "--json").json} == {
        "region": "public",
        "intern": "off",
    }


def test_who_finds_an_archive_is_said_and_shown(newsletter: Run) -> None:
    assert newsletter("list", "archive", "region", "unlisted").last_line == (
        "Who knows the address finds its archive: http://127.0.0.1:8000/archive/region."
    )
    assert newsletter("list", "list", "--json").json[0]["archive"] == "unlisted"
    assert "There is no list" in newsletter("list", "archive", "nothing", "off", status=1).err
    newsletter("list", "archive", "region", "secret", status=2)


def test_a_correction_is_made_from_words_or_a_file_and_listed(newsletter: Run, tmp_path: Path) -> None:
    issue = an_issue()
    file = tmp_path / "korrektur.txt"
    file.write_text("Um 15 Uhr.\n\nWirklich.\n", "utf-8")

    newsletter("issue", "correct", issue, "--text", "Um 16 Uhr.")
    assert newsletter("issue", "correct", issue, "--text", file, "--by", "ana@example.org").last_line == (
        f"Issue {issue} has correction 2."
    )

    rows = newsletter("issue", "corrections", issue, "--json").json
    assert [(row["id"], row["by"], row["text"]) for row in rows] == [
        (2, "ana@example.org", "Um 15 Uhr.\n\nWirklich."),
        (1, "command line", "Um 16 Uhr."),
    ]


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_correction_and_one_of_nothing_are_refused_in_a_line(newsletter: Run, text: str) -> None:
    issue = an_issue()

    assert "needs words" in newsletter("issue", "correct", issue, "--text", text, status=1).err
    assert "has not gone out" in newsletter("issue", "correct", 99, "--text", "x", status=1).err
    assert "There is no issue 99" in newsletter("issue", "corrections", 99, status=1).err


def test_init_archives_what_went_out_before(newsletter: Run) -> None:
    an_issue()
    app = App.open(settings())
    with app.writing() as session:
        session.execute(delete(ArchivedWords))
        session.execute(delete(ArchivedIssue))
    newsletter("init")
    with app.reading() as session:
        assert session.scalars(select(ArchivedIssue.slug)).all() == ["2026-11-23-der-park-ist-fertig"]
    app.close()

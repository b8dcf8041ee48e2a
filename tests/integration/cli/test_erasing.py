"""Erasing somebody, telling them everything, and the clocks, as a person at a terminal does it."""

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import cli
from tests.integration.cli.conftest import Run

WORD = "Zyxwertz"
PEOPLE = f"email;Vorname\nanna@example.org;{WORD}\nben@example.org;Ben\n"


@pytest.fixture
def people(newsletter: Run, tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, "utf-8")
    newsletter("subscriber", "import", path, "--list", "region", "--consent-proof", "Papier")
    return path


def test_a_person_is_told_everything_in_a_file_of_their_own(newsletter: Run, people: Path, tmp_path: Path) -> None:
    del people
    output = tmp_path / "anna.json"

    newsletter("subscriber", "export", "anna@example.org", "--output", output)

    found = json.loads(output.read_text("utf-8"))
    assert found["person"][0]["first_name"] == WORD
    assert found["consent"][0]["evidence"]["row"] == {"email": "anna@example.org", "Vorname": WORD}
    assert found["bad_rows"] == found["maildir"] == []
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert newsletter("subscriber", "export", "anna@example.org").json["person"] == found["person"]


def test_a_list_is_exported_as_before(newsletter: Run, people: Path) -> None:
    del people

    assert newsletter("subscriber", "export", "--list", "region").out.count("\n") == 3


@pytest.mark.parametrize("arguments", [(), ("anna@example.org", "--list", "region")], ids=["neither", "both"])
def test_an_export_is_of_a_person_or_of_a_list(newsletter: Run, arguments: tuple[str, ...]) -> None:
    assert "either EMAIL, or --list L" in newsletter("subscriber", "export", *arguments, status=2).err


def test_an_erased_person_is_gone_from_the_home_and_not_imported_again(
    newsletter: Run, people: Path, tmp_path: Path
) -> None:
    answer = newsletter("subscriber", "erase", "Anna@Example.org", "--yes")

    assert answer.out == "Subscriber 1 is erased. Backups made before still hold them.\n"
    people.write_text(PEOPLE.replace(WORD, "Anna"), "utf-8")
    report = newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier", "--json").json
    assert (report["imported"], report["already_there"], report["suppressed"]) == (0, 1, 1)
    assert newsletter("consent", "verify").last_line == "3 records of 2 people, 0 seals, 0 breaks."
    assert "Nobody is known" in newsletter("subscriber", "show", "anna@example.org", status=1).err
    people.unlink()
    home = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(home) > 2
    assert [path for path in home for word in (WORD, "anna@") if word.encode() in path.read_bytes()] == []


def test_a_file_that_proves_goes_with_the_last_person_whose_consent_rests_on_it(
    newsletter: Run, tmp_path: Path
) -> None:
    scan, people = tmp_path / "scan.pdf", tmp_path / "people.csv"
    scan.write_bytes(b"%PDF " + WORD.encode())
    people.write_text(PEOPLE, "utf-8")
    newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", scan)
    kept = [path for path in tmp_path.rglob("proofs/*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [scan.read_bytes()]
    assert newsletter("subscriber", "export", "anna@example.org").json["proofs"] == [{"sha256": kept[0].stem}]

    newsletter("subscriber", "erase", "anna@example.org", "--yes")
    newsletter("retention", "run")
    assert kept[0].exists()
    newsletter("subscriber", "erase", "ben@example.org", "--yes")

    assert not kept[0].exists()


def test_a_file_that_nothing_rests_on_is_removed_a_day_later(newsletter: Run, people: Path, tmp_path: Path) -> None:
    (folder,) = (path.parent / "proofs" for path in tmp_path.rglob("newsletter.db"))
    folder.mkdir()
    old, new = folder / f"{'a' * 64}.pdf", folder / f"{'b' * 64}"
    for path in (old, new):
        path.write_bytes(people.read_bytes())
    os.utime(old, (0, 0))

    newsletter("retention", "run")

    assert list(folder.iterdir()) == [new]


def test_nobody_is_erased_without_a_yes(newsletter: Run, people: Path) -> None:
    del people

    answer = CliRunner().invoke(cli, ["subscriber", "erase", "anna@example.org"], input="n\n")

    assert answer.exit_code == 1
    assert "Erase anna@example.org, and everything that is kept of them, for good? [y/N]" in answer.output
    assert newsletter("subscriber", "show", "anna@example.org").json["first_name"] == WORD


def test_who_is_not_known_cannot_be_erased(newsletter: Run) -> None:
    assert "Nobody is known under" in newsletter("subscriber", "erase", "x@example.org", "--yes", status=1).err


def test_the_clocks_are_shown_with_what_is_due(newsletter: Run, people: Path) -> None:
    del people

    shown = newsletter("retention")
    found = newsletter("retention", "--json").json

    assert [line.split()[0] for line in shown.out.splitlines()] == ["what", *(each["name"] for each in found["clocks"])]
    assert "02:41 UTC" in shown.err
    assert found["clocks"][0] == {
        "name": "unconfirmed",
        "kept": "Sign-ups that were never confirmed, with their evidence",
        "since": "the last confirmation mail",
        "days": 30,
        "then": "deleted; the person, too, where there is no other list",
        "due": 0,
    }
    assert found["next_run"].endswith("T02:41:00+00:00")


def test_clocks_are_run_by_hand(newsletter: Run) -> None:
    assert newsletter("retention", "run", "--dry-run").out == "Nothing is due.\n"
    assert set(newsletter("retention", "run", "--json").json.values()) == {0}

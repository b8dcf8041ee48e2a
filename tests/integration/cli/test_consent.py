"""The proof, from the command line: sealed, verified, exported, imported."""

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run

ANNA = "anna@example.org"


@pytest.fixture
def people(newsletter: Run, tmp_path: Path) -> Run:
    """Two people with proof."""
    path = tmp_path / "people.csv"
    path.write_text("email;consent_at\nanna@example.org;2019-05-24\nbert@example.org;\n", "utf-8")
    newsletter("subscriber", "import", path, "--list", "region", "--consent-proof", "Papier, Ordner 7")
    return newsletter


def tamper(home: Path, *statements: str) -> None:
    """Somebody opens the file of the database, and takes the triggers away."""
    with sqlite3.connect(home / "newsletter.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
    database.close()


def test_sealed_people_are_verified(people: Run) -> None:
    sealed = people("consent", "seal")
    found = people("consent", "verify", "--seal", sealed.last_line)

    assert sealed.out.splitlines()[0] == "Seal 1 holds 2 records of 2 people."
    assert found.out == "2 records of 2 people, 1 seal, 0 breaks.\n"
    assert found.err == ""


def test_what_no_seal_holds_yet_is_told(people: Run) -> None:
    assert "Newer than the last seal: 2 records." in people("consent", "verify").err


def test_a_break_is_named_and_is_a_failure(people: Run, home: Path) -> None:
    people("consent", "seal")
    tamper(
        home,
        "DELETE FROM consent_evidence WHERE record_id = 2",
        "DELETE FROM consent_record WHERE id = 2",
        "UPDATE subscription SET state = 'left' WHERE subscriber_id = 2",
    )

    found = people("consent", "verify", status=1)
    told = people("consent", "verify", "--json", status=1).json

    assert found.out.splitlines() == [
        "✗ Subscriber 2: the whole chain is missing; seal 1 holds its last record.",
        "1 record of 1 person, 1 seal, 1 break.",
    ]
    assert (told["holds"], told["broken"], told["seals"]) == (False, 1, 1)
    assert told["breaks"][0]["kind"] == "chain_missing"
    assert told["breaks"][0]["subscriber_id"] == 2


def test_a_seal_that_was_kept_outside_and_is_gone_is_named(people: Run) -> None:
    found = people("consent", "verify", "--seal", "AB" * 32, status=1)

    assert f"✗ Digest {'ab' * 32}: no seal has this digest" in found.out


def test_the_evidence_is_json_and_a_page(people: Run, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"

    said = people("consent", "export", ANNA, "--output", folder, "--language", "en")
    told = people("consent", "export", ANNA).json

    assert said.out == f"{folder / 'evidence.html'}\n"
    page = (folder / "evidence.html").read_text("utf-8")
    assert page.startswith("<!doctype html>\n")
    assert "Proof of consent" in page
    assert "Papier, Ordner 7" in page
    assert "2019-05-24" in page
    written = json.loads((folder / "evidence.json").read_text("utf-8"))
    assert written["records"] == told["records"]
    assert told["verified"] == {"holds": True, "records": 1, "breaks": []}
    assert told["records"][0]["evidence"]["consent"] == {"at": "2019-05-24"}


def test_the_page_can_be_written_alone(people: Run, tmp_path: Path) -> None:
    people("consent", "export", ANNA, "--html", tmp_path / "anna.html")

    assert "Nachweis der Einwilligung" in (tmp_path / "anna.html").read_text("utf-8")


def test_a_scan_is_kept_whole_with_its_hash(newsletter: Run, home: Path, tmp_path: Path) -> None:
    scan, people = tmp_path / "Ordner 7.PDF", tmp_path / "people.csv"
    scan.write_bytes(b"%PDF-1.7\n\xff\xfe\x00")
    people.write_text("email\nanna@example.org\n")
    arguments = ("--consent-proof", scan, "--consent-wording", "Ja, ich möchte Post.")
    digest = hashlib.sha256(scan.read_bytes()).hexdigest()

    newsletter("subscriber", "import", people, "--list", "region", *arguments, "--dry-run")
    assert not (home / "proofs").exists()
    newsletter("subscriber", "import", people, "--list", "region", *arguments)

    kept = home / "proofs" / f"{digest}.pdf"
    assert kept.read_bytes() == scan.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0
    (record,) = newsletter("consent", "export", ANNA).json["records"]
    assert record["kind"] == "imported with proof"
    assert record["wording"]["text"] == "Ja, ich möchte Post."
    assert record["evidence"]["proof"] == {"file": "Ordner 7.PDF", "sha256": digest}


@pytest.mark.parametrize(("content", "reason"), [(b"", "it is empty")])
def test_a_file_that_proves_nothing_is_refused(newsletter: Run, tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "scan.pdf").write_bytes(content)
    (tmp_path / "people.csv").write_text("email\nanna@example.org\n")

    said = newsletter(
        "subscriber", "import", tmp_path / "people.csv", "--list", "region", "--consent-proof", tmp_path / "scan.pdf",
        status=1,
    )  # fmt: skip

    assert reason in said.err


def test_the_list_is_told_to_ask_about_measuring(newsletter: Run) -> None:
    assert newsletter("list", "ask-measuring", "region", "on").out == "The forms of “region” ask about measuring.\n"
    assert "do not ask" in newsletter("list", "ask-measuring", "region", "off").out

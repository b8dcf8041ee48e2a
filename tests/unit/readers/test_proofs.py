import hashlib
from pathlib import Path

import pytest

from newsletter.readers import proofs
from newsletter.readers.proofs import ProofUnusable
from subscribers.importing import ProofFile

CONTENT = b"%PDF-1.7 Ja."
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "proofs"


def a_file(tmp_path: Path, name: str = "Formular.PDF", content: bytes = CONTENT) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_a_file_is_kept_whole_under_its_hash(tmp_path: Path, folder: Path) -> None:
    found = proofs.kept(a_file(tmp_path), folder)

    assert found == ProofFile("Formular.PDF", DIGEST)
    assert proofs.file_of(found, folder) == folder / f"{DIGEST}.pdf"
    assert (folder / f"{DIGEST}.pdf").read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == [f"{DIGEST}.pdf"]


def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path, folder: Path) -> None:
    proofs.kept(a_file(tmp_path), folder)

    assert [path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())] == [0, 0]


def test_the_same_content_is_kept_once(tmp_path: Path, folder: Path) -> None:
    first = proofs.kept(a_file(tmp_path), folder)
    second = proofs.kept(a_file(tmp_path, "Kopie.pdf"), folder)

    assert first.sha256 == second.sha256
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("name", ["scan", "scan.", "scan.p f", "scan.with-a-long-ending", "scan.ü"])
def test_an_ending_that_is_none_is_left_out(tmp_path: Path, folder: Path, name: str) -> None:
    assert proofs.file_of(proofs.kept(a_file(tmp_path, name), folder), folder).name == DIGEST


def test_looking_keeps_nothing(tmp_path: Path, folder: Path) -> None:
    assert proofs.kept(a_file(tmp_path), folder, dry_run=True) == ProofFile("Formular.PDF", DIGEST)
    assert not folder.exists()


def test_what_proves_nothing_is_refused(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProofUnusable, match="it is empty"):
        proofs.kept(a_file(tmp_path, content=b" \n"), folder)
    with pytest.raises(ProofUnusable, match="No such file"):
        proofs.kept(tmp_path / "nothing.pdf", folder)
    monkeypatch.setattr(proofs, "LARGEST_BYTES", 5)
    with pytest.raises(ProofUnusable, match="larger than"):
        proofs.kept(a_file(tmp_path), folder)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "proofs").write_text("a file in its place")

    with pytest.raises(ProofUnusable, match="cannot be kept as proof"):
        proofs.kept(a_file(tmp_path), tmp_path / "proofs")

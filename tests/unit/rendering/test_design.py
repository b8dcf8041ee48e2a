from pathlib import Path

import pytest

from newsletter.rendering.compiling import compile_issue
from newsletter.rendering.design import Design, load
from newsletter.rendering.errors import TemplateInvalid
from tests.support.editions import REGIONAL, a_frame, an_edition


def a_folder(folder: Path) -> Path:
    (folder / "blocks").mkdir()
    (folder / "issue.mjml").write_text("<mjml></mjml>\r\n", "utf-8")
    (folder / "issue.txt").write_text("ü", "utf-8")
    (folder / "blocks" / "story.mjml").write_text("x", "utf-8")
    (folder / "notes.md").write_text("not a template", "utf-8")
    return folder


def test_a_folder_is_read_with_the_folders_inside(tmp_path: Path) -> None:
    design = load(a_folder(tmp_path))

    assert design.name == tmp_path.name
    assert design.files == {"issue.mjml": "<mjml></mjml>\n", "issue.txt": "ü", "blocks/story.mjml": "x"}


def test_the_digest_changes_with_every_file_and_name() -> None:
    design = Design("a", {"x": "1", "y": "2"})

    assert design.digest == Design("b", {"y": "2", "x": "1"}).digest
    assert design.digest != Design("a", {"x": "1", "y": "3"}).digest
    assert design.digest != Design("a", {"x": "1", "z": "2"}).digest
    assert design.digest != Design("a", {"x": "1y", "": "2"}).digest


@pytest.mark.parametrize("missing", ["issue.mjml", "issue.txt"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    (a_folder(tmp_path) / missing).unlink()

    with pytest.raises(TemplateInvalid, match=missing):
        load(tmp_path)


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (a_folder(tmp_path) / "issue.txt").write_bytes("ü".encode("cp1252"))

    with pytest.raises(TemplateInvalid, match=r"issue\.txt: it is not UTF-8 text"):
        load(tmp_path)


def test_a_file_that_is_too_large_is_named(tmp_path: Path) -> None:
    (a_folder(tmp_path) / "issue.txt").write_bytes(b"x" * 200_001)

    with pytest.raises(TemplateInvalid, match="larger than 200000 bytes"):
        load(tmp_path)


def test_the_shipped_design_is_complete() -> None:
    compiled = compile_issue(an_edition(), frame=a_frame(language="en"), design=load(REGIONAL))

    assert "Unsubscribe" in str(compiled.html)

from pathlib import Path

import pytest

from newsletter.cli.arguments import FileMissing, text_or_file


@pytest.mark.parametrize(
    "text",
    [
        "Region GmbH, Hafenstraße 4",
        "Region GmbH\nHafenstraße 4\nregion.example/impressum.html",
        "Siehe https://region.example/impressum.html",
        "Papierformulare 2024/25, Ordner 7",
        "region.example",
        "https://region.example/impressum.html",
        "",
    ],
)
def test_a_text_is_itself(text: str) -> None:
    assert text_or_file(text) == text


def test_a_file_gives_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "impressum.txt"
    path.write_text("\ufeffRegion GmbH\nHafenstraße 4\n", "utf-8")

    assert text_or_file(str(path)) == "Region GmbH\nHafenstraße 4"


@pytest.mark.parametrize(
    "name", ["impressum.txt", "Impressum neu.TXT", "./impressum", "/nowhere/impressum", "texte/a.pdf"]
)
def test_the_name_of_a_file_that_is_not_there_is_no_text(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(FileMissing, match="There is no file"):
        text_or_file(name)

import io
import sys

import pytest

from newsletter.cli.output import show_table


def test_a_row_of_a_table_is_one_line_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("item", "title"), [(1, "Wort " * 60 + "Ende")], empty="nothing")

    assert capsys.readouterr().out == "item  title\n1     " + "Wort " * 60 + "Ende\n"


def test_words_in_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("title",), [("[/bold] [red]Eilmeldung[/red]",)], empty="nothing")

    assert capsys.readouterr().out == "title\n[/bold] [red]Eilmeldung[/red]\n"


def test_umlauts_are_written_in_any_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    show_table(("title",), [("Für „alle“ 🌿",)], empty="nothing")
    sys.stdout.flush()

    assert written.getvalue().decode() == "title\nFür „alle“ 🌿\n"


def test_an_empty_table_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("title",), [], empty="Nothing yet.")

    assert capsys.readouterr().out == "Nothing yet.\n"


def test_a_closed_standard_output_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    show_table(("title",), [("x",)], empty="nothing")

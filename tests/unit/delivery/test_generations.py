from pathlib import Path

import pytest

from newsletter.delivery import generations
from newsletter.delivery.generations import Generation, Match, Note
from newsletter.delivery.journal import JournalUnusable

FIFTH = Generation(5, "five")
SIXTH = Generation(6, "six")
SEVENTH = Generation(7, "seven")
ANOTHER_SIXTH = Generation(6, "another")


@pytest.mark.parametrize(
    ("note", "found", "match"),
    [
        pytest.param(Note(), None, Match.SAME, id="both are new"),
        pytest.param(Note(None, FIFTH), None, Match.SAME, id="crashed before the database had the first"),
        pytest.param(Note(None, FIFTH), FIFTH, Match.SAME, id="crashed after the database had the first"),
        pytest.param(Note(SIXTH, SIXTH), SIXTH, Match.SAME, id="at rest"),
        pytest.param(Note(FIFTH, SIXTH), FIFTH, Match.SAME, id="crashed before the database had the next"),
        pytest.param(Note(FIFTH, SIXTH), SIXTH, Match.SAME, id="crashed after the database had the next"),
        pytest.param(Note(SIXTH, SIXTH), FIFTH, Match.DATABASE_OLDER, id="a database of one rise before"),
        pytest.param(Note(SIXTH, SEVENTH), FIFTH, Match.DATABASE_OLDER, id="an older one, after a crash"),
        pytest.param(Note(SIXTH, SIXTH), None, Match.DATABASE_OLDER, id="a database from before the folder"),
        pytest.param(Note(SIXTH, SIXTH), SEVENTH, Match.HOME_OLDER, id="a home of one rise before"),
        pytest.param(Note(FIFTH, SIXTH), ANOTHER_SIXTH, Match.HOME_OLDER, id="a copy that went on apart"),
        pytest.param(Note(SIXTH, SIXTH), ANOTHER_SIXTH, Match.HOME_OLDER, id="two copies that are as old"),
        pytest.param(Note(), FIFTH, Match.HOME_OLDER, id="a home that lost its file"),
    ],
)
def test_which_is_older(note: Note, found: Generation | None, match: Match) -> None:
    assert generations.compare(note, found) is match


def test_each_rise_has_a_mark_of_its_own() -> None:
    one, other = FIFTH.next(), FIFTH.next()

    assert (one.number, other.number) == (6, 6)
    assert one.mark != other.mark


def test_a_note_is_read_as_it_was_written(tmp_path: Path) -> None:
    with generations.noted(tmp_path) as file:
        assert file.read() == Note()
        file.intend(FIFTH, after=None)
        assert file.read() == Note(None, FIFTH)
        file.confirm(FIFTH)
        file.intend(SIXTH, after=FIFTH)

    with generations.noted(tmp_path) as file:
        assert file.read() == Note(FIFTH, SIXTH)


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"confirmed": 3, "wanted": null}', '{"confirmed": [1]}'])
def test_a_damaged_note_says_nothing(tmp_path: Path, damaged: str) -> None:
    (tmp_path / generations.NAME).write_text(damaged)

    with generations.noted(tmp_path) as file:
        assert file.read() == Note()


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="No such file"), generations.noted(tmp_path / "gone"):
        pass

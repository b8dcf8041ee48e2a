import datetime as dt
import os
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from subscribers.address import EmailAddress
from subscribers.holders import DataSubject, Holder
from subscribers.importing import leftovers

NOW = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
ANNA = EmailAddress.parse("Anna@Example.org")
OF = DataSubject(7, ANNA.address, ANNA.key, "")
KEPT = '\ufeffemail;name;reason\r\n"ben@example.org;\nBen";;a quotation mark is not closed\r\n'
FULL = f"{KEPT}<ANNA@example.ORG>;Anna;broken\r\n"


@pytest.fixture
def holder(tmp_path: Path) -> Holder:
    return leftovers.holder(tmp_path)


def written(folder: Path, text: str, *, name: str = "leser") -> Path:
    path = leftovers.path_of(folder, Path(f"elsewhere/{name}.csv"))
    path.write_bytes(text.encode())
    return path


def test_rows_of_a_person_are_told(holder: Holder, tmp_path: Path) -> None:
    written(tmp_path, FULL)

    found = holder.disclose(Session(), OF)

    assert found == [{"file": "leser-bad-rows.csv", "row": ["<ANNA@example.ORG>", "Anna", "broken"]}]


def test_rows_of_a_person_are_taken_out_and_others_stay_as_they_are(holder: Holder, tmp_path: Path) -> None:
    path = written(tmp_path, FULL)

    holder.erase(Session(), OF, now=NOW)
    holder.erase(Session(), OF, now=NOW)

    assert path.read_bytes().decode() == KEPT
    assert os.listdir(tmp_path) == ["leser-bad-rows.csv"]  # noqa: PTH208  # no draft is left


def test_a_file_of_that_person_alone_goes(holder: Holder, tmp_path: Path) -> None:
    written(tmp_path, "\ufeffemail,reason\r\nanna@example.org,broken\r\n")

    holder.erase(Session(), OF, now=NOW)

    assert list(tmp_path.iterdir()) == []


def test_without_an_address_nobodys_rows_are_found(holder: Holder, tmp_path: Path) -> None:
    path = written(tmp_path, FULL)

    holder.erase(Session(), DataSubject(7, "", "", ""), now=NOW)

    assert path.read_bytes().decode() == FULL


def test_no_folder_holds_nothing(tmp_path: Path) -> None:
    holder = leftovers.holder(tmp_path / "imports")

    holder.erase(Session(), OF, now=NOW)

    assert holder.disclose(Session(), OF) == []


def test_old_files_are_removed(tmp_path: Path) -> None:
    old, new = written(tmp_path, FULL), written(tmp_path, FULL, name="neu")
    os.utime(old, (NOW.timestamp() - 1, NOW.timestamp() - 1))
    os.utime(new, (NOW.timestamp(), NOW.timestamp()))

    assert leftovers.old(tmp_path, before=NOW) == (old,)
    assert leftovers.remove(tmp_path, before=NOW) == 1
    assert list(tmp_path.iterdir()) == [new]

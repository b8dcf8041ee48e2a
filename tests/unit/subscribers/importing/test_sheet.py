from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.importing.errors import FileUnusable
from subscribers.importing.sheet import Chunk, opened
from subscribers.people import Person


def read(path: Path, content: str | bytes, encoding: str = "utf-8") -> Chunk:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    with opened(path) as sheet:
        chunks = list(sheet.chunks())
    return Chunk(
        tuple(row for chunk in chunks for row in chunk.good), tuple(row for chunk in chunks for row in chunk.bad), 0
    )


def addresses(chunk: Chunk) -> list[str]:
    return [row.address.address for row in chunk.good]


def problems(chunk: Chunk) -> Sequence[tuple[int, str]]:
    return [(row.line, row.reason) for row in chunk.bad]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(path: Path, delimiter: str) -> None:
    rows = [["Anrede", "Vorname", "Nachname", "E-Mail"], ["Frau", "Käthe", "Müller", "k@example.org"]]

    found = read(path, "\n".join(delimiter.join(row) for row in rows))

    assert found.good[0].person == Person(salutation="Frau", first_name="Käthe", last_name="Müller")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(path: Path, encoding: str) -> None:
    found = read(path, "E-Mail;Nachname;Firma\r\nk@example.org;Müller;Käse & Söhne – „Groß“ €\r\n", encoding)

    assert found.good[0].person == Person(last_name="Müller", organisation="Käse & Söhne – „Groß“ €")
    assert found.good[0].line == 2


def test_utf_16_of_the_other_byte_order_is_read(path: Path) -> None:
    assert addresses(read(path, b"\xfe\xff" + "email\nk@example.org".encode("utf-16-be"))) == ["k@example.org"]


def test_windows_1252_far_into_a_file_that_began_as_ascii_is_read(path: Path) -> None:
    lines = ["email;Nachname", *[f"a{number}@example.org;Maier" for number in range(5_000)], "k@example.org;Müller"]

    found = read(path, "\n".join(lines), "cp1252")

    assert found.good[-1].person.last_name == "Müller"


def test_one_row_of_another_encoding_does_not_spoil_the_rest(path: Path) -> None:
    content = "email;Nachname\na@example.org;Müller\n".encode() + "b@example.org;Schäfer\n".encode("cp1252")

    assert [row.person.last_name for row in read(path, content).good] == ["Müller", "Schäfer"]


def test_line_ends_are_found_across_blocks(path: Path) -> None:
    rows = "".join(
        f"reader{number:05}@example.org{end}" for number in range(9_000) for end in [("\r", "\r\n", "\n")[number % 3]]
    )

    found = read(path, "email\r" + rows)

    assert len(found.good) == 9_000
    assert [row.line for row in found.good] == list(range(2, 9_002))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_of_megabytes_spoils_nothing_but_itself(path: Path, encoding: str) -> None:
    found = read(path, "email\na@b.de\n" + "ü" * 3_000_000 + "\nb@b.de", encoding)

    assert addresses(found) == ["a@b.de", "b@b.de"]
    assert problems(found) == [(3, "the line is longer than 65,536 characters")]
    assert found.good[1].line == 4


def test_a_byte_that_is_a_character_nowhere_spoils_its_row_alone(path: Path) -> None:
    found = read(path, b"email;Nachname\na@example.org;M\x81ller\nb@example.org;Maier\n")

    assert problems(found) == [(2, "it holds bytes that are no text")]
    assert addresses(found) == ["b@example.org"]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "E-Mail-Adresse;Anrede;Akad. Titel;Vorname;Nachname;Firma;Sprache",
            ("address", "salutation", "title", "first_name", "last_name", "organisation", "language"),
        ),
        (
            "email address;Salutation;Title;First name;Last Name;Company;Language",
            ("address", "salutation", "title", "first_name", "last_name", "organisation", "language"),
        ),
        (
            "EMAIL;SALUTATION;TITEL;GIVEN_NAME;SURNAME;Behörde;lang",
            ("address", "salutation", "title", "first_name", "last_name", "organisation", "language"),
        ),
        ('"e-mail";"Name";"Vorname"', ("address", "last_name", "first_name")),
    ],
)
def test_columns_are_known_by_many_names(path: Path, header: str, fields: tuple[str, ...]) -> None:
    path.write_text(header, encoding="utf-8")

    with opened(path) as sheet:
        assert sorted(sheet.columns.places, key=lambda field: sheet.columns.places[field]) == list(fields)
        assert sheet.columns.ignored == ()


def test_columns_of_no_use_are_told(path: Path) -> None:
    path.write_text("Kundennummer;E-Mail;Straße\n1;a@b.de;Weg 1", encoding="utf-8")

    with opened(path) as sheet:
        assert sheet.columns.ignored == ("Kundennummer", "Straße")


@pytest.mark.parametrize(
    ("text", "language"), [("Deutsch", "de"), ("EN", "en"), ("de_DE", "de"), ("english", "en"), ("Klingon", "")]
)
def test_a_language_is_known_by_its_names(path: Path, text: str, language: str) -> None:
    assert read(path, f"email;Sprache\na@b.de;{text}").good[0].person.language == language


def test_a_file_of_addresses_alone_needs_no_header(path: Path) -> None:
    found = read(path, "anna@example.org\nbert@example.org\nno address\n")

    assert addresses(found) == ["anna@example.org", "bert@example.org"]
    assert found.bad[0].line == 3


def test_excels_line_about_the_delimiter_is_no_row(path: Path) -> None:
    found = read(path, "sep=;\nemail;Nachname\na@b.de;Maier, Anna")

    assert found.good[0].person.last_name == "Maier, Anna"
    assert found.good[0].line == 3


def test_bad_rows_are_told_by_line_and_reason(path: Path) -> None:
    found = read(
        path,
        "Vorname;E-Mail;Nachname\n"
        "Anna;anna@example.org;Schmidt\n"
        "Bert;;Maier\n"
        "Carl;carl@@example.org;Vogel\n"
        "Dora;dora@example.org;Weiß;Extra\n"
        "\n"
        'Emil;"emil@example.org;Kurz\n'
        "Fritz;fritz@example.org\n"
        "Gabi\n",
        "cp1252",
    )

    assert addresses(found) == ["anna@example.org", "fritz@example.org"]
    assert [line for line, _ in problems(found)] == [3, 4, 5, 7, 9]
    assert [reason.partition(":")[0] for _, reason in problems(found)] == [
        "it has no address",
        "“carl@@example.org” is not an e-mail address",
        "it has 4 cells, but there are 3 columns",
        "a quotation mark is not closed",
        "it has no address",
    ]


def test_a_formula_stays_the_text_that_it_is(path: Path) -> None:
    assert read(path, "email;Nachname\na@b.de;=1+1").good[0].person.last_name == "=1+1"


def test_the_apostrophe_of_our_own_export_is_taken_away(path: Path) -> None:
    found = read(path, "email;Nachname\n'+a@b.de;'=1+1")

    assert (found.good[0].address.address, found.good[0].person.last_name) == ("+a@b.de", "=1+1")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n \r\n", "The file is empty."),
        (b"\xff\xfe", "The file is empty."),
        (b"PK\x03\x04rest of a workbook", "It is an Excel workbook or an archive; save the table as CSV first."),
        (bytes(range(256)) * 50, "It is no text file; a CSV file is expected."),
        (b"Name;Ort\nAnna;Ulm", "No column holds addresses; the first line must name one “email” or “E-Mail”."),
        (b"a@b.de;Anna\nb@b.de;Bert", "No column holds addresses; the first line must name one “email” or “E-Mail”."),
    ],
)
def test_a_file_without_people_is_refused_in_one_line(path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)

    with pytest.raises(FileUnusable) as refused, opened(path):
        pass

    assert str(refused.value) == f"people.csv cannot be imported: {reason}"


def test_a_missing_file_is_refused_in_one_line(path: Path) -> None:
    with pytest.raises(FileUnusable, match=r"people.csv cannot be imported: No such file or directory\."), opened(path):
        pass


def test_a_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="Is a directory"), opened(tmp_path):
        pass


def test_rows_come_in_chunks_that_tell_how_far_they_reach(path: Path) -> None:
    path.write_text("email\n" + "".join(f"reader{number}@example.org\n" for number in range(25_000)))

    with opened(path) as sheet:
        chunks = list(sheet.chunks(10_000))

    assert [len(chunk.good) for chunk in chunks] == [10_000, 10_000, 5_000]
    reached = [chunk.bytes_read for chunk in chunks]
    assert reached == sorted(reached)
    assert reached[0] < reached[2] == path.stat().st_size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300))
def test_no_content_at_all_breaks_the_reader(path: Path, junk: bytes) -> None:
    for content in (junk, b"email;name\n" + junk, b"email\nanna@example.org\n" + junk):
        try:
            found = read(path, content)
        except FileUnusable:
            continue
        assert all(row.reason for row in found.bad)

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from subscribers.importing.lines import LINE_LIMIT, numbered
from subscribers.importing.records import ROW_LINES, Record, records


def text_lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline=""))


def read(text: str, delimiter: str = ";") -> list[Record]:
    return list(records(numbered(text_lines(text)), delimiter=delimiter))


def test_a_row_knows_its_line_in_the_file() -> None:
    found = read('a;b\r\n\r\n"c\r\nd";e\r\nf;g')

    assert found == [Record(1, ("a", "b")), Record(3, ("c\r\nd", "e")), Record(5, ("f", "g"))]


def test_every_kind_of_line_end_ends_a_row() -> None:
    assert [record.cells for record in read("a;1\nb;2\r\nc;3\rd;4")] == [
        ("a", "1"),
        ("b", "2"),
        ("c", "3"),
        ("d", "4"),
    ]


def test_an_open_quotation_mark_spoils_its_own_row_alone() -> None:
    lines = ["a;b", '"Müller;c', *[f"row{number};x" for number in range(200)]]

    found = read("\n".join(lines))

    assert found[1] == Record(2, ('"Müller;c',), "a quotation mark is not closed")
    assert len(found) == 202
    assert found[-1] == Record(202, ("row199", "x"))


def test_an_open_quotation_mark_at_the_end_of_the_file_is_told() -> None:
    assert read('a;b\n"c;d')[1].problem == "a quotation mark is not closed"


def test_text_after_a_closing_quotation_mark_is_told() -> None:
    assert read('"a"b;c\nd;e') == [
        Record(1, ('"a"b;c',), "its quotation marks are broken"),
        Record(2, ("d", "e")),
    ]


def test_a_quotation_mark_inside_a_word_is_a_character() -> None:
    assert read('Hans "Hansi" Maier;x') == [Record(1, ('Hans "Hansi" Maier', "x"))]


def test_a_cell_may_have_many_lines_but_not_any_number() -> None:
    long = "\n".join(["x"] * ROW_LINES)

    assert read(f'"{long}";b')[0].problem == ""
    assert read(f'"{long}\n";b')[0].problem == "a quotation mark is not closed"


def test_a_line_without_end_is_cut_and_told() -> None:
    found = read(f"a;{'x' * 3 * LINE_LIMIT}\nb;c")

    assert found[0].problem == "the line is longer than 65,536 characters"
    assert len(found[0].cells[0]) == 200
    assert found[1] == Record(2, ("b", "c"))


def test_what_is_no_text_is_told() -> None:
    assert read("a\0;b\nc\ufffd;d\ne;f") == [
        Record(1, ("a\0", "b"), "it holds bytes that are no text"),
        Record(2, ("c\ufffd", "d"), "it holds bytes that are no text"),
        Record(3, ("e", "f")),
    ]


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd"), max_size=12) | st.sampled_from(
    ["=1+1", '"', '""', "a\r\nb", "x;y", "'", "a\nb\nc"]
)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=8), st.sampled_from(";,\t|"))
@example([["a", '"'], ["b", "\r"]], ";")
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)

    found = read(written.getvalue(), delimiter)

    assert [list(record.cells) for record in found] == [
        row for row in rows if any(cell and not cell.isspace() for cell in row)
    ]
    assert not any(record.problem for record in found)


@given(st.text(st.sampled_from('ab";,\r\n\0 '), max_size=80))
def test_any_text_is_read_to_its_end_and_no_line_comes_twice(text: str) -> None:
    found = read(text)

    numbers = [record.line for record in found]
    assert numbers == sorted(set(numbers))
    assert all(number <= len(text) + 1 for number in numbers)

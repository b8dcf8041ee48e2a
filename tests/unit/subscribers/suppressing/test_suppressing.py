"""Suppressions from other systems' files, and our own taken out and in again."""

import contextlib
import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers import audience, suppressing, suppression
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from subscribers.importing import FileUnusable
from subscribers.models import Suppression, SuppressionReason
from subscribers.secret import Secret
from subscribers.suppressing import Import, Report
from subscribers.suppressing.columns import reason_of
from tests.support.people import NOW, SECRET, STAFF, VISITOR, a_list, a_subscription

LEFT, BOUNCED, BLOCKED = SuppressionReason.LEFT, SuppressionReason.BOUNCED, SuppressionReason.BLOCKED
LATER = NOW + dt.timedelta(days=1)
OTHER = Secret(b"another secret of thirty-two byt")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cleaned.csv"


def take(
    session: Session,
    path: Path,
    default: SuppressionReason | None = None,
    *,
    dry_run: bool = False,
    secret: Secret = SECRET,
    now: dt.datetime = NOW,
    rows: int = 2,
) -> Report:
    """Import a file in chunks of two rows, so that every test sees several."""
    with suppressing.opened(path) as sheet, Import(sheet, by=STAFF, bad_rows=path.with_suffix(".bad")) as run:
        for chunk in sheet.chunks(secret=secret, default=default, rows=rows):
            if dry_run:
                run.rehearse(session, chunk)
            else:
                run.take(session, chunk, now=now)
        return run.report()


def held(session: Session, address: str) -> list[str]:
    return [row.reason for row in suppression.held(session, EmailAddress.parse(address), secret=SECRET)]


def stored(session: Session) -> list[tuple[str, str, dt.datetime, str]]:
    rows = session.scalars(select(Suppression).order_by(Suppression.address_hash, Suppression.reason))
    return [(row.address_hash, row.reason, row.at, row.note) for row in rows]


def exported(session: Session, *, secret: Secret = SECRET) -> str:
    return "".join(suppressing.lines(session, secret=secret, by=STAFF))


def test_a_file_of_mailchimp_is_taken_as_it_comes(session: Session, file: Path) -> None:
    file.write_text(
        '"Email Address","First Name",MEMBER_RATING,CLEAN_TIME,LEID\n'
        'anna@example.org,Anna,2,"2021-03-05 10:00:00",1\nBERT@Example.org,,2,"2021-03-05 10:00:00",2\n'
    )

    report = take(session, file, BOUNCED)

    assert report == Report(rows=2, added=2, ignored_columns=("First Name", "MEMBER_RATING", "CLEAN_TIME", "LEID"))
    assert (held(session, "anna@example.org"), held(session, "bert@example.org")) == (["bounced"], ["bounced"])
    assert {row[3] for row in stored(session)} == {"import of cleaned.csv"}


def test_delimiter_encoding_and_reasons_are_found_row_by_row(session: Session, file: Path) -> None:
    file.write_bytes(
        "E-Mail;Grund;Notiz\r\na@example.org;Abgemeldet;beim Messestand\r\nb@example.org;Hard Bounce;\r\n"
        "c@example.org;Spam-Beschwerde;Müller\r\nd@example.org;gelöscht;\r\ne@example.org;;\r\n".encode("cp1252")
    )

    report = take(session, file, BLOCKED)

    assert report.added == 5
    found = [held(session, f"{letter}@example.org") for letter in "abcde"]
    assert found == [["left"], ["bounced"], ["complained"], ["erased"], ["blocked"]]
    assert {row[3] for row in stored(session)} == {"beim Messestand", "Müller", "import of cleaned.csv"}


def test_a_file_of_addresses_alone_needs_a_reason_from_outside(session: Session, file: Path) -> None:
    file.write_text("anna@example.org\nbert@example.org\n")

    without = take(session, file)
    assert (without.added, without.bad_rows) == (0, 2)
    assert without.bad[0] == (1, "it names no reason that we know; one for all such rows can be given")

    assert take(session, file, LEFT).added == 2


def test_who_may_be_mailed_is_never_suppressed_because_of_a_status(session: Session, file: Path) -> None:
    file.write_text("email,status\nanna@example.org,subscribed\nbert@example.org,cleaned\ncarl@example.org,\n")

    report = take(session, file, BLOCKED)

    assert (held(session, "anna@example.org"), held(session, "bert@example.org")) == ([], ["bounced"])
    assert held(session, "carl@example.org") == ["blocked"]
    assert report.bad == ((2, "its status “subscribed” is no reason to suppress it"),)


def test_words_that_are_no_reason_fall_back_on_the_one_given(session: Session, file: Path) -> None:
    file.write_text('email,reason\nanna@example.org,"550 5.1.1 no such user"\n')

    assert take(session, file).bad_rows == 1
    assert take(session, file, BOUNCED).added == 1


def test_bad_rows_are_kept_with_their_reason_and_spoil_no_other(session: Session, file: Path) -> None:
    file.write_text('email,reason\nnobody,left\n,left\nanna@example.org,left,more\n"open,left\nbert@example.org,left\n')

    report = take(session, file)

    assert (report.rows, report.added, report.bad_rows) == (5, 1, 4)
    assert held(session, "bert@example.org") == ["left"]
    kept = list(csv.reader(io.StringIO(file.with_suffix(".bad").read_text("utf-8-sig"))))
    assert kept[0] == ["email", "reason", "reason"]
    assert [row[-1] for row in kept[1:]] == [
        "“nobody” is not an e-mail address: An @-sign is missing",
        "it has no address",
        "it has 3 cells, but there are 2 columns",
        "a quotation mark is not closed",
    ]


def test_taking_the_same_file_twice_adds_nothing(session: Session, file: Path) -> None:
    file.write_text("email,reason\nanna@example.org,left\nANNA@example.org,left\nanna@example.org,bounced\n")

    first, before = take(session, file), stored(session)
    second = take(session, file, now=LATER)

    assert (first.added, first.duplicates) == (2, 1)
    assert (second.added, second.already_there, second.duplicates) == (0, 2, 1)
    assert stored(session) == before


def test_a_rehearsal_counts_the_same_and_changes_nothing(session: Session, file: Path) -> None:
    suppression.add(session, EmailAddress.parse("a@example.org"), LEFT, secret=SECRET, by=STAFF, now=NOW)
    lines = "a@example.org,left\na@example.org,bounced\nb@example.org,left\nb@example.org,left\nx,left\n"
    file.write_text(f"email,reason\n{lines}")
    session.flush()
    before = stored(session)

    rehearsed = take(session, file, dry_run=True)

    assert stored(session) == before
    assert not file.with_suffix(".bad").exists()
    assert rehearsed == take(session, file)
    assert (rehearsed.added, rehearsed.already_there, rehearsed.duplicates, rehearsed.bad_rows) == (2, 1, 1, 1)


def test_our_own_export_comes_back_as_it_was(session: Session, file: Path) -> None:
    for number, reason in enumerate(SuppressionReason):
        address = EmailAddress.parse(f"r{number}@example.org")
        note = "=cmd|' /C calc'!A0" if number else ""
        suppression.add(session, address, reason, secret=SECRET, by=STAFF, now=NOW, note=note)
    before, text = stored(session), exported(session)
    file.write_text(text, newline="")
    session.execute(delete(Suppression))

    report = take(session, file, now=LATER)

    assert (report.added, report.bad_rows) == (5, 0)
    assert [row[:3] for row in stored(session)] == [row[:3] for row in before]
    assert [row[3] for row in stored(session) if row[3] != "import of cleaned.csv"] == ["=cmd|' /C calc'!A0"] * 4


def test_no_cell_of_an_export_is_run_by_a_spreadsheet_and_no_address_stands_in_it(session: Session) -> None:
    suppression.add(
        session, EmailAddress.parse("anna@example.org"), LEFT, secret=SECRET, by=STAFF, now=NOW, note="@SUM(1)"
    )

    header, row = csv.reader(io.StringIO(exported(session)))

    assert header == ["address_hash", "reason", "at", "note", "key_id"]
    assert row[1:] == ["left", "2026-11-23T10:00:00+00:00", "'@SUM(1)", suppression.key_id(SECRET)]
    assert len(row[0]) == 64
    assert "anna" not in exported(session)


def test_hashes_of_another_secret_are_refused(session: Session, file: Path) -> None:
    suppression.add(session, EmailAddress.parse("anna@example.org"), LEFT, secret=OTHER, by=STAFF, now=NOW)
    file.write_text(exported(session, secret=OTHER), newline="")

    report = take(session, file)

    assert report.added == 0
    assert report.bad == ((2, "its hash was made with another secret, so nobody can tell whose it is"),)


@pytest.mark.parametrize("hashed", ["0" * 63, "0" * 65, "A" * 64, "anna@example.org"])
def test_what_is_no_hash_is_refused(session: Session, file: Path, hashed: str) -> None:
    file.write_text(f"address_hash,reason,key_id\n{hashed},left,{suppression.key_id(SECRET)}\n")

    assert take(session, file).bad == ((2, "its hash is not 64 hexadecimal digits"),)


def test_a_moment_to_come_is_not_believed(session: Session, file: Path) -> None:
    key_id = suppression.key_id(SECRET)
    file.write_text(f"address_hash,reason,at,key_id\n{'0' * 64},left,2999-01-01T00:00:00+00:00,{key_id}\n")

    take(session, file)

    assert [row[2] for row in stored(session)] == [NOW]


def test_who_is_subscribed_is_out_at_once(session: Session, file: Path) -> None:
    news = a_list(session)
    a_subscription(session, news)
    file.write_text("anna@example.org\n")

    take(session, file, BLOCKED)

    assert session.execute(audience.confirmed(news.id, now=NOW)).all() == []


def test_each_chunk_has_its_audit_row_without_any_address(session: Session, file: Path) -> None:
    file.write_text("email\na@example.org\nb@example.org\nc@example.org\n")

    take(session, file, LEFT)

    told = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "suppression.import")).all()
    assert told == [
        {"file": "cleaned.csv", "added": 2, "rows_so_far": 2},
        {"file": "cleaned.csv", "added": 1, "rows_so_far": 3},
    ]


@pytest.mark.parametrize("content", [b"", b"name,town\nAnna,Ulm\n", b"PK\x03\x04" + b"x" * 100, bytes(range(32)) * 9])
def test_a_file_without_addresses_is_refused_in_one_line(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(FileUnusable, match=r"cleaned\.csv cannot be imported"), suppressing.opened(file):
        pass


def test_a_reader_may_do_none_of_it(session: Session, file: Path) -> None:
    file.write_text("anna@example.org\n")

    with suppressing.opened(file) as sheet, pytest.raises(NotPermitted):
        Import(sheet, by=VISITOR)
    with pytest.raises(NotPermitted):
        suppressing.begin(session, by=VISITOR, now=NOW)
    with pytest.raises(NotPermitted):
        suppressing.lines(session, secret=SECRET, by=VISITOR)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("Unsubscribed", "left"),
        ("opt-out", "left"),
        ("HARD_BOUNCE", "bounced"),
        ("ungültig", "bounced"),
        ("abuse", "complained"),
        ("Blocklisted", "blocked"),
        ("subscribed", None),
        ("", None),
    ],
)
def test_words_of_other_systems_are_known(word: str, reason: str | None) -> None:
    assert reason_of(word) == reason


@settings(max_examples=60)
@given(content=st.binary(max_size=400))
def test_no_content_at_all_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"email,reason,note\n" + content)

    reasons: list[str] = []
    with contextlib.suppress(FileUnusable), suppressing.opened(path) as sheet:
        for chunk in sheet.chunks(secret=SECRET, default=LEFT, rows=3):
            reasons += [row.reason for row in chunk.good] + [row.reason for row in chunk.bad]

    assert all(reasons)

import datetime as dt
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery import journal
from newsletter.delivery.executors import Executor
from newsletter.delivery.journal import Answer, Begin, Journal, JournalUnusable, Leased, Line
from newsletter.delivery.journals import Journals
from newsletter.delivery.verdicts import Reply, Step
from tests.support.makers import NOW

numbers = st.integers(1, 2**40)
moments = st.datetimes(min_value=dt.datetime(2026, 1, 1), timezones=st.just(dt.UTC))
replies = st.builds(
    Reply,
    st.sampled_from(Step),
    st.none() | st.integers(200, 599),
    st.sampled_from(["", "5.1.1"]),
    st.text(st.characters(codec="utf-8"), max_size=journal.TEXT_LIMIT),
)
lines: st.SearchStrategy[Line] = st.one_of(
    st.builds(Leased, numbers, numbers, numbers),
    st.builds(Begin, numbers, numbers, numbers, date=st.none() | moments, digest=st.text("abcdef", max_size=9)),
    st.builds(Answer, numbers, numbers, numbers, reply=replies, relay=st.text(max_size=20), at=moments),
)


@given(written=st.lists(lines, max_size=6), cut=st.floats(0, 1), room=st.integers(0, 40))
def test_cut_anywhere_it_reads_as_a_prefix_of_what_was_written(written: list[Line], cut: float, room: int) -> None:
    octets = journal.encode(tuple(written))
    kept = octets[: round(len(octets) * cut)]

    found = journal.parse(kept + b"\0" * room)

    assert list(found) == written[: len(found)]
    assert len(journal.encode(found)) <= len(kept)
    assert len(found) == kept.count(b"\n")


@given(written=st.lists(lines, min_size=1, max_size=5), where=st.floats(0, 0.999), octet=st.integers(0, 255))
def test_a_damaged_line_is_never_read_as_another(written: list[Line], where: float, octet: int) -> None:
    octets = bytearray(journal.encode(tuple(written)))
    octets[int(len(octets) * where)] = octet

    assert [line for line in journal.parse(bytes(octets)) if line not in written] == []


@given(octets=st.binary(max_size=300))
def test_nonsense_is_no_line(octets: bytes) -> None:
    assert journal.parse(octets) == ()


@settings(max_examples=20)
@given(written=st.lists(st.lists(lines, max_size=3), max_size=5))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, written: list[list[Line]]) -> None:
    folder = tmp_path_factory.mktemp("journal")
    made = Journal.create(folder, "me")
    for together in written:
        made.write(*together)

    record = made.read()
    made.let_go()

    assert (record.executor, record.token) == ("me", made.token)
    assert list(record.lines) == [line for together in written for line in together]


def test_it_has_its_room_before_anything_is_begun(tmp_path: Path) -> None:
    made = Journal.create(tmp_path, "me")

    [path] = tmp_path.glob("*.journal")
    assert path.stat().st_blocks * 512 >= journal.ROOM_OCTETS
    made.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_before_a_lease_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)

    with pytest.raises(JournalUnusable, match="so nothing is sent: No space left on device"):
        Journal.create(tmp_path, "me")
    assert list(tmp_path.iterdir()) == []


def test_a_line_written_half_is_said_and_spoils_no_other(tmp_path: Path) -> None:
    made = Journal.create(tmp_path, "me")
    made.write(Begin(1, 1, 1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (made._offset + 30, hard))
        with pytest.raises(JournalUnusable):
            made.write(Begin(1, 2, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)

    made.write(Begin(1, 3, 1))

    assert made.read().lines == (Begin(1, 1, 1), Begin(1, 3, 1))
    made.close()


def test_doubt_is_what_was_begun_without_an_answer(tmp_path: Path) -> None:
    made = Journal.create(tmp_path, "me")
    made.write(Begin(1, 1, 1), Begin(1, 2, 1), Begin(1, 2, 2))
    made.write(Answer(1, 2, 1, reply=Reply(Step.FINAL_DOT, 250, "", "Ok"), relay="relay", at=NOW))

    assert [(line.position, line.attempt) for line in made.read().in_doubt] == [(1, 1), (2, 2)]
    made.close()


def test_closed_journals_are_kept_for_48_hours(tmp_path: Path) -> None:
    journals = Journals(tmp_path, monotonic=lambda: 0.0)
    made = journals.create()
    made.close()
    [closed] = (tmp_path / "closed").iterdir()
    closed_at = dt.datetime.fromtimestamp(closed.stat().st_mtime, dt.UTC)

    journals.sweep(now=closed_at + dt.timedelta(hours=47))
    assert closed.exists()
    journals.sweep(now=closed_at + dt.timedelta(hours=49))

    assert not closed.exists()


def test_a_folder_keeps_its_name(tmp_path: Path) -> None:
    first, second = (Journals(tmp_path, monotonic=lambda: 0.0) for _ in range(2))

    assert first.me == second.me
    assert len(first.me.folder) == 36


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(JournalUnusable, match="nothing is sent"):
        Journals(tmp_path / "file" / "journal", monotonic=lambda: 0.0)


def test_a_closed_journal_tells_that_it_is_whole(tmp_path: Path) -> None:
    made = Journal.create(tmp_path, "somebody")
    made.write(Leased(7, 1, 200, made_at=NOW, name="Aktuell „47“"), Begin(7, 1, 1, who="1234"))
    assert not made.read().is_whole
    made.close()
    [path] = (tmp_path / "closed").iterdir()

    record = journal.read(path)

    assert record.is_whole
    assert record.lines == (Leased(7, 1, 200, made_at=NOW, name="Aktuell „47“"), Begin(7, 1, 1, who="1234"))
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], lines[1], b"\0" * len(lines[2]), *lines[3:]]))
    assert not journal.read(path).is_whole


def test_who_seized_a_journal_may_say_that_it_is_whole(tmp_path: Path) -> None:
    made = Journal.create(tmp_path, "somebody")
    made.write(Begin(1, 1, 1))
    made.let_go()
    seized = Journal.seize(tmp_path / f"{made.token}.journal")
    assert seized is not None
    seized.close(lines=1)

    record = journal.read(tmp_path / "closed" / f"{made.token}.journal")

    assert record.is_whole
    assert record.lines == (Begin(1, 1, 1),)


def test_the_time_of_the_last_journal_swept_is_kept(tmp_path: Path) -> None:
    journals = Journals(tmp_path, monotonic=lambda: 0.0)
    made = journals.create()
    made.close()
    assert journals.swept_until() is None
    closed_at = dt.datetime.fromtimestamp((tmp_path / "closed" / f"{made.token}.journal").stat().st_mtime, dt.UTC)

    journals.sweep(now=closed_at + dt.timedelta(hours=49))

    swept = journals.swept_until()
    assert swept is not None
    assert abs(swept - closed_at) < dt.timedelta(milliseconds=1)
    assert list(journals.closed()) == []


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The pids of those who would have been killed."""
    found: list[int] = []
    monkeypatch.setattr(Executor, "kill", lambda executor: found.append(executor.pid))
    return found


def test_a_silent_sender_is_killed_after_some_looks_so_that_who_slept_himself_kills_nobody(
    tmp_path: Path, killed: list[int]
) -> None:
    seconds = [0.0]
    journals = Journals(tmp_path, monotonic=lambda: seconds[0])
    held = Journal.create(tmp_path, str(replace(journals.me, pid=1)))

    found = []
    for moment in (0.0, 3600.0, 3601.0, 3602.0):
        seconds[0] = moment
        assert journals.orphans() == []
        found.append(list(killed))

    assert found == [[], [], [], [1]]
    held.discard()


def test_many_who_wait_for_the_database_and_look_at_once_look_but_once(tmp_path: Path, killed: list[int]) -> None:
    seconds = [0.0]
    journals = Journals(tmp_path, monotonic=lambda: seconds[0])
    held = Journal.create(tmp_path, str(replace(journals.me, pid=1)))
    journals.end_silent()

    found = []
    for moment in (3600.0, 3601.0, 3602.0):
        seconds[0] = moment
        for _ in range(5):
            journals.end_silent()
        found.append(bool(killed))

    assert found == [False, False, True]
    assert journals.has(held.token)
    held.discard()

"""Names of processes: the same after a restart, and never two at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.engine.seats import NoSeat, Seat

TAKING = """
import sys, pathlib
from newsletter.engine.seats import Seat
seat = Seat.take(pathlib.Path(sys.argv[1]), machine="here")
print(seat.name, flush=True)
sys.stdin.read()
"""


def test_seats_are_numbered_in_their_folder(tmp_path: Path) -> None:
    with (
        Seat.take(tmp_path / "seats", machine="here") as first,
        Seat.take(tmp_path / "seats", machine="here") as second,
    ):
        assert (first.name, second.name) == ("here-1", "here-2")


def test_a_seat_that_was_left_is_taken_again(tmp_path: Path) -> None:
    with Seat.take(tmp_path, machine="here"):
        pass

    with Seat.take(tmp_path, machine="here") as again:
        assert again.name == "here-1"


def test_another_machine_has_other_names(tmp_path: Path) -> None:
    with Seat.take(tmp_path / "a", machine="a") as one, Seat.take(tmp_path / "b", machine="b") as other:
        assert {one.name, other.name} == {"a-1", "b-1"}


def test_a_living_process_keeps_its_seat_and_a_killed_one_loses_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TAKING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        taken = other.stdout.readline().strip()
        with Seat.take(tmp_path, machine="here") as meanwhile:
            beside = meanwhile.name
        other.kill()
        other.wait()

    with Seat.take(tmp_path, machine="here") as after:
        assert (taken, beside, after.name) == ("here-1", "here-2", "here-1")


def test_a_process_that_was_started_does_not_hold_the_seat(tmp_path: Path) -> None:
    seat = Seat.take(tmp_path, machine="here")
    running = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(running, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout
        child.stdout.readline()
        seat.leave()
        with Seat.take(tmp_path, machine="here") as again:
            assert again.name == "here-1"
        child.kill()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NoSeat, match="cannot keep what tells this process from others: Not a directory"):
        Seat.take(tmp_path / "file" / "seats", machine="here")

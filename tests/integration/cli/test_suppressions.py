"""`newsletter suppression …`, and why people say they left."""

from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.settings import Settings
from subscribers import leave_reasons, lists, subscribing
from subscribers.leave_reasons import LeaveReason
from tests.integration.cli.conftest import Run
from tests.support import people

ANNA = "anna@posteo.de"


def test_an_address_is_suppressed_looked_up_and_lifted(newsletter: Run) -> None:
    assert newsletter("suppression", "check", ANNA).out == f"{ANNA} is not suppressed.\n"

    added = newsletter("suppression", "add", "Anna@Posteo.de", "--reason", "blocked", "--note", "asked by phone")
    assert added.out == "Anna@posteo.de is suppressed: blocked.\n"
    assert newsletter("suppression", "check", ANNA).out.endswith("UTC: blocked (asked by phone).\n")
    [found] = newsletter("suppression", "check", ANNA, "--json").json["suppressed"]
    assert (found["reason"], found["note"], len(found["address_hash"])) == ("blocked", "asked by phone", 64)

    assert newsletter("suppression", "lift", ANNA).out == "Lifted: blocked.\n"
    assert newsletter("suppression", "lift", ANNA).out == "Nothing was lifted.\n"
    assert newsletter("suppression", "check", ANNA, "--json").json["suppressed"] == []


def test_what_a_reader_set_is_not_lifted_without_saying_why(newsletter: Run) -> None:
    newsletter("suppression", "add", ANNA, "--reason", "complained")

    told = newsletter("suppression", "lift", ANNA)
    assert told.out == f"Nothing was lifted.\n{ANNA} stays suppressed: complained.\n"
    refused = newsletter("suppression", "lift", ANNA, "--reason", "complained", status=1)
    assert "“complained” is ended by the reader's own sign-up alone" in refused.err
    lifted = newsletter("suppression", "lift", ANNA, "--reason", "complained", "--because", "the wrong file")
    assert lifted.out == "Lifted: complained.\n"


def test_suppressions_are_listed_by_reason_and_never_by_address(newsletter: Run) -> None:
    assert newsletter("suppression", "list").out == "No address is suppressed.\n"
    newsletter("suppression", "add", ANNA, "--reason", "bounced")
    newsletter("suppression", "add", "bert@posteo.de", "--note", "[red]x")

    listed = newsletter("suppression", "list")
    assert "posteo" not in listed.out
    assert "[red]x" in listed.out
    assert listed.err == "Altogether: 1 bounced, 1 blocked.\n"
    assert [row["reason"] for row in newsletter("suppression", "list", "--json").json] == ["blocked", "bounced"]
    [one] = newsletter("suppression", "list", "--reason", "bounced", "--json").json
    assert set(one) == {"address_hash", "reason", "at", "note"}


def test_a_file_is_rehearsed_taken_and_comes_out_again(newsletter: Run, tmp_path: Path, home: Path) -> None:
    file = tmp_path / "cleaned.csv"
    file.write_text(f"Email Address;Status\n{ANNA};cleaned\nnobody;cleaned\nbert@posteo.de;subscribed\n")

    rehearsed = newsletter("suppression", "import", file, "--dry-run")
    assert rehearsed.out == "3 rows: 1 would be suppressed.\n2 bad.\n"
    assert newsletter("suppression", "list", "--json").json == []

    taken = newsletter("suppression", "import", file)
    assert taken.out == "3 rows: 1 suppressed.\n2 bad.\n"
    assert "line 4: its status “subscribed” is no reason to suppress it" in taken.err
    assert (home / "imports" / "cleaned-bad-rows.csv").is_file()
    again = newsletter("suppression", "import", file, "--json").json
    assert (again["added"], again["already_there"], again["bad_rows"]) == (0, 1, 2)

    out = tmp_path / "ours.csv"
    out.write_text(newsletter("suppression", "export").out, newline="")
    newsletter("suppression", "lift", ANNA)
    assert newsletter("suppression", "import", out).out == "1 row: 1 suppressed.\n"
    assert "bounced (import of cleaned.csv)" in newsletter("suppression", "check", ANNA).out


@pytest.mark.parametrize("command", [("add", "nobody"), ("check", "nobody"), ("lift", "nobody")])
def test_what_is_no_address_is_told_in_one_line(newsletter: Run, command: tuple[str, ...]) -> None:
    assert "“nobody” is not an e-mail address" in newsletter("suppression", *command, status=1).err


def test_a_file_that_is_missing_is_told_in_one_line(newsletter: Run) -> None:
    refused = newsletter("suppression", "import", "/nowhere.csv", "--reason", "left", status=1)
    assert "nowhere.csv cannot be imported" in refused.err


@pytest.mark.slow
def test_a_file_of_many_rows_is_taken_in_steps(newsletter: Run, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    file.write_text("email\n" + "".join(f"reader{number}@example{number % 97}.org\n" for number in range(20_001)))

    taken = newsletter("suppression", "import", file, "--reason", "left")

    assert taken.out == "20001 rows: 20001 suppressed.\n"


def test_why_people_left_is_counted_for_staff(newsletter: Run) -> None:
    newsletter("list", "create", "news", "--name", "News")
    assert newsletter("list", "reasons", "news").out == "Nobody has said why they left.\n"
    app = App.open(Settings())
    with app.writing() as session:
        subscription = people.a_subscription(session, lists.named(session, "news"), ANNA)
        by, now = people.VISITOR, people.NOW
        subscribing.leave(session, subscription, source="x", secret=app.secret, by=by, now=now)
        leave_reasons.give(session, subscription, LeaveReason.TOO_MUCH, by=by, now=now)
    app.close()

    assert newsletter("list", "reasons", "news", "--json").json == {
        "too much": 1,
        "not for me": 0,
        "never asked for it": 0,
        "hard to read": 0,
        "other": 0,
    }
    assert newsletter("list", "reasons", "news").out.split() == ["reason", "times", "too", "much", "1"]

"""Whom a mailing missed, what is unknown, and how it is getting on: by command, each with its JSON answer."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.database import Database
from newsletter.delivery.models import Delivery
from tests.integration.cli.conftest import Run
from tests.support.makers import assets


def _import(newsletter: Run, folder: Path, *addresses: str) -> None:
    people = folder / "people.csv"
    people.write_text("\n".join(("email", *addresses)), "utf-8")
    newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier")


@pytest.fixture
def waiting(newsletter: Run, tmp_path: Path) -> str:
    """A mailing to Anna and Ben that waits for a worker."""
    _import(newsletter, tmp_path, "anna@example.org", "ben@example.org")
    newsletter("news", "import", assets() / "news" / "mitteilung.txt")
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line
    newsletter("issue", "approve", issue, "--by", "ana@example.org")
    return newsletter("issue", "send", issue).last_line


@pytest.fixture
def mailing(newsletter: Run, waiting: str) -> str:
    """A mailing that is sent."""
    newsletter("worker", "--until-idle")
    return waiting


@pytest.fixture
def unknown(mailing: str, home: Path) -> str:
    """A mailing that is sent, and of which nobody knows whether it arrived."""
    database = Database(f"sqlite:///{home / 'newsletter.db'}")
    with database.writing() as session:
        session.execute(update(Delivery).values(state="unknown", attempt=2, code=None, reply="cut"))
    database.close()
    return mailing


def _mails(tmp_path: Path) -> int:
    return sum(1 for path in (tmp_path / "maildir").rglob("new/*") if path.is_file())


def _statement(newsletter: Run, mailing: str) -> dict[str, object]:
    answer: dict[str, object] = newsletter("mailing", "statement", mailing, "--json").json
    return answer


def test_the_missed_are_counted_and_then_sent_to(newsletter: Run, mailing: str, tmp_path: Path) -> None:
    _import(newsletter, tmp_path, "carla@example.org", "anna@example.org")

    counted = newsletter("mailing", "missed", mailing, "--json").json
    sent = newsletter("mailing", "send-missed", mailing, "--by", "ana@example.org")
    newsletter("worker", "--until-idle")

    assert counted == {"mailing": int(mailing), "missed": 1}
    assert sent.err.startswith(f"The issue of mailing {mailing} goes to those it missed (1 now)")
    lines = newsletter("mailing", "deliveries", sent.last_line, "--json").out.splitlines()
    assert [json.loads(line)["address"] for line in lines] == ["carla@example.org"]
    assert _statement(newsletter, sent.last_line)["accepted"] == 1
    assert newsletter("mailing", "missed", mailing).out == "Missed: 0.\n"
    assert _mails(tmp_path) == 3


def test_a_mailing_to_the_missed_names_its_parent(newsletter: Run, mailing: str, tmp_path: Path) -> None:
    _import(newsletter, tmp_path, "carla@example.org")

    made = newsletter("mailing", "send-missed", mailing, "--json").json

    assert (made["parent"], made["issue"], made["state"], made["missed"]) == (int(mailing), 1, "planning", 1)
    listed = newsletter("mailing", "list", "--json").json
    assert [(row["id"], row["parent"]) for row in listed] == [(made["id"], int(mailing)), (int(mailing), None)]
    assert f"missed of {mailing}" in newsletter("mailing", "list").out


def test_where_nobody_was_missed_nothing_is_sent(newsletter: Run, mailing: str) -> None:
    refused = newsletter("mailing", "send-missed", mailing, status=1)

    assert refused.err == (
        f"Error: Mailing {mailing} has missed nobody: everybody on its list has the issue or will get it.\n"
    )
    assert len(newsletter("mailing", "list", "--json").json) == 1


def test_nobody_is_missed_before_the_audience_is_frozen(newsletter: Run, waiting: str) -> None:
    for command in ("missed", "send-missed"):
        refused = newsletter("mailing", command, waiting, status=1)

        assert refused.err == (
            f"Error: Mailing {waiting} is planning, and its audience is not settled: it has missed nobody.\n"
        )


def test_everything_unknown_is_resent(newsletter: Run, unknown: str, tmp_path: Path) -> None:
    resent = newsletter("mailing", "resend", unknown, "--all", "--by", "ana@example.org")
    newsletter("worker", "--until-idle")

    assert resent.out == f"Queued once more: 2. Mailing {unknown} is sending.\n"
    assert (_statement(newsletter, unknown)["accepted"], _statement(newsletter, unknown)["state"]) == (2, "sent")
    lines = newsletter("mailing", "deliveries", unknown, "--json").out.splitlines()
    assert [json.loads(line)["attempt"] for line in lines] == [3, 3]
    assert _mails(tmp_path) == 4


def test_chosen_ones_are_resent(newsletter: Run, unknown: str) -> None:
    answer = newsletter("mailing", "resend", unknown, "--position", "2", "--json").json

    assert (answer["state"], answer["queued"], answer["unknown"]) == ("sending", 1, 1)
    newsletter("worker", "--until-idle")
    lines = newsletter("mailing", "deliveries", unknown, "--state", "unknown", "--json").out.splitlines()
    assert [json.loads(line)["position"] for line in lines] == [1]


def test_what_is_known_is_not_resent(newsletter: Run, mailing: str) -> None:
    one = newsletter("mailing", "resend", mailing, "--position", "2", "--position", "1", status=1)
    every = newsletter("mailing", "resend", mailing, "--all", status=1)

    assert one.err.startswith(f"Error: Mailing {mailing} has no unknown delivery at position 1, 2; nothing was resent.")
    assert every.err == f"Error: Mailing {mailing} has no unknown delivery; there is nothing to resend.\n"


@pytest.mark.parametrize("which", [(), ("--all", "--position", "1")])
def test_resend_needs_to_know_which(newsletter: Run, which: tuple[str, ...]) -> None:
    assert "Say which" in newsletter("mailing", "resend", "1", *which, status=2).err


def test_a_test_is_not_resent(newsletter: Run, mailing: str) -> None:
    tested = newsletter("issue", "test", "1", "--to", "redaktion@example.org").last_line

    refused = newsletter("mailing", "resend", tested, "--all", status=1)

    assert refused.err == f"Error: Mailing {tested} is no issue: a test is not resent; send another one.\n"
    assert newsletter("mailing", "statement", mailing, "--json").json["state"] == "sent"


def test_progress_is_told_once(newsletter: Run, unknown: str) -> None:
    told = newsletter("mailing", "progress", unknown)
    answer = newsletter("mailing", "progress", unknown, "--json").json

    assert told.out == "sent: 2 of 2 settled, 0 accepted\n2  unknown: cut\n"
    assert {key: answer[key] for key in ("mailing", "state", "recipients", "unknown", "expected_end")} == {
        "mailing": int(unknown),
        "state": "sent",
        "recipients": 2,
        "unknown": 2,
        "expected_end": None,
    }
    assert answer["failures"] == [
        {"number": 2, "state": "unknown", "reason": "", "code": None, "enhanced": "", "reply": "cut"}
    ]


def test_following_ends_with_the_mailing(newsletter: Run, mailing: str) -> None:
    assert newsletter("mailing", "progress", mailing, "--follow").out == "sent: 2 of 2 settled, 2 accepted\n"
    [line] = newsletter("mailing", "progress", mailing, "--follow", "--json").out.splitlines()
    assert (json.loads(line)["state"], json.loads(line)["accepted"]) == ("sent", 2)


def test_progress_of_a_mailing_that_waits_for_its_time(newsletter: Run, waiting: str) -> None:
    assert newsletter("mailing", "progress", waiting).out == "planning: 0 of 0 settled, 0 accepted, 0 a second\n"


def test_there_is_no_progress_without_a_mailing(newsletter: Run) -> None:
    assert newsletter("mailing", "progress", "7", "--follow", status=1).err == "Error: There is no mailing 7.\n"

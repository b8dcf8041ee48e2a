"""Pause, resume and cancel by command, each with its JSON answer."""

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.support.makers import assets


@pytest.fixture
def mailing(newsletter: Run, tmp_path: Path) -> str:
    people = tmp_path / "people.csv"
    people.write_text("email\nanna@example.org\nben@example.org\n", "utf-8")
    newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier")
    newsletter("news", "import", assets() / "news" / "mitteilung.txt")
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line
    newsletter("issue", "approve", issue, "--by", "ana@example.org")
    return newsletter("issue", "send", issue).last_line


def test_a_paused_mailing_waits_and_a_resumed_one_goes_out(newsletter: Run, mailing: str) -> None:
    paused = newsletter("mailing", "pause", mailing, "--by", "ana@example.org", "--json").json
    newsletter("worker", "--until-idle")
    waiting = newsletter("mailing", "statement", mailing, "--json").json
    newsletter("mailing", "resume", mailing)
    newsletter("worker", "--until-idle")

    assert (paused["mailing"], paused["state"]) == (int(mailing), "paused")
    assert waiting["accepted"] == 0
    assert newsletter("mailing", "statement", mailing, "--json").json["accepted"] == 2


def test_a_cancelled_mailing_reaches_nobody_and_its_issue_can_be_sent_anew(newsletter: Run, mailing: str) -> None:
    cancelled = newsletter("mailing", "cancel", mailing, "--json").json
    newsletter("worker", "--until-idle")

    assert (cancelled["state"], cancelled["accepted"]) == ("cancelled", 0)
    again = newsletter("issue", "send", "1").last_line
    newsletter("worker", "--until-idle")
    assert newsletter("mailing", "statement", again, "--json").json["accepted"] == 2


def test_who_paused_stands_in_the_statement(newsletter: Run, mailing: str) -> None:
    newsletter("mailing", "pause", mailing, "--by", "ana@example.org")

    assert "paused by ana@example.org" in newsletter("mailing", "statement", mailing).out


def test_a_mailing_that_is_over_cannot_be_paused(newsletter: Run, mailing: str) -> None:
    newsletter("worker", "--until-idle")

    refused = newsletter("mailing", "pause", mailing, status=1)

    assert refused.err == f"Error: Mailing {mailing} is sent; it cannot become paused.\n"


def test_an_issue_is_sent_once(newsletter: Run, mailing: str) -> None:
    waiting = newsletter("issue", "send", "1", status=1)
    again = newsletter("issue", "approve", "1", "--by", "ana@example.org", status=1)
    newsletter("worker", "--until-idle")
    gone = newsletter("issue", "send", "1", status=1)

    assert waiting.err == (
        "Error: Issue 1 is scheduled; an issue goes out once. `newsletter mailing list` shows its mailing.\n"
    )
    assert again.err == "Error: Issue 1 is scheduled; it cannot become approved.\n"
    assert gone.err.startswith("Error: Issue 1 is sent; an issue goes out once.")
    assert newsletter("mailing", "statement", mailing, "--json").json["accepted"] == 2

"""An SMTP server that refuses the login, the sender, one recipient, all: told in one line, and nothing is lost."""

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.support.makers import assets
from tests.support.relay import Relay

PEOPLE = "email\nanna@example.org\nben@example.org\ncarla@example.org\n"
PASSWORD = "right"


@pytest.fixture
def mailing(newsletter: Run, tmp_path: Path) -> str:
    """A mailing to three people that waits for a worker."""
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE, "utf-8")
    newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier")
    newsletter("news", "import", assets() / "news" / "mitteilung.txt")
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line
    newsletter("issue", "approve", issue, "--by", "ana@example.org")
    return newsletter("issue", "send", issue).last_line


def _counts(newsletter: Run, mailing: str) -> dict[str, object]:
    numbers = newsletter("mailing", "statement", mailing, "--json").json
    return {name: value for name, value in numbers.items() if value and name != "mailing"}


def _sends_through(relay: Relay, monkeypatch: pytest.MonkeyPatch, *, login: str = "") -> None:
    url = f"smtp://{login}127.0.0.1:{relay.port}?tls=none"
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", url)


def test_a_refused_login_harms_no_row(newsletter: Run, mailing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay(password=PASSWORD) as relay:
        _sends_through(relay, monkeypatch, login="user:wrong@")
        refused = newsletter("worker", "--until-idle", status=1)
        assert _counts(newsletter, mailing) == {"state": "sending", "recipients": 3, "queued": 3}

        _sends_through(relay, monkeypatch, login=f"user:{PASSWORD}@")
        newsletter("worker", "--until-idle")

    [line] = [line for line in refused.err.splitlines() if line.startswith("Error: ")]
    assert "takes no mail: 535" in line
    assert "wrong" not in refused.err
    assert _counts(newsletter, mailing) == {"state": "sent", "recipients": 3, "accepted": 3}


def test_no_server_at_all_harms_no_row(newsletter: Run, mailing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay() as relay:
        _sends_through(relay, monkeypatch)
    refused = newsletter("worker", "--until-idle", status=1)

    assert "takes no mail" in refused.err
    assert _counts(newsletter, mailing) == {"state": "sending", "recipients": 3, "queued": 3}


def test_a_refused_sender_pauses_the_mailing_and_shows_the_reply(
    newsletter: Run, mailing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Relay() as relay:
        relay.answer("MAIL", "550 5.7.1 sender not allowed here")
        _sends_through(relay, monkeypatch)
        told = newsletter("worker", "--until-idle")
        assert f"Mailing {mailing} is paused: " in told.out
        assert "550 5.7.1 sender not allowed here" in told.out
        assert _counts(newsletter, mailing) == {"state": "paused", "recipients": 3, "queued": 3}

        relay.obey()
        newsletter("mailing", "resume", mailing)
        newsletter("worker", "--until-idle")

    assert _counts(newsletter, mailing) == {"state": "sent", "recipients": 3, "accepted": 3}


def test_one_refused_recipient_is_named_and_the_others_get_it(
    newsletter: Run, mailing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Relay() as relay:
        relay.answer("RCPT", "550 5.1.1 no such user", to="ben@example.org")
        _sends_through(relay, monkeypatch)
        newsletter("worker", "--until-idle")

    assert sorted(relay.received) == ["anna@example.org", "carla@example.org"]
    assert _counts(newsletter, mailing) == {"state": "sent", "recipients": 3, "accepted": 2, "rejected": 1}
    named = newsletter("mailing", "deliveries", mailing, "--state", "rejected", "--json").json
    assert (named["address"], named["code"], named["enhanced"], named["reply"]) == (
        "ben@example.org",
        550,
        "5.1.1",
        "no such user",
    )


def test_all_recipients_refused_is_all_rejected(newsletter: Run, mailing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay() as relay:
        relay.answer("RCPT", "550 5.1.1 no such user")
        _sends_through(relay, monkeypatch)
        newsletter("worker", "--until-idle")

    assert not relay.received
    assert _counts(newsletter, mailing) == {"state": "sent", "recipients": 3, "rejected": 3}


def test_greylisted_is_deferred_and_due_later(newsletter: Run, mailing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay() as relay:
        relay.answer("RCPT", "451 4.7.1 greylisted", to="ben@example.org")
        _sends_through(relay, monkeypatch)
        told = newsletter("worker", "--until-idle")

    assert "Nothing is due before" in told.out
    assert _counts(newsletter, mailing) == {"state": "sending", "recipients": 3, "accepted": 2, "deferred": 1}


def test_a_windows_csv_with_a_broken_row_loses_nobody(newsletter: Run, tmp_path: Path, home: Path) -> None:
    people = tmp_path / "leser.csv"
    people.write_bytes("E-Mail;Nachname\nanna@example.org;Müller\nkaputt;Groß\nben@example.org;Weiß\n".encode("cp1252"))

    rehearsed = newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier", "--dry-run")
    assert newsletter("list", "list", "--json").json[0]["confirmed"] == 0
    told = newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier")

    assert "3 rows: 2 would be imported as confirmed." in rehearsed.out
    assert "3 rows: 2 imported as confirmed." in told.out
    assert "line 3: “kaputt” is not an e-mail address" in told.err
    kept = (home / "imports" / "leser-bad-rows.csv").read_text("utf-8-sig")
    assert kept.splitlines()[1].startswith("kaputt;Groß;")
    assert newsletter("list", "list", "--json").json[0]["confirmed"] == 2
    assert newsletter("subscriber", "show", "anna@example.org").json["last_name"] == "Müller"
    assert newsletter("consent", "verify").out == "2 records of 2 people, 0 seals, 0 breaks.\n"

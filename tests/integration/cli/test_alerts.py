"""`newsletter alert …`, and where else an alert is mentioned."""

from collections.abc import Iterator

import pytest

from newsletter.accounts import staff
from newsletter.app import App
from newsletter.delivery import endings
from newsletter.delivery.alerts import causes, raising
from newsletter.delivery.permissions import SEND_ISSUES
from newsletter.settings import Settings
from tests.integration.cli.conftest import Run
from tests.support.ledgers import a_system_mail
from tests.support.makers import NOW

FULL = causes.journal_unusable("mail-2", "no space left")


@pytest.fixture
def app(newsletter: Run) -> Iterator[App]:
    del newsletter
    opened = App.open(Settings())
    yield opened
    opened.close()


@pytest.fixture
def paused(app: App) -> int:
    """The number of a mailing that the system has paused, and that a round of the attendant has seen."""
    with app.writing() as session:
        mailing = a_system_mail(session)
        endings.stop(session, mailing, reason="550 5.7.1 refused", now=NOW)
    app.attendant().go_round()
    return mailing.id


def test_where_nothing_waits_it_is_said(newsletter: Run) -> None:
    assert newsletter("alert", "list").out == "Nothing waits for a person.\n"
    assert newsletter("alert", "list", "--json").json == []


def test_an_alert_is_listed_and_mailed_into_the_home_and_acknowledged_by_name(newsletter: Run, paused: int) -> None:
    listed = newsletter("alert", "list", "--json").json

    [alert] = listed
    assert alert["key"] == "mailings:system:paused"
    assert alert["mailing"] == paused
    assert alert["mailed_at"]
    assert "was paused: 550 5.7.1 refused. Mend what is wrong" in alert["message"]
    assert "was paused: 550 5.7.1 refused" in newsletter("alert", "list").out

    told = newsletter("alert", "acknowledge", alert["id"], "--by", "ana@example.org")
    assert told.out == f"Alert {alert['id']} was acknowledged by ana@example.org.\n"
    again = newsletter("alert", "acknowledge", alert["id"], "--by", "ana@example.org", "--json")
    assert again.json["acknowledged_by"] == "ana@example.org"
    assert "ana@example.org" in newsletter("alert", "list").out


def test_what_is_over_is_listed_on_request(newsletter: Run, app: App) -> None:
    with app.writing() as session:
        raising.raise_alert(session, FULL, now=NOW)
        raising.end_alert(session, FULL.key, now=NOW)

    assert newsletter("alert", "list", "--json").json == []
    [alert] = newsletter("alert", "list", "--all", "--json").json
    assert alert["ended_at"] == "2026-11-23T09:00:00+00:00"
    assert "mail-2" in newsletter("alert", "list", "--all").out


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("7", "--by", "ana@example.org"), 1, "Error: There is no alert 7. `newsletter alert list --all` shows them."),
        (("1", "--by", "eve@example.org"), 1, "Error: There is no active staff user “eve@example.org”."),
        (("1",), 2, "Missing option"),
        (("one", "--by", "ana@example.org"), 2, "not a valid integer"),
    ],
)
def test_what_cannot_be_acknowledged_is_one_sentence(
    newsletter: Run, app: App, arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    with app.writing() as session:
        raising.raise_alert(session, FULL, now=NOW)

    assert sentence in newsletter("alert", "acknowledge", *arguments, status=status).err


def test_statement_and_doctor_mention_what_waits(newsletter: Run, paused: int) -> None:
    assert "\nAlert 1: Mailing" in newsletter("mailing", "statement", paused).out

    doctor = newsletter("doctor", status=1)
    assert "• Alert 1: Mailing" in doctor.out


def test_a_mistake_in_the_file_of_settings_is_one_line(newsletter: Run, app: App) -> None:
    (app.settings.home / "newsletter.toml").write_text('[[relay]]\nurl = "u:geheim@mail.example.org"\n')

    told = newsletter("alert", "list", status=1)

    assert told.err == (
        f"Error: {app.settings.home}/newsletter.toml, line 2: the url of a relay begins with smtp://, smtps:// or "
        "maildir:.\n"
    )


def test_the_first_staff_user_is_written_to_in_their_language(run: Run) -> None:
    run("init", "--admin", "ana@example.org", "--language", "en")

    app = App.open(Settings())
    with app.reading() as session:
        assert [user.language for user in staff.who_may(session, SEND_ISSUES)] == ["en"]
    app.close()

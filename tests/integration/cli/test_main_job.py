"""The main job by commands alone, with the answers that programs rely on."""

import email
import email.policy
import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.cli.context import settings
from newsletter.content import translating
from newsletter.issues import composing, revisions
from tests.integration.cli.conftest import Run
from tests.support.makers import BY, assets

PAGE = assets() / "news" / "mitteilung.txt"


@pytest.fixture
def database_setting(empty_url: str) -> str:
    """The whole job is done on each kind of database."""
    return empty_url


@pytest.fixture
def with_people(newsletter: Run, tmp_path: Path) -> Run:
    people = tmp_path / "people.csv"
    people.write_text("E-Mail;Anrede;Nachname\nanna@example.org;Frau;Müller\nben@example.org;;\n", "utf-8")
    newsletter("subscriber", "import", people, "--list", "region", "--consent-proof", "Papier, Ordner 7")
    return newsletter


def _mails(folder: Path) -> dict[str, EmailMessage]:
    read = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in folder.glob("new/*")]
    return {str(mail["To"].addresses[0].addr_spec): mail for mail in read}


def test_news_becomes_mail_in_exactly_the_right_inboxes(with_people: Run, tmp_path: Path) -> None:
    run = with_people
    run("news", "import", PAGE)
    issue = run("issue", "create", "aktuell", "--suggest").last_line
    run("issue", "check", issue)
    run("issue", "approve", issue, "--by", "ana@example.org")
    mailing = run("issue", "send", issue).last_line

    run("worker", "--until-idle")

    mails = _mails(tmp_path / "maildir")
    assert sorted(mails) == ["anna@example.org", "ben@example.org"]
    text = mails["anna@example.org"].get_body(("plain",))
    assert text is not None
    assert "Guten Tag Frau Müller," in text.get_content()
    assert run("mailing", "statement", mailing, "--json").json == {
        "mailing": int(mailing),
        "state": "sent",
        "recipients": 2,
        "queued": 0,
        "sending": 0,
        "accepted": 2,
        "deferred": 0,
        "expired": 0,
        "rejected": 0,
        "excluded": 0,
        "cancelled": 0,
        "unknown": 0,
    }


def test_each_delivery_is_one_json_object_a_line(with_people: Run) -> None:
    run = with_people
    run("news", "import", PAGE)
    issue = run("issue", "create", "aktuell", "--suggest").last_line
    run("issue", "approve", issue, "--by", "ana@example.org")
    mailing = run("issue", "send", issue).last_line
    run("worker", "--until-idle")

    rows = [json.loads(line) for line in run("mailing", "deliveries", mailing, "--json").out.splitlines()]

    assert [row["position"] for row in rows] == [1, 2]
    assert list(rows[0]) == [
        "position", "address", "state", "attempt", "at", "relay", "code", "enhanced", "reply",
    ]  # fmt: skip
    assert {row["address"]: (row["state"], row["code"], row["enhanced"]) for row in rows} == {
        "anna@example.org": ("accepted", 250, "2.0.0"),
        "ben@example.org": ("accepted", 250, "2.0.0"),
    }


def test_the_items_know_their_issues(newsletter: Run) -> None:
    newsletter("news", "import", PAGE)
    assert [row["used_in"] for row in newsletter("news", "list", "--unused", "--json").json] == [[]]

    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line

    assert [row["used_in"] for row in newsletter("news", "list", "--json").json] == [[int(issue)]]
    assert newsletter("news", "list", "--unused", "--json").json == []


def test_rendering_writes_the_four_files(newsletter: Run, tmp_path: Path) -> None:
    newsletter("news", "import", PAGE)
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line

    newsletter("issue", "render", issue, "--output", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "findings.json", "issue.eml", "issue.html", "issue.txt",
    ]  # fmt: skip
    html = (tmp_path / "out" / "issue.html").read_text("utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "xNL" not in html
    assert json.loads((tmp_path / "out" / "findings.json").read_text("utf-8")) == []


def test_an_issue_in_two_languages_is_rendered_checked_and_tried_in_both(newsletter: Run, tmp_path: Path) -> None:
    newsletter("news", "import", PAGE)
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line
    app = App.open(settings())
    with app.writing() as session:
        found = revisions.issue(session, int(issue))
        content = composing.also_in(session, revisions.content_of(session, found), "en", first="de")
        content = translating.with_words(content, {"subject": "News", "b1.text": "<p>Dear [[first_name]]</p>"})
        revisions.save(session, found, content, by=BY, now=app.now())
    app.close()

    newsletter("issue", "render", issue, "--output", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "findings.json", "issue.eml", "issue.en.eml", "issue.en.html", "issue.en.txt", "issue.html", "issue.txt",
    ]  # fmt: skip
    assert "Dear Erika" in (tmp_path / "out" / "issue.en.txt").read_text("utf-8")
    assert "Dear Erika" not in (tmp_path / "out" / "issue.txt").read_text("utf-8")
    findings = newsletter("issue", "check", issue, "--json", status=1).json
    assert {(each["code"], each["language"]) for each in findings} == {
        ("fallback_missing", "en"),
        ("words_missing", "en"),
    }
    tests = newsletter("issue", "test", issue, "--to", "ana@example.org").out.split()
    assert len(set(tests)) == 2
    newsletter("worker", "--until-idle")
    sent = [path.read_text("utf-8", "replace") for path in (tmp_path / "maildir" / "new").iterdir()]
    assert sorted("Content-Language: en" in each for each in sent) == [False, True]


def test_an_error_closes_the_gate_and_is_said_in_two_languages(newsletter: Run) -> None:
    newsletter("news", "import", PAGE)
    newsletter("publication", "set", "aktuell", "--imprint", "")
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line

    findings = newsletter("issue", "check", issue, "--json", status=1).json
    refused = newsletter("issue", "approve", issue, "--by", "ana@example.org", status=1)

    assert [(finding["severity"], set(finding["message"])) for finding in findings if "imprint" in finding["code"]] == [
        ("error", {"de", "en"})
    ]
    assert refused.err == (
        f"Error: Issue {issue} cannot be approved: one error stands. `newsletter issue check {issue}` lists them.\n"
    )


def test_what_is_not_approved_cannot_be_sent(newsletter: Run) -> None:
    newsletter("news", "import", PAGE)
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line

    refused = newsletter("issue", "send", issue, status=1)

    assert refused.err.startswith(f"Error: Issue {issue} is draft. It has to be approved as it stands")


def test_a_scheduled_issue_waits_for_its_moment(with_people: Run, tmp_path: Path) -> None:
    run = with_people
    run("news", "import", PAGE)
    issue = run("issue", "create", "aktuell", "--suggest").last_line
    run("issue", "approve", issue, "--by", "ana@example.org")
    mailing = run("issue", "send", issue, "--at", "2099-12-01T10:00+01:00").last_line

    worked = run("worker", "--until-idle")

    assert "2099-12-01" in worked.out + worked.err
    assert run("mailing", "statement", mailing, "--json").json["state"] == "planning"
    assert not list((tmp_path / "maildir").glob("new/*"))


def test_a_test_mail_goes_to_one_address_alone(with_people: Run, tmp_path: Path) -> None:
    run = with_people
    run("news", "import", PAGE)
    issue = run("issue", "create", "aktuell", "--suggest").last_line

    run("issue", "test", issue, "--to", "redaktion@example.org")
    run("worker", "--until-idle")

    assert list(_mails(tmp_path / "maildir")) == ["redaktion@example.org"]


def test_imported_without_proof_nobody_is_mailed(newsletter: Run, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email\nanna@example.org\n", "utf-8")
    newsletter("subscriber", "import", people, "--list", "region")
    newsletter("news", "import", PAGE)
    issue = newsletter("issue", "create", "aktuell", "--suggest").last_line
    newsletter("issue", "approve", issue, "--by", "ana@example.org")
    mailing = newsletter("issue", "send", issue).last_line

    newsletter("worker", "--until-idle")

    assert newsletter("mailing", "statement", mailing, "--json").json["recipients"] == 0
    assert not list((tmp_path / "maildir").glob("new/*"))

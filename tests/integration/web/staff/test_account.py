"""One's own account, one's sessions, and the audit log as a page."""

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import func, select

from newsletter.accounts import sessions
from newsletter.accounts.models import StaffSession, StaffUser
from newsletter.accounts.roles import Grant, Role
from newsletter.accounts.sessions import Device
from newsletter.app import App
from subscribers import audit
from subscribers.audit import AuditEntry
from tests.support.kinds import on_sqlite
from tests.support.makers import BY
from tests.support.staff import PASSWORD, Seated, a_staff_user, seated
from tests.support.web import mails_to

pytestmark = on_sqlite


@pytest.fixture
def ana(app: App) -> Seated:
    return seated(app, "ana@example.org", password=PASSWORD)


def test_name_and_language_are_ones_own(app: App, ana: Seated) -> None:
    ana.client.post("/staff/account", data={"name": " Ana Amann ", "language": "en"})

    assert "My account" in ana.client.get("/staff/account").text
    with app.reading() as session:
        assert session.get_one(StaffUser, ana.user_id).name == "Ana Amann"


@pytest.mark.parametrize(
    ("referer", "leads"),
    [
        ("https://news.example.org/staff/audit?actor=x", "/staff/audit"),
        ("https://news.example.org/staff/users/7", "/staff/account"),
        ("https://evil.example//evil.example/x", "/staff/"),
        ("http://[", "/staff/"),
        ("", "/staff/"),
    ],
)
def test_the_language_is_switched_where_one_is(ana: Seated, referer: str, leads: str) -> None:
    answer = ana.client.post(
        "/staff/account/language", data={"language": "en"}, headers={"Referer": referer}, follow_redirects=False
    )

    assert answer.headers["location"] == leads
    assert '<html lang="en"' in ana.client.get("/staff/account").text


def test_a_new_password_signs_out_everybody_else_and_is_told_by_mail(app: App, ana: Seated) -> None:
    with app.writing() as session:
        user = session.get_one(StaffUser, ana.user_id)
        sessions.begin(session, user, device=Device("", ""), now=app.now())

    answer = ana.client.post("/staff/account/password", data={"password": "ein neues passwort"}, follow_redirects=False)

    assert answer.headers["location"] == "/staff/account?done=password"
    assert ana.client.get("/staff/account").status_code == 200
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(StaffSession)) == 1
    assert len(mails_to(app, "ana@example.org")) == 1


def test_before_credentials_change_one_proves_who_one_is(app: App) -> None:
    ben = seated(app, "ben@example.org", Grant(Role.EDITOR), proven=dt.timedelta(minutes=20), password=PASSWORD)
    to = ben.client.get("/staff/account/password", follow_redirects=False).headers["location"]
    assert to == "/staff/again?to=%2Fstaff%2Faccount%2Fpassword"

    wrong = ben.client.post("/staff/again", data={"password": "falsch falsch", "to": "/staff/account/password"})
    assert (wrong.status_code, "Das ist nicht Ihr Passwort" in wrong.text) == (401, True)
    form = {"password": PASSWORD, "to": "/staff/account/password"}
    right = ben.client.post("/staff/again", data=form, follow_redirects=False)

    assert right.headers["location"] == "/staff/account/password"
    assert ben.client.get("/staff/account/password", follow_redirects=False).status_code == 200


def test_a_password_is_not_guessed_on_an_open_screen(app: App) -> None:
    ben = seated(app, "ben@example.org", Grant(Role.EDITOR), proven=dt.timedelta(hours=1), password=PASSWORD)

    tries = [ben.client.post("/staff/again", data={"password": f"falsch {number}"}).status_code for number in range(11)]

    assert tries == [401] * 10 + [429]


def test_ones_sessions_are_seen_and_ended_but_not_anothers(app: App, ana: Seated) -> None:
    with app.writing() as session:
        user = session.get_one(StaffUser, ana.user_id)
        phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
        sessions.begin(session, user, device=Device(phone, "203.0.113.0/24"), now=app.now())
        other = a_staff_user(session, "ben@example.org")
        sessions.begin(session, other, device=Device("", ""), now=app.now())
    with app.reading() as session:
        ids = {row.ip: row.id for row in session.scalars(select(StaffSession))}

    text = ana.client.get("/staff/account/sessions").text
    assert "Firefox unter Linux" in text
    assert "Safari unter iPhone" in text
    assert "203.0.113.0/24" in text
    ana.client.post(f"/staff/account/sessions/{ids['']}/end")
    ana.client.post(f"/staff/account/sessions/{ids['203.0.113.0/24']}/end")

    with app.reading() as session:
        assert set(session.scalars(select(StaffSession.id))) == {ids[""], ids["192.0.2.0/24"]}


def test_a_session_notes_at_times_that_it_is_used_by_somebody_and_not_by_a_page_alone(app: App) -> None:
    ben = seated(app, "ben@example.org", proven=dt.timedelta(minutes=6))

    ben.client.get("/staff/account", headers={"X-By-Itself": "1"})
    with app.reading() as session:
        assert app.now() - session.scalars(select(StaffSession)).one().seen_at > dt.timedelta(minutes=5)
    ben.client.get("/staff/account")

    with app.reading() as session:
        found = session.scalars(select(StaffSession)).one()
    assert app.now() - found.seen_at < dt.timedelta(minutes=1)
    assert app.now() - found.proven_at > dt.timedelta(minutes=5)


# The audit log.


@pytest.fixture
def log(app: App) -> None:
    """A hundred and twenty acts of the command line, one a minute."""
    with app.writing() as session:
        for number in range(120):
            at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
            audit.record(session, "issue.save", f"issue:{number}", by=BY, now=at, revision=number)


@pytest.mark.usefixtures("log")
def test_the_log_is_read_page_by_page(ana: Seated) -> None:
    query: dict[str, str] = {"subject": "issue"}
    seen: list[str] = []
    for _ in range(3):
        text = ana.client.get("/staff/audit", params=query).text
        seen += [part.partition("<")[0] for part in text.split("subject=issue%3A")[1:]]
        _, found, rest = text.partition('name="after" value="')
        query["after"] = rest.partition('"')[0] if found else ""

    assert [each.partition(">")[2] for each in seen] == [f"issue:{number}" for number in range(119, -1, -1)]
    assert query["after"] == ""


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "query",
    [
        "since=2026-13-01&until=x",
        "since=0001-01-01&until=9999-12-31",
        "after=x&actor=%00",
        "subject=" + "x" * 5000,
        "actor='; DROP TABLE audit_entry; --",
    ],
)
def test_nonsense_in_a_filter_harms_nothing(app: App, ana: Seated, query: str) -> None:
    assert ana.client.get(f"/staff/audit?{query}").status_code == 200
    with app.reading() as session:
        assert len(session.scalars(select(AuditEntry.id)).all()) >= 120


@pytest.mark.usefixtures("log")
def test_the_log_is_saved_as_it_is_filtered_and_that_stands_in_it(app: App, ana: Seated) -> None:
    answer = ana.client.post("/staff/audit/export", data={"subject": "issue", "until": "2026-11-20"})

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["at", "actor", "action", "action_name", "subject", "details"]
    assert rows[1] == [
        "2026-11-20T01:59:00+00:00",
        "command line",
        "issue.save",
        "Ausgabe gespeichert",
        "issue:119",
        '{"revision": 119}',
    ]
    assert len(rows) == 121
    with app.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "audit.export")).one()
    assert entry.actor_name == "ana@example.org"


def test_what_stands_in_the_log_is_shown_as_text(app: App, ana: Seated) -> None:
    with app.writing() as session:
        audit.record(session, "list.create", "list:1", by=BY, now=app.now(), name="<script>alert(1)</script>")

    text = ana.client.get("/staff/audit").text

    assert "alert(1)" in text
    assert "<script>" not in text

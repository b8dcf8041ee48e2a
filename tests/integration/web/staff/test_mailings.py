"""S4: how a mailing gets on, who got it, and what is done for those who did not; all issues, copies, corrections."""

import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.delivery import dispatching
from newsletter.delivery.models import Delivery, Mailing, StopCause
from newsletter.delivery.verdicts import Reply, Step
from newsletter.issues import approving, revisions
from subscribers import lists
from subscribers.audit import AuditEntry
from tests.support.composing import an_issue, content, state
from tests.support.ledgers import Clock, a_reader, a_worker
from tests.support.makers import BY
from tests.support.memory import MemoryTransport
from tests.support.staff import Seated, seated, sqlite_alone
from tests.support.web import Client

HERE = "/staff/mailings/1"
NAMES = ("anna", "bert", "carla", "dora")


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def ben(app: App) -> Client:
    """An approver; issue 1 is due to four people by mailing 1."""
    an_issue(app, "Fest am See")
    with app.writing() as session:
        for name in NAMES:
            a_reader(session, lists.named(session, "region"), f"{name}@posteo.de")
        issue = revisions.issue(session, 1)
        approving.approve(session, issue, site=app.site, by=BY, now=app.now())
        dispatching.send(session, issue, at=None, by=BY, now=app.now())
    return seated(app, "ben@example.org", Grant(Role.APPROVER)).client


def send(app: App, **replies: Reply) -> MemoryTransport:
    """A worker sends what is due; some are answered otherwise than by 250."""
    relay = MemoryTransport(lambda address: replies.get(address.partition("@")[0]))
    a_worker(app.database, relay, clock=Clock(app.now())).run_until_idle()
    return relay


def in_doubt(app: App, name: str) -> int:
    """The connection broke before the reply to somebody; their position."""
    with app.writing() as session:
        row = session.scalars(select(Delivery).where(Delivery.address == f"{name}@posteo.de")).one()
        row.state, row.reply, row.code = "unknown", "the connection broke", None
        return row.position


def waiting(app: App) -> list[Delivery]:
    with app.reading() as session:
        return list(session.scalars(select(Delivery).where(Delivery.state != "accepted")))


GONE = Reply(Step.RCPT, 550, "5.1.1", "No such user")
FULL = Reply(Step.RCPT, 452, "4.2.2", "Over quota")


def test_what_is_due_later_shows_its_time_and_is_looked_at_seldom_until_it_is_near(app: App, ben: Client) -> None:
    def due(at: dt.datetime) -> str:
        with app.writing() as session:
            session.execute(update(Mailing).values(due_at=at))
        return str(ben.get(HERE).text)

    far = due(dt.datetime(2126, 11, 24, 9, tzinfo=dt.UTC))
    assert "<strong>Sonntag, 24. November 2126, 10:00 (Europe/Berlin, UTC+1)</strong>" in far
    assert '<live-page pending="slowly">' in far
    assert '<live-page pending="slowly">' in due(app.now() + dt.timedelta(minutes=11))
    assert "<live-page pending>" in due(app.now() + dt.timedelta(minutes=9))
    due(app.now())
    send(app)
    assert "<live-page>" in ben.get(HERE).text


def test_the_numbers_add_up_and_the_reasons_are_words(app: App, ben: Client) -> None:
    send(app, anna=GONE, bert=FULL)

    text = " ".join(ben.get(HERE).text.split())

    assert "3 von 4" in text
    assert text.index(">Vom Mailserver angenommen</a></th><td>2<") < text.index(">Alle Empfänger</a></th><td>4<")
    assert 'Die Adresse gibt es nicht (mehr)</strong><p class="quiet">Abgelehnt' in text
    assert "Das Postfach ist voll" in text
    assert "450" not in text
    assert "452 Over quota" in text


def test_it_is_paused_goes_on_and_is_stopped(app: App, ben: Client) -> None:
    assert "Angehalten von ben@example.org" in ben.post(f"{HERE}/state", data={"act": "pause"}).text
    assert "Der Versand geht weiter." in ben.post(f"{HERE}/state", data={"act": "resume"}).text
    again = ben.post(f"{HERE}/state", data={"act": "resume"})
    assert (again.status_code, "inzwischen in einem anderen Zustand" in again.text) == (409, True)

    assert "Diesen Versand endgültig abbrechen?" in ben.get(f"{HERE}/stop").text
    assert "Abgebrochen: Niemand sonst bekommt sie." in ben.post(f"{HERE}/state", data={"act": "stop"}).text
    assert send(app).sent == []
    assert ben.get(f"{HERE}/stop").status_code == 409


def test_what_has_begun_is_not_called_back(app: App, ben: Client) -> None:
    send(app, anna=FULL)

    answer = ben.post(f"{HERE}/state", data={"act": "call-back"})

    assert (answer.status_code, "Das Zurückholen ging nicht mehr" in answer.text) == (409, True)
    assert state(app, 1) == "sending"


def test_why_the_system_has_paused_it_stands_there_with_what_to_do(app: App, ben: Client) -> None:
    with app.writing() as session:
        session.execute(
            update(Mailing).values(state="paused", stopped_for=StopCause.FAULT.value, reason="554 5.7.1 Blocked")
        )

    text = ben.get(HERE).text

    assert "angehalten: 554 5.7.1 Blocked." in text
    assert "Beheben Sie, was nicht stimmt" in text


def test_the_names_are_listed_by_state_and_one_is_looked_up(app: App, ben: Client) -> None:
    send(app, anna=GONE)

    refused = ben.get(f"{HERE}/recipients?state=rejected").text
    assert "anna@posteo.de" in refused
    assert "bert@posteo.de" not in refused
    found = ben.post(f"{HERE}/recipients", data={"address": "Bert@POSTEO.de"}).text
    assert found.count("@posteo.de") == 1
    assert "geht nicht an diese Adresse" in ben.post(f"{HERE}/recipients", data={"address": "x@posteo.de"}).text
    assert ben.post(f"{HERE}/recipients", data={"address": "x"}).status_code == 400
    assert ben.get(f"{HERE}/recipients?state=nonsense&after=x").status_code == 200


def test_a_hundred_names_are_a_page(app: App, ben: Client) -> None:
    with app.writing() as session:
        for number in range(98):
            a_reader(session, lists.named(session, "region"), f"r{number}@posteo.de")
    send(app)

    first = ben.get(f"{HERE}/recipients").text

    assert "recipients?state=&amp;after=100" in first
    assert ben.get(f"{HERE}/recipients?after=100").text.count("@posteo.de") == 2


def test_whoever_manages_people_takes_the_list_along_and_the_log_tells(app: App, ben: Client) -> None:
    send(app, anna=GONE)
    lisa: Seated = seated(app, "lisa@example.org", Grant(Role.LIST_ADMIN))
    assert "Als CSV" not in ben.get(f"{HERE}/recipients").text
    assert "Als CSV" in lisa.client.get(f"{HERE}/recipients").text

    answer = lisa.client.post(f"{HERE}/recipients/export", data={"state": "rejected"})

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["position", "address", "state"]
    assert [row[:3] for row in rows[1:]] == [["1", "anna@posteo.de", "rejected"]]
    with app.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "mailing.export")).one()
    assert (entry.actor_name, entry.subject) == ("lisa@example.org", "mailing:1")


def test_the_missed_are_named_and_then_sent_to(app: App, ben: Client) -> None:
    assert "Noch wurde niemand ausgelassen" in ben.get(f"{HERE}/missed").text
    send(app, anna=GONE)
    asked = ben.get(f"{HERE}/missed").text
    assert "an 1 Person senden" in asked
    assert "anna@posteo.de" in asked

    answer = ben.post(f"{HERE}/missed")

    assert str(answer.url).endswith("/staff/mailings/2?done=missed-sent")
    assert [address for address, _ in send(app).sent] == ["anna@posteo.de"]
    again = ben.post(f"{HERE}/missed")
    assert (again.status_code, "Niemand wurde ausgelassen" in again.text) == (409, True)


def test_one_in_doubt_is_sent_once_more(app: App, ben: Client) -> None:
    send(app)
    position = in_doubt(app, "carla")
    assert "Zweifelsf" in ben.get(HERE).text
    assert f"resend?position={position}" in ben.get(f"{HERE}/recipients?state=unknown").text
    assert "carla@posteo.de" in ben.get(f"{HERE}/resend?position={position}").text

    ben.post(f"{HERE}/resend", data={"position": str(position)})

    assert [(row.address, row.state) for row in waiting(app)] == [("carla@posteo.de", "queued")]
    again = ben.post(f"{HERE}/resend", data={"position": str(position)})
    assert (again.status_code, "Nichts zu entscheiden" in again.text) == (409, True)
    assert ben.get(f"{HERE}/resend?position=77").status_code == 404


def test_all_issues_stand_in_a_list_and_one_is_copied(app: App, ben: Client) -> None:
    send(app)
    text = ben.get("/staff/publications/aktuell/issues").text
    assert 'href="/staff/mailings/1"' in text

    answer = ben.post("/staff/issues/1/copy")

    assert str(answer.url).endswith("/staff/issues/2/edit?done=copied")
    assert content(app, 2) == content(app, 1)
    assert (state(app, 1), state(app, 2)) == ("sent", "draft")


def test_a_sent_issue_is_corrected_on_its_archive_page(app: App, ben: Client) -> None:
    assert ben.get("/staff/issues/1/correct").status_code == 404
    send(app)
    page = ben.get("/staff/issues/1/correct").text
    archived = page.partition('crumb"><a href="')[2].partition('"')[0]
    assert ben.post("/staff/issues/1/correct", data={"text": " "}).status_code == 400

    answer = ben.post("/staff/issues/1/correct", data={"text": "Beginn ist um 15 Uhr."})

    assert "Die Korrektur steht im Archiv über der Ausgabe." in answer.text
    assert "Beginn ist um 15 Uhr." in ben.get(archived).text

"""The alerts: what waits for whom, and taking one on."""

from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.delivery.alerts import causes, raising
from newsletter.delivery.alerts.causes import Cause
from newsletter.delivery.alerts.models import Alert
from subscribers.lists import named
from tests.support.alerts import FULL
from tests.support.ledgers import a_mailing_to
from tests.support.makers import a_list, a_publication
from tests.support.staff import seated, sqlite_alone
from tests.support.web import Client

COUNT = '<span class="count">'


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: both are asked in the tests of alerts."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def sender(app: App) -> Client:
    return seated(app, "ana@example.org", Grant(Role.APPROVER)).client


def raised(app: App, cause: Cause = FULL) -> int:
    with app.writing() as session:
        raising.raise_alert(session, cause, now=app.now())
        return session.scalars(select(Alert.id).order_by(Alert.id.desc())).first() or 0


def about_a_mailing(app: App) -> Cause:
    """In doubt: whether three readers of `Region aktuell` got it."""
    with app.writing() as session:
        mailing = a_mailing_to(session, named(session, "region"))
        return causes.deliveries_unknown(mailing.id, "Fest am See", number=3)


def test_nothing_waits_and_the_page_says_so(sender: Client) -> None:
    text = sender.get("/staff/alerts").text

    assert "Nichts wartet auf jemanden." in text
    assert COUNT not in text


def test_what_waits_is_told_with_what_to_do_and_counted_on_every_page(app: App, sender: Client) -> None:
    raised(app)

    text = sender.get("/staff/alerts").text

    assert "mail-2 kann nicht senden" in text
    assert "Was zu tun ist" in text
    assert "anna@posteo.de" not in text
    assert COUNT in sender.get("/staff/sources").text


def test_whoever_takes_it_on_is_named_and_the_next_one_is_told(app: App, sender: Client) -> None:
    alert = raised(app)

    answer = sender.post(f"/staff/alerts/{alert}/acknowledge")
    assert "Sie kümmern sich darum" in answer.text
    assert "übernommen von ana@example.org" in answer.text
    assert COUNT not in answer.text

    other = seated(app, "ben@example.org", Grant(Role.APPROVER)).client
    assert "Jemand anderes war schneller" in other.post(f"/staff/alerts/{alert}/acknowledge").text


def test_what_is_over_stands_below(app: App, sender: Client) -> None:
    raised(app)
    with app.writing() as session:
        raising.end_alert(session, FULL.key, now=app.now())

    text = sender.get("/staff/alerts").text

    assert text.index("Nichts wartet auf jemanden.") < text.index("Frühere") < text.index("mail-2 kann nicht senden")


def test_an_alert_of_a_mailing_leads_to_it_and_is_for_those_of_its_publication(app: App, sender: Client) -> None:
    alert = raised(app, about_a_mailing(app))
    with app.writing() as session:
        other = a_publication(session, a_list(session, "kultur"), "kultur").id
    elsewhere = seated(app, "eva@example.org", Grant(Role.APPROVER, other)).client

    assert 'href="/staff/mailings/1"' in sender.get("/staff/alerts").text
    assert "Nichts wartet auf jemanden." in elsewhere.get("/staff/alerts").text
    assert COUNT not in elsewhere.get("/staff/alerts").text
    assert elsewhere.post(f"/staff/alerts/{alert}/acknowledge").status_code == 403


def test_an_alert_of_a_machine_is_seen_by_all_who_send_and_taken_on_by_those_of_all_publications(app: App) -> None:
    alert = raised(app)
    somebody = seated(app, "eva@example.org", Grant(Role.APPROVER, 1)).client

    text = somebody.get("/staff/alerts").text

    assert "mail-2 kann nicht senden" in text
    assert "Für jemanden, der für alle Publikationen versenden darf." in text
    assert somebody.post(f"/staff/alerts/{alert}/acknowledge").status_code == 403


def test_an_alert_that_is_none_is_not_found(sender: Client) -> None:
    assert sender.post("/staff/alerts/7/acknowledge").status_code == 404
    assert sender.post("/staff/alerts/99999999999/acknowledge").status_code == 404

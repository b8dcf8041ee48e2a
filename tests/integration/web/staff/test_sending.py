"""S3: what would go out, to whom and when; tried, approved, scheduled, and called back."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.delivery.models import Mailing
from newsletter.delivery.scheduling import GRACE
from newsletter.delivery.verdicts import Reply, Step
from newsletter.issues import approving, revisions
from newsletter.issues.models import Issue, Publication
from subscribers import lists
from subscribers.models import SubscriptionState
from tests.support.composing import Desk, an_issue, content, state
from tests.support.ledgers import Clock, a_reader, a_worker
from tests.support.makers import BY
from tests.support.memory import MemoryTransport
from tests.support.staff import seated, sqlite_alone
from tests.support.web import Client

HERE = "/staff/issues/1/send"


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture
def ben(app: App) -> Client:
    """An approver; the issue 1 is a draft, and two people are on the list."""
    an_issue(app, "Fest am See", "Neues Rathaus")
    readers(app, "anna", "bert")
    return seated(app, "ben@example.org", Grant(Role.APPROVER)).client


def readers(app: App, *names: str, **fields: SubscriptionState) -> None:
    with app.writing() as session:
        for name in names:
            a_reader(session, lists.named(session, "region"), f"{name}@posteo.de", **fields)


def approved(app: App) -> None:
    with app.writing() as session:
        approving.approve(session, revisions.issue(session, 1), site=app.site, by=BY, now=app.now())


def mailing_of(app: App) -> Mailing:
    with app.reading() as session:
        return session.scalars(select(Mailing).where(Mailing.kind == "issue").order_by(Mailing.id.desc())).first()  # type: ignore[return-value]  # there is one


def later(client: Client, at: str, **more: str) -> str:
    """The page that asks once more, or says why not."""
    return str(client.get(f"{HERE}/confirm", params={"when": "later", "at": at, **more}).text)


def test_the_page_tells_who_gets_it_and_who_does_not(app: App, ben: Client) -> None:
    readers(app, "carla", state=SubscriptionState.PENDING)
    readers(app, "dora", "emil", state=SubscriptionState.LEFT)

    text = ben.get(HERE).text

    assert "<strong>2 Personen</strong> auf der Liste „Region aktuell“" in text
    assert "Nicht dabei: 1 hat nicht bestätigt, 2 haben sich abgemeldet." in text
    assert "Presse &lt;presse@example.org&gt;" in text


def test_what_the_checks_find_leads_to_its_field(ben: Client) -> None:
    Desk.open(ben, 1).typed(subject="").press()

    text = ben.get(HERE).text

    assert 'href="/staff/issues/1/edit#subject"' in text
    assert 'id="approve"' not in text


def test_the_composer_saves_and_leads_on(app: App, ben: Client) -> None:
    desk = Desk.open(ben, 1).typed(subject="Noch schnell")

    answer = ben.post(desk.path, data={**desk.fields, "act": "to-send"}, follow_redirects=False)

    assert answer.headers["location"] == HERE
    assert content(app, 1).subject == "Noch schnell"


def test_a_test_goes_to_oneself_and_the_page_says_what_became_of_it(app: App, ben: Client) -> None:
    assert "Unterwegs" in ben.post(f"{HERE}/test", data={"to": "me"}).text
    ben.post(f"{HERE}/test", data={"to": "other", "address": "chefin@example.org"})
    ben.post(f"{HERE}/test", data={"to": "other", "address": "dritte@example.org"})
    replies = {
        "chefin@example.org": Reply(Step.RCPT, 550, "5.1.1", "No such user"),
        "dritte@example.org": Reply(Step.FINAL_DOT, 554, "5.7.1", "Spam"),
    }
    relay = MemoryTransport(replies.get)
    a_worker(app.database, relay, clock=Clock(app.now())).run_until_idle()

    text = ben.get(HERE).text

    assert [address for address, _ in relay.sent] == ["ben@example.org", "chefin@example.org", "dritte@example.org"]
    assert text.index("Angehalten: Jemand muss") < text.index("dritte@") < text.index("5.7.1 Spam")
    assert text.index("Abgelehnt") < text.index("chefin@example.org") < text.index("550 No such user")
    assert text.index("550 No such user") < text.index("Vom Mailserver angenommen")
    assert "pending" not in text.partition("<live-page")[2].partition(">")[0]
    others = seated(app, "cleo@example.org", Grant(Role.EDITOR)).client
    assert "noch keinen Test" in others.get(HERE).text


def test_an_address_that_is_none_is_told_at_its_field(ben: Client) -> None:
    answer = ben.post(f"{HERE}/test", data={"to": "other", "address": "chefin"})

    assert answer.status_code == 400
    assert 'value="chefin" aria-invalid="true"' in answer.text


def test_with_four_eyes_the_second_person_approves(app: App, ben: Client) -> None:
    with app.writing() as session:
        session.execute(update(Publication).values(four_eyes=True))
    assert 'id="approve"' not in ben.get(HERE).text

    assert "Eingereicht" in ben.post(f"{HERE}/state", data={"act": "submit", "revision": "1"}).text
    refused = ben.post(f"{HERE}/state", data={"act": "approve", "revision": "1"})
    cleo = seated(app, "cleo@example.org", Grant(Role.APPROVER)).client

    assert (refused.status_code, "Sie haben diese Ausgabe eingereicht" in refused.text) == (409, True)
    assert "Ansehen und freigeben" in cleo.get("/staff/").text
    assert "Freigegeben." in cleo.post(f"{HERE}/state", data={"act": "approve", "revision": "1"}).text
    assert state(app, 1) == "approved"
    assert "Entwurf" in cleo.post(f"{HERE}/state", data={"act": "call-back", "revision": "1"}).text


def test_nobody_approves_what_they_have_not_seen(app: App, ben: Client) -> None:
    Desk.open(ben, 1).typed(subject="Ein anderer Betreff").press()

    answer = ben.post(f"{HERE}/state", data={"act": "approve", "revision": "1"})

    assert answer.status_code == 409
    assert "Inzwischen hat jemand diese Ausgabe geändert" in answer.text
    assert state(app, 1) == "draft"


def test_the_time_is_written_out_asked_once_more_and_kept(app: App, ben: Client) -> None:
    approved(app)

    asked = later(ben, "2036-11-24T10:00")
    answer = ben.post(f"{HERE}/schedule", data={"when": "later", "at": "2036-11-24T10:00"})

    assert "An 2 Personen senden?" in asked
    assert "Montag, 24. November 2036, 10:00 (Europe/Berlin, UTC+1)" in asked
    assert state(app, 1) == "scheduled"
    assert mailing_of(app).due_at == dt.datetime(2036, 11, 24, 9, tzinfo=dt.UTC)
    assert "Montag, 24. November 2036, 10:00 (Europe/Berlin, UTC+1)" in answer.text


def test_now_is_in_five_minutes_and_can_be_called_back(app: App, ben: Client) -> None:
    approved(app)
    before = app.now()
    assert "In fünf Minuten an 2 Personen senden?" in ben.get(f"{HERE}/confirm?when=now").text

    answer = ben.post(f"{HERE}/schedule", data={"when": "now"})

    made = mailing_of(app)
    assert before + GRACE <= made.due_at <= app.now() + GRACE
    assert "Die Ausgabe geht in fünf Minuten hinaus." in answer.text
    back = ben.post(f"/staff/mailings/{made.id}/state", data={"act": "call-back"})
    assert str(back.url).endswith(f"{HERE}?done=taken-back")
    assert state(app, 1) == "approved"
    assert mailing_of(app).state == "cancelled"
    ben.post(f"{HERE}/schedule", data={"when": "now"})
    assert mailing_of(app).id != made.id


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2036-03-30T02:30", "Auf 30. März 2036, 01:59 folgt eine Minute später 30. März 2036, 03:00."),
        ("2036-10-26T02:30", "Diese Uhrzeit gibt es zweimal"),
        ("2020-01-01T10:00", "Dieser Zeitpunkt ist vorbei."),
        ("0001-01-01T00:00", "Bitte geben Sie Datum und Uhrzeit an"),
        ("morgen", "Bitte geben Sie Datum und Uhrzeit an"),
        ("", "Bitte geben Sie Datum und Uhrzeit an"),
    ],
)
def test_a_time_that_cannot_be_is_refused_at_its_field(app: App, ben: Client, at: str, said: str) -> None:
    approved(app)

    asked = later(ben, at)
    posted = ben.post(f"{HERE}/schedule", data={"when": "later", "at": at})

    assert said in asked
    assert (posted.status_code, said in posted.text) == (400, True)
    assert state(app, 1) == "approved"


def test_of_two_times_that_are_one_on_the_wall_the_chosen_one_counts(app: App, ben: Client) -> None:
    approved(app)
    assert "02:30 (Europe/Berlin, UTC+2)" in later(ben, "2036-10-26T02:30")

    assert "02:30 (Europe/Berlin, UTC+1)" in later(ben, "2036-10-26T02:30", fold="1")
    ben.post(f"{HERE}/schedule", data={"when": "later", "at": "2036-10-26T02:30", "fold": "1"})

    assert mailing_of(app).due_at == dt.datetime(2036, 10, 26, 1, 30, tzinfo=dt.UTC)


def test_for_far_more_people_than_usual_the_number_is_typed(app: App, ben: Client) -> None:
    approved(app)
    ben.post(f"{HERE}/schedule", data={"when": "now"})
    with app.writing() as session:
        session.execute(update(Mailing).values(state="sent", planned_at=app.now(), next_position=2))
        session.execute(update(Issue).values(state="sent"))
    ben.post("/staff/issues/1/copy")
    ben.post("/staff/issues/2/send/state", data={"act": "approve", "revision": "1"})
    readers(app, "carla")
    path, form = "/staff/issues/2/send/schedule", {"when": "now", "shown": "3"}
    assert "Tippen Sie die Zahl 3 ein" in ben.get("/staff/issues/2/send/confirm?when=now").text

    for typed in ("", "2"):
        answer = ben.post(path, data={**form, "typed": typed})
        assert (answer.status_code, "Das ist nicht die Zahl." in answer.text) == (400, True)
    assert state(app, 2) == "approved"
    ben.post(path, data={**form, "typed": "3"})

    assert state(app, 2) == "scheduled"


def test_what_was_approved_and_would_look_otherwise_now_is_not_sent(app: App, ben: Client) -> None:
    approved(app)
    with app.writing() as session:
        session.execute(update(Publication).values(imprint="Anderswo"))

    answer = ben.post(f"{HERE}/schedule", data={"when": "now"})

    assert (answer.status_code, "seit der Freigabe geändert" in answer.text) == (409, True)
    assert state(app, 1) == "draft"


def test_whoever_may_not_send_is_told_who_settles_it(app: App, ben: Client) -> None:
    approved(app)
    assert 'id="schedule"' in ben.get(HERE).text
    editor = seated(app, "ana@example.org", Grant(Role.EDITOR)).client

    text = editor.get(HERE).text

    assert "entscheidet, wer diese Publikation versenden darf" in text
    assert 'id="schedule"' not in text


def test_tomorrow_at_ten_is_proposed_for_the_first_issue(app: App, ben: Client) -> None:
    approved(app)

    tomorrow = app.now().astimezone(app.settings.zone).date() + dt.timedelta(days=1)

    assert f'value="{tomorrow}T10:00"' in ben.get(HERE).text

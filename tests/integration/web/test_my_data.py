import datetime as dt
import json
import re

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.delivery import ledger, planning
from newsletter.delivery.models import Delivery, Mailing, Window
from newsletter.web import limits
from subscribers import consent, people, suppression, tokens
from subscribers.address import EmailAddress
from subscribers.models import MailingList, Subscriber, SuppressionReason
from tests.support.ledgers import a_mailing_to
from tests.support.makers import BY, SECRET
from tests.support.web import Client, Reader, a_reader, dump, mails_to, records_of, state_of

ANNA, NEW = "anna@posteo.de", "anna.neu@gmx.de"
KINDS = ["download", "erase", "change-address"]


@pytest.fixture
def anna(app: App) -> Reader:
    return a_reader(app, ANNA, confirmed=True)


@pytest.fixture
def settings(anna: Reader) -> str:
    """The settings page of somebody who gets the list."""
    return f"/preferences/{tokens.preferences(SECRET, anna.subscription_id)}"


def links_to(app: App, address: str) -> list[str]:
    """The pages that the mails to an address link to, for errands."""
    return [f"/my-data/{mail.fields['errand_path']}" for mail in mails_to(app, address) if "errand_path" in mail.fields]


def link(app: App, client: Client, settings: str, kind: str) -> str:
    """Ask for an errand on the settings page, and look into the inbox."""
    client.post(f"{settings}/my-data", data={"errand": kind})
    return links_to(app, ANNA)[-1]


def later(app: App, monkeypatch: pytest.MonkeyPatch, **duration: float) -> None:
    then = app.now() + dt.timedelta(**duration)
    monkeypatch.setattr("newsletter.app.now", lambda: then)


def test_asking_mails_a_link_to_the_address_and_shows_nothing(app: App, client: Client, settings: str) -> None:
    for kind in KINDS:
        answer = client.post(f"{settings}/my-data", data={"errand": kind})

        assert answer.status_code == 200
        assert "Bitte sehen Sie in Ihr Postfach" in answer.text
        assert "a…@p…" in answer.text
        assert ANNA not in answer.text
        path = links_to(app, ANNA)[-1]
        assert path.startswith(f"/my-data/{kind}/")
        assert path.rpartition("/")[2] not in answer.text
    assert len(links_to(app, ANNA)) == 3


def test_asking_again_at_once_mails_nothing_and_answers_the_same(app: App, client: Client, settings: str) -> None:
    answers = [client.post(f"{settings}/my-data", data={"errand": "erase"}).text for _ in range(8)]

    assert len(set(answers)) == 1
    assert len(links_to(app, ANNA)) == 1


def test_somebody_blocked_gets_the_same_answer(app: App, client: Client, settings: str) -> None:
    free = client.post(f"{settings}/my-data", data={"errand": "erase"}).text
    with app.writing() as session:
        address = EmailAddress.parse(ANNA)
        suppression.add(session, address, SuppressionReason.BLOCKED, secret=SECRET, by=BY, now=app.now())

    assert client.post(f"{settings}/my-data", data={"errand": "erase"}).text == free


def test_an_errand_that_is_none_shows_the_settings(app: App, client: Client, settings: str) -> None:
    before = dump(app)

    answers = [client.post(f"{settings}/my-data", data={"errand": each}) for each in ("", "new-address", "x", "\0")]

    answers.append(client.get(f"{settings}/my-data"))
    assert all("<h1>Ihre Einstellungen</h1>" in answer.text for answer in answers)
    assert all(f'<form method="post" action="{settings}"' in answer.text for answer in answers)
    assert dump(app) == before


def test_one_mailbox_gets_few_mails_whoever_asks(app: App, client: Client, settings: str) -> None:
    for hour in range(3):
        with pytest.MonkeyPatch.context() as patch:
            later(app, patch, minutes=11 * hour)
            for kind in KINDS:
                client.post(f"{settings}/my-data", data={"errand": kind})

    assert len(links_to(app, ANNA)) <= limits.PER_ADDRESS.burst + 2


def test_a_visitor_who_asks_very_often_is_asked_to_wait(app: App, client: Client, settings: str) -> None:
    for _ in range(limits.PER_VISITOR.burst):
        client.post(f"{settings}/my-data", data={"errand": "erase"})
    answer = client.post(f"{settings}/my-data", data={"errand": "erase"})

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert len(links_to(app, ANNA)) == 1


def test_looking_changes_nothing(app: App, client: Client, settings: str) -> None:
    paths = [link(app, client, settings, kind) for kind in KINDS]
    before = dump(app)

    for path in paths:
        answers = [client.get(path), client.head(path), client.post(path), client.post(path, content=b"\x00\xff=1")]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 200]
        assert all(answer.headers["X-Robots-Tag"] == "noindex, nofollow" for answer in answers)
        assert all(answer.headers["Cache-Control"] == "no-store" for answer in answers)
    assert dump(app) == before


def test_a_link_that_is_too_old_says_so_and_mails_a_new_one(
    app: App, client: Client, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [link(app, client, settings, kind) for kind in KINDS]
    later(app, monkeypatch, minutes=61)

    for path in paths:
        for data in (None, {"go": "yes", "email": NEW}):
            answer = client.request("POST" if data else "GET", path, data=data)
            assert answer.status_code == 410
            assert "Dieser Link gilt nicht mehr" in answer.text
            assert "@" not in answer.text.partition("<main")[2].partition("</main>")[0]
        answer = client.post(path, data={"again": "yes"})
        assert "Bitte sehen Sie in Ihr Postfach" in answer.text
        assert client.get(links_to(app, ANNA)[-1]).status_code == 200
    assert state_of(app, ANNA) == "confirmed"
    assert len(links_to(app, ANNA)) == 6


def test_forged_links_and_those_of_another_purpose_do_nothing(
    app: App, client: Client, anna: Reader, settings: str
) -> None:
    made = {kind: link(app, client, settings, kind).rpartition("/")[2] for kind in KINDS}
    foreign = [anna.leave_token, anna.confirm_token, settings.rpartition("/")[2], tokens.view(SECRET, 1), "x" * 5000]
    before = dump(app)

    for kind in (*KINDS, "new-address", "nonsense"):
        for token in (*foreign, *(token for other, token in made.items() if other != kind)):
            for data in (None, {"go": "yes", "email": NEW, "again": "yes"}):
                answer = client.request("POST" if data else "GET", f"/my-data/{kind}/{token}", data=data)
                assert answer.status_code == 404
                assert "Dieser Link funktioniert nicht" in answer.text
    assert dump(app) == before


def test_my_data_can_be_had_as_a_file_and_to_read(app: App, client: Client, settings: str) -> None:
    path = link(app, client, settings, "download")

    file = client.post(path, data={"go": "file"})
    page = client.post(path, data={"go": "page"})

    assert file.headers["Content-Type"] == "application/json; charset=utf-8"
    assert file.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert file.headers["Cache-Control"] == page.headers["Cache-Control"] == "no-store"
    assert ANNA in json.dumps(json.loads(file.text))
    assert ANNA in page.text
    assert "<script" not in page.text


def test_markup_in_my_data_is_shown_as_text(app: App, client: Client, settings: str) -> None:
    with app.writing() as session:
        session.execute(update(Subscriber).values(last_name="<script>alert(1)</script>"))

    page = client.post(link(app, client, settings, "download"), data={"go": "page"}).text

    assert "alert(1)" in page
    assert "<script" not in page


def test_deleting_says_goodbye_also_when_pressed_again(app: App, client: Client, settings: str) -> None:
    path = link(app, client, settings, "erase")
    shown = client.get(path).text
    assert "Was gelöscht wird" in shown
    assert "Was bleibt" in shown

    answers = [client.post(path, data={"go": "yes"}) for _ in range(2)] + [client.get(path)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("Ihre Daten sind gelöscht" in answer.text for answer in answers)
    with app.reading() as session:
        assert people.find(session, EmailAddress.parse(ANNA)) is None
    assert "Hier gibt es nichts mehr einzustellen" in client.get(settings).text


def test_a_change_of_address_needs_both_mailboxes(app: App, client: Client, anna: Reader, settings: str) -> None:
    path = link(app, client, settings, "change-address")

    answer = client.post(path, data={"go": "yes", "email": " Anna.Neu@GMX.de "})
    assert "Bitte sehen Sie in Ihr neues Postfach" in answer.text
    assert state_of(app, ANNA) == "confirmed"
    (confirm,) = links_to(app, NEW)
    shown = client.get(confirm).text
    assert "A…@g…" in shown
    assert ANNA not in shown
    assert NEW not in shown.lower()

    changed = client.post(confirm, data={"go": "yes"})

    assert "Ihre Adresse ist geändert" in changed.text
    assert state_of(app, NEW) == "confirmed"
    assert state_of(app, ANNA) is None
    assert records_of(app)[-1].kind == "address changed"
    note = mails_to(app, ANNA)[-1]
    assert (note.subscriber_id, note.subscription_id) == (None, anna.subscription_id)
    with app.reading() as session:
        assert session.get_one(Mailing, note.mailing_id).name == "address-changed"
        assert consent.verify(session, secret=SECRET).holds


def test_each_link_of_a_change_counts_once(app: App, client: Client, settings: str) -> None:
    path = link(app, client, settings, "change-address")
    client.post(path, data={"go": "yes", "email": NEW})
    (confirm,) = links_to(app, NEW)
    client.post(confirm, data={"go": "yes"})
    before = dump(app)

    assert client.post(confirm, data={"go": "yes"}).status_code == 410
    assert client.post(path, data={"go": "yes", "email": "eve@posteo.de"}).status_code == 410
    assert "Wenn Ihre Adresse schon geändert ist, ist alles getan." in client.post(confirm, data={"again": "yes"}).text
    assert dump(app) == before


def test_a_mail_to_the_new_address_goes_out_although_it_is_nobodys_yet(app: App, client: Client, settings: str) -> None:
    client.post(link(app, client, settings, "change-address"), data={"go": "yes", "email": NEW})

    assert addresses_sent(app) == {ANNA, NEW}

    client.post(links_to(app, NEW)[0], data={"go": "yes"})
    assert addresses_sent(app) == {ANNA}, "the note to the old mailbox"


def test_what_was_planned_for_the_old_address_is_excluded(app: App, client: Client, settings: str) -> None:
    with app.writing() as session:
        mailing = a_mailing_to(session, session.scalars(select(MailingList)).one(), due_at=app.now())
        while planning.plan_chunk(session, mailing.id, now=app.now()):
            pass
    client.post(link(app, client, settings, "change-address"), data={"go": "yes", "email": NEW})
    client.post(links_to(app, NEW)[0], data={"go": "yes"})

    addresses_sent(app)

    planned = [mail for mail in mails_to(app, ANNA) if mail.mailing_id == mailing.id]
    assert [(mail.state, mail.reason) for mail in planned] == [("excluded", "address changed")]


def test_a_known_a_suppressed_and_a_free_new_address_get_the_same_answer(
    app: App, client: Client, settings: str
) -> None:
    a_reader(app, "ben@posteo.de", confirmed=True)
    with app.writing() as session:
        complained = EmailAddress.parse("zoe@posteo.de")
        suppression.add(session, complained, SuppressionReason.COMPLAINED, secret=SECRET, by=BY, now=app.now())
    path = link(app, client, settings, "change-address")

    known, suppressed, free = (
        client.post(path, data={"go": "yes", "email": f"{name}@posteo.de"}).text.replace(f"{name}@", "x@")
        for name in ("ben", "zoe", "eva")
    )

    assert known == suppressed == free
    assert links_to(app, "zoe@posteo.de") == []


def test_an_address_that_is_somebodys_is_told_to_its_owner_alone(app: App, client: Client, settings: str) -> None:
    a_reader(app, NEW, confirmed=True)
    client.post(link(app, client, settings, "change-address"), data={"go": "yes", "email": NEW})

    answer = client.post(links_to(app, NEW)[-1], data={"go": "yes"})

    assert answer.status_code == 409
    assert "Diese Adresse hat hier schon eigene Einstellungen" in answer.text
    assert 'href="/lists/region?lang=de"' in answer.text
    assert (state_of(app, ANNA), state_of(app, NEW)) == ("confirmed", "confirmed")


def test_a_mistake_is_told_at_the_field(app: App, client: Client, settings: str) -> None:
    path = link(app, client, settings, "change-address")
    before = dump(app)

    for typed in ("anna@", "", "a@b.de\r\nBcc: c@d.de", f"{'x' * 300}@posteo.de", "ANNA@posteo.de"):
        answer = client.post(path, data={"go": "yes", "email": typed})

        assert answer.status_code == 400
        problem = (
            "Das ist die Adresse, die" if typed.startswith("ANNA") else "Das sieht nicht nach einer E-Mail-Adresse"
        )
        assert re.search(rf'id="email-problem">{problem}', answer.text)
        assert 'aria-describedby="email-problem"' in answer.text
    assert dump(app) == before


def test_strangers_are_not_mailed_without_end(app: App, client: Client, settings: str) -> None:
    path = link(app, client, settings, "change-address")

    for number in range(12):
        client.post(path, data={"go": "yes", "email": f"stranger{number}@posteo.de"})

    mailed = [number for number in range(12) if mails_to(app, f"stranger{number}@posteo.de")]
    assert mailed == list(range(limits.PER_ADDRESS.burst))


def test_a_request_from_another_site_can_do_no_more_than_who_holds_the_link(
    app: App, client: Client, settings: str
) -> None:
    """There is no cookie to borrow: without the link there is nothing, with it nothing more is needed."""
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}

    answer = client.post(f"{settings}/my-data", data={"errand": "erase"}, headers=headers)

    assert "set-cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert state_of(app, ANNA) == "confirmed"
    assert links_to(app, ANNA)[0].rpartition("/")[2] not in answer.text


def addresses_sent(app: App) -> set[str]:
    """Whom the senders would mail now; what may not go out is excluded by this."""
    sent: set[str] = set()
    with app.writing() as session:
        for number in range(9):
            lease = ledger.claim(session, "test", token=f"{number:032}", now=app.now())
            if lease is None:
                break
            rows = ledger.read(session, lease, after=0, limit=9, now=app.now())
            sent |= {row.address.lower() for row in rows}
            session.execute(
                update(Delivery)
                .where(Delivery.mailing_id == lease.mailing_id, Delivery.state == "queued")
                .values(state="accepted")
            )
            session.execute(update(Window).where(Window.owner == lease.owner).values(state="done"))
    return sent

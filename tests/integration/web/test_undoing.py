"""From the mail of an issue to the mail that takes the leaving back: everything real but the relay."""

import datetime as dt
import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.app import App
from newsletter.database import Database
from newsletter.delivery import mailings, planning
from newsletter.settings import Settings
from subscribers import consent, suppression, tokens
from subscribers.address import EmailAddress
from subscribers.models import MailingList, Subscriber, Subscription, SuppressionReason
from tests.support.kinds import on_sqlite
from tests.support.ledgers import Clock, a_mailing_to, a_worker, numbers, rows
from tests.support.makers import BY, SECRET, a_list
from tests.support.memory import MemoryTransport
from tests.support.web import Client, a_client, a_reader, an_app, dump, mails_to, records_of, sign_up, state_of

pytestmark = on_sqlite

ANNA, BERT = "anna@posteo.de", "bert@posteo.de"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def undo_path(app: App, address: str = ANNA) -> str:
    """The link of the undo mail that waits for an address."""
    (token,) = [mail.fields["undo_token"] for mail in mails_to(app, address) if "undo_token" in mail.fields]
    return f"/undo/{token}"


@pytest.fixture
def left(app: App, client: Client) -> str:
    """Somebody was taken off the list by one click; gives the path of their undo link."""
    client.post(f"/leave/{a_reader(app, ANNA, confirmed=True).leave_token}", data=ONE_CLICK)
    assert state_of(app, ANNA) == "left"
    return undo_path(app)


def test_looking_changes_nothing_and_shows_only_a_masked_address(app: App, client: Client, left: str) -> None:
    before = dump(app)

    page = client.get(left)

    assert "Angemeldet bleiben?" in page.text
    assert "a…@p…" in page.text
    assert ANNA not in page.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert dump(app) == before


def test_the_button_takes_the_leaving_back_and_a_second_press_says_so(app: App, client: Client, left: str) -> None:
    answers = [client.post(left, data={"undo": "yes"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("Sie bleiben angemeldet" in answer.text for answer in answers)
    assert state_of(app, ANNA) == "confirmed"
    assert [record.kind for record in records_of(app)] == ["requested", "confirmed", "left", "leaving undone"]
    with app.reading() as session:
        assert consent.verify(session, secret=SECRET).holds


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"a=b", b"leave=list", b"List-Unsubscribe=One-Click"])
def test_a_scanner_that_posts_to_the_link_takes_nothing_back(app: App, client: Client, left: str, body: bytes) -> None:
    before = dump(app)

    assert client.post(left, content=body).status_code == 200
    assert dump(app) == before


def test_whoever_is_signed_up_again_by_anybody_can_still_take_the_leaving_back(
    app: App, client: Client, left: str
) -> None:
    with app.writing() as session:  # longer ago than the pause between two confirmation mails
        session.execute(update(Subscription).values(confirmation_sent_at=app.now() - dt.timedelta(days=1)))
    sign_up(client, ANNA)
    assert state_of(app, ANNA) == "pending"

    answer = client.post(left, data={"undo": "yes"})

    assert "Sie bleiben angemeldet" in answer.text
    assert state_of(app, ANNA) == "confirmed"


@pytest.mark.parametrize("reason", ["complained", "bounced", "blocked"])
def test_an_address_that_is_suppressed_since_stays_off(app: App, client: Client, left: str, reason: str) -> None:
    with app.writing() as session:
        address = EmailAddress.parse(ANNA)
        suppression.add(session, address, SuppressionReason(reason), secret=SECRET, by=BY, now=app.now())

    assert [client.get(left).status_code, client.post(left, data={"undo": "yes"}).status_code] == [410, 410]
    assert state_of(app, ANNA) == "left"


def test_a_link_longer_ago_than_thirty_days_says_so(app: App, client: Client) -> None:
    reader = a_reader(app, ANNA, confirmed=True)
    long_ago = app.now() - dt.timedelta(days=31)
    token = tokens.undo(SECRET, reader.subscription_id, address_key=ANNA, left_at=long_ago)

    answer = client.get(f"/undo/{token}")

    assert answer.status_code == 410
    assert "Dieser Link gilt nicht mehr" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_link_takes_nothing_back(app: App, client: Client, left: str, method: str) -> None:
    before = dump(app)
    token = left.removeprefix("/undo/")

    for forged in (token[:-1], f"9{token}", "x" * 5000, "%00", "ü"):
        answer = client.request(method, f"/undo/{forged}", data={"undo": "yes"} if method == "POST" else None)
        assert answer.status_code == 404
        assert "Dieser Link funktioniert nicht" in answer.text
    assert dump(app) == before


def test_the_link_of_an_erased_person_tells_nothing(app: App, client: Client, left: str) -> None:
    with app.writing() as session:
        session.execute(update(Subscriber).values(erased_at=app.now()))

    answer = client.post(left, data={"undo": "yes"})

    assert answer.status_code == 410
    assert "a…@" not in answer.text


def test_the_mail_can_be_switched_off(database: Database, tmp_path: Path) -> None:
    app = an_app(database, tmp_path, undo_mail=False)
    reader = a_reader(app, ANNA, confirmed=True)

    a_client(app).post(f"/leave/{reader.leave_token}", data=ONE_CLICK)

    assert state_of(app, ANNA) == "left"
    assert mails_to(app, ANNA) == []


class Post:
    """A small installation with an issue planned to two readers, and the mail that comes of it."""

    def __init__(self, database: Database, home: Path) -> None:
        self.app = App(
            Settings.model_validate({"home": home, "base_url": "https://news.example.org"}), database, SECRET
        )
        self.client = a_client(self.app, **{"Accept-Language": "de"})
        self.inbox = MemoryTransport()
        with self.app.writing() as session:
            self.list_id = a_list(session).id
        self.readers = {address: a_reader(self.app, address, confirmed=True) for address in (ANNA, BERT)}

    def planned(self) -> int:
        """An issue whose audience is frozen, not sent yet."""
        now = self.app.now()
        with self.app.writing() as session:
            mailing = a_mailing_to(session, session.get_one(MailingList, self.list_id), due_at=now)
            while planning.plan_chunk(session, mailing.id, now=now):
                pass
            return mailing.id

    def deliver(self) -> None:
        clock = Clock(self.app.now() + dt.timedelta(minutes=1))
        a_worker(self.app.database, self.inbox, clock=clock).run_until_idle()

    def mails(self, address: str) -> list[EmailMessage]:
        found = []
        for recipient, octets in self.inbox.sent:
            message = email.message_from_bytes(octets, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            if recipient == address:
                found.append(message)
        return found


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Post:
    return Post(database, tmp_path)


def test_one_click_counts_for_what_is_planned_and_the_undo_mail_comes_all_the_same(post: Post) -> None:
    mailing = post.planned()
    post.client.post(f"/leave/{post.readers[ANNA].leave_token}", data=ONE_CLICK)

    post.deliver()

    assert numbers(post.app.database, mailing) == {"state": "sent", "accepted": 1, "excluded": 1}
    assert rows(post.app.database, mailing)[ANNA].reason == "left"
    (mail,) = post.mails(ANNA)
    assert mail["Subject"] == "Abgemeldet: Region aktuell"
    assert mail["List-Unsubscribe"] is None
    text = mail.get_body(("plain",))
    assert text is not None
    (link,) = re.findall(r"https://news\.example\.org(/undo/\S+)", text.get_content())

    assert "Sie bleiben angemeldet" in post.client.post(link, data={"undo": "yes"}).text
    assert state_of(post.app, ANNA) == "confirmed"


def test_leaving_everything_counts_for_what_is_planned_and_its_mail_comes_although_suppressed(post: Post) -> None:
    mailing = post.planned()
    with post.app.writing() as session:
        a_list(session, "termine")
    path = f"/leave/{post.readers[ANNA].leave_token}"
    assert 'value="everything"' in post.client.get(path).text

    answer = post.client.post(path, data={"leave": "everything"})
    post.deliver()

    assert "auch keinen anderen Newsletter" in answer.text
    assert rows(post.app.database, mailing)[ANNA].reason == "left"
    assert [mail["Subject"] for mail in post.mails(ANNA)] == ["Abgemeldet: Region aktuell"]
    with post.app.reading() as session:
        assert suppression.is_suppressed(session, EmailAddress.parse(ANNA), secret=SECRET)
    assert post.client.post(undo_path(post.app), data={"undo": "yes"}).status_code == 200
    with post.app.reading() as session:
        assert not suppression.is_suppressed(session, EmailAddress.parse(ANNA), secret=SECRET)


def test_a_leaving_undone_in_time_costs_no_issue(post: Post) -> None:
    mailing = post.planned()
    post.client.post(f"/leave/{post.readers[ANNA].leave_token}", data={"leave": "list"})
    post.client.post(undo_path(post.app), data={"undo": "yes"})

    post.deliver()

    assert numbers(post.app.database, mailing) == {"state": "sent", "accepted": 2}


def test_a_complaint_after_leaving_stops_the_undo_mail(post: Post) -> None:
    post.client.post(f"/leave/{post.readers[ANNA].leave_token}", data=ONE_CLICK)
    with post.app.writing() as session:
        address = EmailAddress.parse(ANNA)
        reason = SuppressionReason.COMPLAINED
        suppression.add(session, address, reason, secret=SECRET, by=BY, now=post.app.now())

    post.deliver()

    assert post.mails(ANNA) == []


def test_the_header_of_the_mail_that_came_is_what_a_provider_posts_to(post: Post) -> None:
    with post.app.writing() as session:
        mailing = a_mailing_to(session, session.get_one(MailingList, post.list_id), due_at=post.app.now())
        assert mailings.as_json(mailing)["state"] == "planning"
    post.deliver()
    (mail,) = post.mails(ANNA)
    (link,) = re.findall(r"<https://news\.example\.org(/leave/[^>]+)>", mail["List-Unsubscribe"])

    answer = post.client.post(
        link,
        content=mail["List-Unsubscribe-Post"].encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        follow_redirects=False,
    )

    assert answer.status_code == 200
    assert state_of(post.app, ANNA) == "left"
    assert state_of(post.app, BERT) == "confirmed"

"""Invitations and forgotten passwords, as they come by mail."""

import datetime as dt

import pytest
from sqlalchemy import func, select, update

from newsletter.accounts import links, passwords
from newsletter.accounts.models import LinkPurpose, StaffLink, StaffSession, StaffUser
from newsletter.app import App
from newsletter.delivery.models import Delivery
from subscribers import tokens
from tests.support.kinds import on_sqlite
from tests.support.makers import SECRET
from tests.support.staff import PASSWORD, a_browser, a_staff_user, seated
from tests.support.web import Client, dump, mails_to

pytestmark = on_sqlite

BEN = "ben@example.org"


def a_link(app: App, purpose: LinkPurpose, *, accepted: bool = False, age: dt.timedelta = dt.timedelta()) -> str:
    """The path of a link for Ben, who is made."""
    with app.writing() as session:
        user = a_staff_user(session, BEN, accepted=accepted, password=PASSWORD if accepted else "")
        link = links.make(session, user, purpose, now=app.now() - age)
        return f"/staff/link/{tokens.staff_link(SECRET, link.key)}"


def the_user(app: App) -> StaffUser:
    with app.reading() as session:
        return session.scalars(select(StaffUser).where(StaffUser.address == BEN)).one()


@pytest.fixture
def invitation(app: App) -> str:
    return a_link(app, LinkPurpose.INVITATION)


def test_an_invitation_is_accepted_with_a_name_and_a_password(app: App, browser: Client, invitation: str) -> None:
    page = browser.get(invitation)
    assert "Willkommen" in page.text
    assert BEN in page.text

    answer = browser.post(invitation, data={"name": "Ben Bauer", "password": PASSWORD}, follow_redirects=False)

    assert answer.headers["location"] == "/staff/account?done=welcome"
    assert "Ben Bauer" in browser.get("/staff/account").text
    user = the_user(app)
    assert user.accepted_at is not None
    assert passwords.fits(user.password_hash, PASSWORD)


def test_a_link_is_used_once(app: App, browser: Client, invitation: str) -> None:
    browser.post(invitation, data={"name": "Ben", "password": PASSWORD})
    before = the_user(app).password_hash

    answers = [
        a_browser(app).get(invitation),
        a_browser(app).post(invitation, data={"name": "Eve", "password": "ein ganz anderes"}),
        a_browser(app).post(f"{invitation}/passkey"),
    ]

    assert [answer.status_code for answer in answers] == [410, 410, 410]
    assert (the_user(app).name, the_user(app).password_hash) == ("Ben", before)


def test_opening_a_link_changes_nothing(app: App, browser: Client, invitation: str) -> None:
    before = dump(app)

    for _ in range(2):
        assert browser.get(invitation).status_code == 200
        assert browser.head(invitation).status_code == 200

    assert dump(app) == before


@pytest.mark.parametrize(
    ("purpose", "age", "status"),
    [
        (LinkPurpose.INVITATION, dt.timedelta(days=7, minutes=-1), 200),
        (LinkPurpose.INVITATION, dt.timedelta(days=7, seconds=1), 410),
        (LinkPurpose.NEW_PASSWORD, dt.timedelta(minutes=59), 200),
        (LinkPurpose.NEW_PASSWORD, dt.timedelta(minutes=61), 410),
    ],
)
def test_links_get_old(app: App, browser: Client, purpose: LinkPurpose, age: dt.timedelta, status: int) -> None:
    path = a_link(app, purpose, age=age)

    assert browser.get(path).status_code == status
    assert browser.post(path, data={"name": "Ben", "password": PASSWORD}).status_code == status


def test_a_newer_link_replaces_the_older(app: App, browser: Client, invitation: str) -> None:
    with app.writing() as session:
        user = session.scalars(select(StaffUser).where(StaffUser.address == BEN)).one()
        links.make(session, user, LinkPurpose.INVITATION, now=app.now())

    assert browser.get(invitation).status_code == 410


def test_who_was_deactivated_does_not_come_in_by_a_link(app: App, browser: Client, invitation: str) -> None:
    with app.writing() as session:
        session.execute(update(StaffUser).values(active=False))

    assert browser.post(invitation, data={"name": "Ben", "password": PASSWORD}).status_code == 410


@pytest.mark.parametrize("change", [lambda token: token[:-2] + "z", lambda token: "0" + token[1:], lambda _: "x" * 500])
def test_a_forged_link_is_told_kindly(browser: Client, invitation: str, change: object) -> None:
    assert callable(change)
    path = f"/staff/link/{change(invitation.rpartition('/')[2])}"

    answer = browser.get(path)

    assert answer.status_code == 404
    assert "Dieser Link gilt nicht mehr" in answer.text
    assert browser.post(path, data={"password": PASSWORD}).status_code == 404


def test_what_is_in_the_database_opens_nothing(app: App, browser: Client, invitation: str) -> None:
    token = invitation.rpartition("/")[2]

    assert token not in "\n".join(dump(app))
    with app.reading() as session:
        key = session.scalars(select(StaffLink.key)).one()
    assert browser.get(f"/staff/link/{key}").status_code == 404


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("kurz", "Das ist zu kurz"),
        ("x" * 1001, "Das ist zu lang"),
        ("aaaaaaaaaaaaaa", "zu leicht zu erraten"),
        (BEN, "zu leicht zu erraten"),
        ("", "Das ist zu kurz"),
    ],
)
def test_a_password_that_cannot_be_taken_is_told_why(
    app: App, browser: Client, invitation: str, password: str, says: str
) -> None:
    answer = browser.post(invitation, data={"name": "Ben", "password": password})

    assert answer.status_code == 400
    assert says in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert the_user(app).accepted_at is None


def test_a_name_of_several_lines_is_not_taken(app: App, browser: Client, invitation: str) -> None:
    answer = browser.post(invitation, data={"name": "Ben\nBcc: eve", "password": PASSWORD})

    assert "höchstens 120 Zeichen" in answer.text
    assert the_user(app).accepted_at is None


# Forgotten.


def test_a_forgotten_password_is_replaced_by_mail(app: App, browser: Client) -> None:
    with app.writing() as session:
        a_staff_user(session, BEN, password=PASSWORD)
    other = seated(app, "cem@example.org")

    answer = browser.post("/staff/forgotten", data={"address": BEN.upper()})

    assert "Bitte sehen Sie in Ihr Postfach" in answer.text
    [mail] = mails_to(app, BEN)
    path = f"/staff/link/{tokens.staff_link(SECRET, mail.fields['staff_link'])}"
    done = browser.post(path, data={"password": "ein neues passwort"}, follow_redirects=False)
    assert done.headers["location"] == "/staff/sign-in?done=new-password"
    assert browser.post("/staff/sign-in", data={"address": BEN, "password": PASSWORD}).status_code == 401
    assert browser.post("/staff/sign-in", data={"address": BEN, "password": "ein neues passwort"}).status_code == 200
    assert other.client.get("/staff/account").status_code == 200
    assert len(mails_to(app, BEN)) == 2  # and is told that it was changed


def test_a_new_password_ends_every_session_and_does_not_sign_in(app: App, browser: Client) -> None:
    ben = seated(app, BEN)
    with app.writing() as session:
        link = links.make(session, session.get_one(StaffUser, ben.user_id), LinkPurpose.NEW_PASSWORD, now=app.now())
        path = f"/staff/link/{tokens.staff_link(SECRET, link.key)}"

    browser.post(path, data={"password": "ein neues passwort"})

    assert ben.client.get("/staff/account", follow_redirects=False).status_code == 303
    assert browser.get("/staff/account", follow_redirects=False).status_code == 303
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(StaffSession)) == 0


@pytest.mark.parametrize("address", ["nobody@example.org", "not an address", "", "new@example.org", "gone@example.org"])
def test_the_answer_never_tells_who_has_an_account(app: App, browser: Client, address: str) -> None:
    with app.writing() as session:
        a_staff_user(session, BEN, password=PASSWORD)
        a_staff_user(session, "new@example.org", accepted=False)
        a_staff_user(session, "gone@example.org", active=False)

    known = browser.post("/staff/forgotten", data={"address": BEN})
    other = browser.post("/staff/forgotten", data={"address": address})

    assert known.status_code == other.status_code == 200
    assert known.text.replace(BEN, address) == other.text
    with app.reading() as session:
        assert set(session.scalars(select(Delivery.address))) == {BEN}


def test_nobodys_mailbox_is_filled_by_another(app: App) -> None:
    with app.writing() as session:
        a_staff_user(session, BEN, password=PASSWORD)

    for _ in range(8):
        assert a_browser(app).post("/staff/forgotten", data={"address": BEN}).status_code == 200

    assert len(mails_to(app, BEN)) == 3

import re

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from subscribers import leave_reasons, lists, tokens
from subscribers.models import Subscriber, Suppression
from tests.support.makers import SECRET, a_list
from tests.support.web import Client, a_reader, dump, records_of, state_of

ANNA = "anna@posteo.de"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def suppressions(app: App) -> list[str]:
    with app.reading() as session:
        return list(session.scalars(select(Suppression.reason)))


def test_opening_the_link_shows_list_and_masked_address_and_changes_nothing(app: App, client: Client) -> None:
    reader = a_reader(app, confirmed=True)
    before = dump(app)

    page = client.get(f"/leave/{reader.leave_token}")

    assert "Von „Region aktuell“ abmelden?" in page.text
    assert "a…@p…" in page.text
    assert ANNA not in page.text
    assert dump(app) == before


def test_the_button_takes_the_reader_off_the_list(app: App, client: Client) -> None:
    reader = a_reader(app, confirmed=True)

    answer = client.post(f"/leave/{reader.leave_token}", data={"leave": "yes"})

    assert answer.status_code == 200
    assert "Sie sind abgemeldet" in answer.text
    assert state_of(app, ANNA) == "left"


@pytest.mark.parametrize("how", ["urlencoded", "multipart"])
def test_a_mail_program_leaves_by_one_post(app: App, client: Client, how: str) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"
    parts = {name: (None, value) for name, value in ONE_CLICK.items()}

    answers = [
        client.post(path, data=ONE_CLICK, follow_redirects=False)
        if how == "urlencoded"
        else client.post(path, files=parts, follow_redirects=False)
        for _ in range(3)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert state_of(app, ANNA) == "left"
    assert [record.kind for record in records_of(app)] == ["requested", "confirmed", "left"]


def test_the_one_click_post_is_taken_as_the_standard_writes_it(app: App, client: Client) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "provider"}

    answer = client.post(path, content=b"List-Unsubscribe=One-Click", headers=headers)

    assert answer.status_code == 200
    assert state_of(app, ANNA) == "left"


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"a=b", b"confirm=yes"])
def test_a_scanner_that_posts_to_the_link_takes_nobody_off(app: App, client: Client, body: bytes) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"

    answer = client.post(path, content=body)

    assert answer.status_code == 200
    assert state_of(app, ANNA) == "confirmed"


def test_with_one_list_there_is_one_button_with_more_there_are_two(app: App, client: Client) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"
    assert re.findall(r'name="leave" value="(\w+)"', client.get(path).text) == ["list"]

    with app.writing() as session:
        a_list(session, "termine")

    assert re.findall(r'name="leave" value="(\w+)"', client.get(path).text) == ["list", "everything"]


def test_leaving_everything_is_offered_also_to_who_left_the_list_by_one_click(app: App, client: Client) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"
    with app.writing() as session:
        a_list(session, "termine")
    client.post(path, data=ONE_CLICK)
    assert 'value="everything"' in client.get(path).text

    answer = client.post(path, data={"leave": "everything"})

    assert "auch keinen anderen Newsletter" in answer.text
    assert 'value="everything"' not in client.get(path).text
    assert suppressions(app) == ["left"]


def test_one_click_is_about_the_one_list_whatever_else_is_posted(app: App, client: Client) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"

    client.post(path, data={**ONE_CLICK, "leave": "everything", "reason": "other"})

    assert state_of(app, ANNA) == "left"
    assert suppressions(app) == []
    assert [record.source for record in records_of(app)][-1] == "one-click"


def test_why_is_asked_after_leaving_counted_once_and_never_required(app: App, client: Client) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"
    assert 'name="reason"' not in client.get(path).text
    assert 'name="reason"' in client.post(path, data={"leave": "list"}).text

    answers = [client.post(path, data={"reason": reason}) for reason in ("too much", "other")]

    assert all("Danke für Ihre Antwort" in answer.text for answer in answers)
    assert all('name="reason"' not in answer.text for answer in answers)
    with app.reading() as session:
        told = leave_reasons.counts(session, lists.named(session, "region"))
    assert {reason: number for reason, number in told.items() if number} == {"too much": 1}


@pytest.mark.parametrize("reason", ["<script>", "because of my ex", "x" * 10_000, "\0", "TOO_MUCH"])
def test_no_answer_but_the_offered_ones_is_kept(app: App, client: Client, reason: str) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"
    client.post(path, data={"leave": "list"})
    before = dump(app)

    assert client.post(path, data={"reason": reason}).status_code == 200
    assert dump(app) == before


def test_a_reason_alone_takes_nobody_off(app: App, client: Client) -> None:
    path = f"/leave/{a_reader(app, confirmed=True).leave_token}"
    before = dump(app)

    client.post(path, data={"reason": "too much"})

    assert dump(app) == before


def test_a_person_who_left_may_come_back(app: App, client: Client) -> None:
    reader = a_reader(app, confirmed=True)
    client.post(f"/leave/{reader.leave_token}", data=ONE_CLICK)

    page = client.get(f"/leave/{reader.leave_token}")

    assert 'href="/lists/region?lang=de"' in page.text
    assert "<button" not in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_link_of_a_test_mail_says_that_it_was_one(app: App, client: Client, method: str) -> None:
    data = ONE_CLICK if method == "POST" else None
    before = dump(app)

    answer = client.request(method, f"/leave/{tokens.leave_test(SECRET)}", data=data)

    assert answer.status_code == 200
    assert "Das war eine Testmail" in answer.text
    assert dump(app) == before


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_link_of_somebody_gone_says_that_nothing_is_left(client: Client, method: str) -> None:
    data = ONE_CLICK if method == "POST" else None

    answer = client.request(method, f"/leave/{tokens.leave(SECRET, 999)}", data=data)

    assert answer.status_code == 200
    assert "Sie sind abgemeldet" in answer.text


def test_the_link_of_an_erased_person_shows_no_address(app: App, client: Client) -> None:
    reader = a_reader(app, confirmed=True)
    with app.writing() as session:
        session.execute(update(Subscriber).values(erased_at=app.now()))

    page = client.post(f"/leave/{reader.leave_token}", data=ONE_CLICK)

    assert page.status_code == 200
    assert "a…@" not in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_link_takes_nobody_off(app: App, client: Client, method: str) -> None:
    reader = a_reader(app, confirmed=True)
    token = reader.leave_token
    before = dump(app)

    for forged in (token[:-1], f"9{token}", reader.confirm_token, "x" * 5000, "%00", "ü"):
        answer = client.request(method, f"/leave/{forged}", data=ONE_CLICK if method == "POST" else None)
        assert answer.status_code == 404
        assert "Dieser Link funktioniert nicht" in answer.text
    assert dump(app) == before


def test_the_neutral_leave_page_says_where_the_link_is(client: Client) -> None:
    page = client.get("/leave")

    assert page.status_code == 200
    assert "So melden Sie sich ab" in page.text

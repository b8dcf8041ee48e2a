import datetime as dt

import pytest

from newsletter.app import App
from subscribers import tokens
from tests.support.makers import SECRET
from tests.support.web import Client, a_reader, dump, records_of, state_of

ANNA = "anna@posteo.de"


def test_opening_the_link_shows_one_button_and_changes_nothing(app: App, client: Client) -> None:
    reader = a_reader(app)
    before = dump(app)

    page = client.get(f"/confirm/{reader.confirm_token}")

    assert page.status_code == 200
    assert page.text.count("<button") == 1
    assert "a…@p…" in page.text
    assert ANNA not in page.text
    assert dump(app) == before


def test_pressing_the_button_confirms_and_pressing_again_says_so_again(app: App, client: Client) -> None:
    path = f"/confirm/{a_reader(app).confirm_token}"

    first = client.post(path, data={"confirm": "yes"})
    second = client.post(path, data={"confirm": "yes"})

    assert (first.status_code, second.status_code) == (200, 200)
    assert "Sie sind angemeldet" in first.text
    assert first.content == second.content
    assert state_of(app, ANNA) == "confirmed"
    assert [record.kind for record in records_of(app)] == ["requested", "confirmed"]


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"a=b", b"List-Unsubscribe=One-Click"])
def test_a_scanner_that_posts_to_the_link_confirms_nothing(app: App, client: Client, body: bytes) -> None:
    reader = a_reader(app)
    before = dump(app)

    answer = client.post(f"/confirm/{reader.confirm_token}", content=body)

    assert answer.status_code == 200
    assert "<button" in answer.text
    assert dump(app) == before


def test_a_link_pressed_before_says_so(app: App, client: Client) -> None:
    reader = a_reader(app, confirmed=True)

    page = client.get(f"/confirm/{reader.confirm_token}")

    assert "Sie sind angemeldet" in page.text
    assert "<button" not in page.text


def test_an_old_link_offers_to_sign_up_again(app: App, client: Client) -> None:
    reader = a_reader(app)
    month_ago = app.now() - dt.timedelta(days=30)
    token = tokens.confirmation(SECRET, reader.subscription_id, address_key=ANNA, now=month_ago)

    for page in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}", data={"confirm": "yes"})):
        assert page.status_code == 410
        assert "Dieser Link gilt nicht mehr" in page.text
        assert 'href="/lists/region?lang=de"' in page.text
    assert state_of(app, ANNA) == "pending"


def test_an_old_link_to_something_gone_is_a_kind_page(app: App, client: Client) -> None:
    token = tokens.confirmation(SECRET, 999, address_key=ANNA, now=app.now())

    page = client.get(f"/confirm/{token}")

    assert page.status_code == 404
    assert "Dieser Link funktioniert nicht" in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_link_confirms_nothing(app: App, client: Client, method: str) -> None:
    reader = a_reader(app)
    other_purpose = reader.leave_token
    cut, changed = reader.confirm_token[:-1], f"9{reader.confirm_token}"
    before = dump(app)

    for token in (cut, changed, other_purpose, "x" * 5000, "%00", "ü", "1.2.3"):
        answer = client.request(method, f"/confirm/{token}", data={"confirm": "yes"} if method == "POST" else None)
        assert answer.status_code == 404
        assert "Dieser Link funktioniert nicht" in answer.text
    assert dump(app) == before

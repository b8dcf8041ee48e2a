import re

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from subscribers import lists, measuring, tokens
from subscribers.models import MailingList, Subscriber, Subscription, Wording
from tests.support.kinds import on_sqlite
from tests.support.makers import BY, SECRET
from tests.support.web import Client, Reader, a_reader, dump, hidden_fields, mails_to, records_of, sign_up

pytestmark = on_sqlite

ANNA = "anna@posteo.de"
WORDING = re.compile(r'name="wording" value="([0-9a-f]{64})"')
SHOWN = re.compile(r'name="measuring" value="([0-9a-f]{64})"')


@pytest.fixture
def asking(app: App) -> App:
    """The list asks whether its readers may be measured."""
    with app.writing() as session:
        lists.ask_measuring(session, session.scalars(select(MailingList)).one(), wanted=True, by=BY, now=app.now())
    return app


def path_of(reader: Reader) -> str:
    return f"/measuring/{tokens.measuring(SECRET, reader.subscription_id)}"


def agreed(client: Client, path: str) -> None:
    found = WORDING.search(client.get(path).text)
    assert found
    answer = client.post(path, data={"measuring": "agree", "wording": found[1]})
    assert "Was Sie öffnen, wird gemessen" in answer.text


def measured(app: App, address: str = ANNA) -> bool | None:
    with app.reading() as session:
        return session.scalars(
            select(Subscription.measured).join(Subscriber).where(Subscriber.address == address)
        ).one()


def may_record(app: App, reader: Reader) -> bool:
    with app.reading() as session:
        return measuring.may_record(session, reader.subscription_id)


def test_a_reader_agrees_by_a_button_and_stops_by_a_button(asking: App, client: Client) -> None:
    reader = a_reader(asking, confirmed=True)
    agreed(client, path_of(reader))
    assert may_record(asking, reader)

    answer = client.post(path_of(reader), data={"measuring": "stop"})

    assert "Was Sie öffnen, wird nicht mehr gemessen" in answer.text
    assert "<button" not in answer.text  # nobody is begged to come back
    assert not may_record(asking, reader)
    kinds = [record.kind for record in records_of(asking)]
    assert kinds == ["requested", "confirmed", "measuring agreed", "measuring refused"]


def test_whose_issue_was_forwarded_hears_of_an_agreement_and_nobody_agrees_without_end(
    asking: App, client: Client
) -> None:
    reader = a_reader(asking, confirmed=True)
    before = len(mails_to(asking, ANNA))
    for _ in range(3):
        agreed(client, path_of(reader))
        client.post(path_of(reader), data={"measuring": "stop"})
    found = WORDING.search(client.get(path_of(reader)).text)
    assert found

    answer = client.post(path_of(reader), data={"measuring": "agree", "wording": found[1]})

    assert answer.status_code == 429
    assert "Für heute genug geändert" in answer.text
    assert measured(asking) is False
    assert len(mails_to(asking, ANNA)) == before + 3


def test_stopping_again_says_so_again_and_writes_nothing(asking: App, client: Client) -> None:
    reader = a_reader(asking, confirmed=True)
    client.post(path_of(reader), data={"measuring": "stop"})
    before = dump(asking)

    answer = client.post(path_of(reader), data={"measuring": "stop"})

    assert answer.status_code == 200
    assert "wird nicht mehr gemessen" in answer.text
    assert dump(asking) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(asking: App, client: Client, method: str) -> None:
    reader = a_reader(asking, confirmed=True)
    agreed(client, path_of(reader))
    before = dump(asking)

    answer = client.request(method, path_of(reader))

    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert dump(asking) == before


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff", b"a=b", b"measuring=", b"measuring=yes", b"List-Unsubscribe=One-Click", b"leave=yes"]
)
def test_a_scanner_that_posts_changes_nothing(asking: App, client: Client, body: bytes) -> None:
    reader = a_reader(asking, confirmed=True)
    agreed(client, path_of(reader))
    before = dump(asking)

    answer = client.post(path_of(reader), content=body)

    assert answer.status_code == 200
    assert dump(asking) == before


@pytest.mark.parametrize("wording", ["", "0" * 64])
def test_nobody_agrees_to_words_that_were_not_shown(asking: App, client: Client, wording: str) -> None:
    reader = a_reader(asking, confirmed=True)

    answer = client.post(path_of(reader), data={"measuring": "agree", "wording": wording})

    assert answer.status_code == 200
    assert measured(asking) is None


def test_where_the_list_does_not_ask_nobody_can_agree(app: App, client: Client) -> None:
    reader = a_reader(app, confirmed=True)
    page = client.get(path_of(reader))

    client.post(path_of(reader), data={"measuring": "agree", "wording": "x"})

    assert "Was Sie öffnen, wird nicht gemessen" in page.text
    assert "<button" not in page.text
    assert measured(app) is None


def test_where_the_list_no_longer_asks_a_reader_can_still_stop(asking: App, client: Client) -> None:
    reader = a_reader(asking, confirmed=True)
    agreed(client, path_of(reader))
    with asking.writing() as session:
        lists.ask_measuring(session, session.scalars(select(MailingList)).one(), wanted=False, by=BY, now=asking.now())

    client.post(path_of(reader), data={"measuring": "stop"})

    assert measured(asking) is False


def test_the_page_shows_no_address(asking: App, client: Client) -> None:
    reader = a_reader(asking, confirmed=True)

    page = client.get(path_of(reader))

    assert "a…@p…" in page.text
    assert ANNA not in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("pressed", ["stop", "agree"])
def test_forged_tokens_and_those_of_another_purpose_do_nothing(
    asking: App, client: Client, method: str, pressed: str
) -> None:
    reader = a_reader(asking, confirmed=True)
    token = tokens.measuring(SECRET, reader.subscription_id)
    before = dump(asking)

    for forged in (token[:-1], f"9{token}", reader.leave_token, reader.confirm_token, "x" * 5000, "%00"):
        answer = client.request(
            method, f"/measuring/{forged}", data={"measuring": pressed} if method == "POST" else None
        )
        assert answer.status_code == 404
        assert "Dieser Link funktioniert nicht" in answer.text
    assert client.post(f"/leave/{token}", data={"leave": "yes"}).status_code == 404
    assert dump(asking) == before


def test_the_link_of_a_test_mail_measures_nobody(asking: App, client: Client) -> None:
    path = f"/measuring/{tokens.measuring_test(SECRET)}"
    before = dump(asking)

    answers = [
        client.get(path),
        client.post(path, data={"measuring": "stop"}),
        client.post(path, data={"measuring": "agree"}),
    ]

    assert all("Das war eine Testmail" in answer.text for answer in answers)
    assert dump(asking) == before


@pytest.mark.parametrize("gone", [True, False])
def test_of_somebody_gone_nothing_is_known(asking: App, client: Client, gone: bool) -> None:  # noqa: FBT001  # a case
    reader = a_reader(asking, confirmed=True)
    with asking.writing() as session:
        session.execute(update(Subscriber).values(erased_at=asking.now()))
    path = f"/measuring/{tokens.measuring(SECRET, 999)}" if gone else path_of(reader)
    before = dump(asking)

    answers = [client.get(path), client.post(path, data={"measuring": "stop"})]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("a…@" not in answer.text for answer in answers)
    assert dump(asking) == before


def test_the_form_asks_only_where_the_list_does_and_ticks_nothing(app: App, client: Client) -> None:
    silent = [client.get("/lists/region").text, client.get("/lists/region/embed").text]
    with app.writing() as session:
        lists.ask_measuring(session, session.scalars(select(MailingList)).one(), wanted=True, by=BY, now=app.now())
    asking = [client.get("/lists/region").text, client.get("/lists/region/embed").text]

    assert not any("measuring" in page for page in silent)
    assert all("measuring" in page for page in asking)
    assert not any("checked" in page for page in asking)


@pytest.mark.parametrize(("ticked", "expected"), [(True, True), (False, False)])
def test_a_choice_at_sign_up_counts_once_confirmed(
    asking: App,
    client: Client,
    ticked: bool,  # noqa: FBT001  # a case
    expected: bool,  # noqa: FBT001
) -> None:
    box = {"measuring": "yes"} if ticked else {}
    sign_up(client, ANNA, **box)
    assert measured(asking) is None
    (mail,) = mails_to(asking, ANNA)
    page = client.get(f"/confirm/{mail.fields['confirm_token']}")
    shown = SHOWN.search(page.text)
    assert bool(shown) is ticked
    assert ("Bei der Anmeldung haben Sie auch diesem zugestimmt" in page.text) is ticked

    data = {"confirm": "yes", **({"measuring": shown[1]} if shown else {})}
    client.post(f"/confirm/{mail.fields['confirm_token']}", data=data)

    assert measured(asking) is expected


def test_an_old_form_that_did_not_ask_leaves_it_open(asking: App, client: Client) -> None:
    hidden = hidden_fields(client.get("/lists/region").text)
    del hidden["measuring_wording"]
    client.post("/lists/region", data={**hidden, "email": ANNA})
    (mail,) = mails_to(asking, ANNA)
    client.post(f"/confirm/{mail.fields['confirm_token']}", data={"confirm": "yes"})

    assert measured(asking) is None


def test_a_ticked_box_with_other_words_is_asked_again_unticked(asking: App, client: Client) -> None:
    page = sign_up(client, ANNA, measuring="yes", measuring_wording="0" * 64)

    assert page.status_code == 400
    assert "hat sich geändert" in page.text
    assert "checked" not in page.text
    assert mails_to(asking, ANNA) == []


def test_the_words_on_measuring_are_kept_apart_from_those_of_the_newsletter(asking: App, client: Client) -> None:
    digest = hidden_fields(client.get("/lists/region").text)["measuring_wording"]
    sign_up(client, ANNA, measuring="yes")

    with asking.reading() as session:
        kept = {wording.digest: wording.text for wording in session.scalars(select(Wording))}
    assert len(kept) == 2
    assert kept[digest].startswith("Presse darf messen, welche Ausgaben von „Region aktuell“ ich öffne")


def test_the_neutral_page_says_where_the_link_is(client: Client) -> None:
    assert "So beenden Sie die Messung" in client.get("/measuring").text

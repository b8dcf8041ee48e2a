import datetime as dt
import html
import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.delivery import ledger, planning
from newsletter.delivery.models import Delivery, Mailing, Window
from newsletter.issues.models import Publication
from subscribers import consent, subscribing, tokens, topics
from subscribers.models import MailingList, Subscriber, Subscription, Wording
from tests.support.kinds import on_sqlite
from tests.support.ledgers import a_mailing_to
from tests.support.makers import BY, SECRET, a_list
from tests.support.web import Client, a_reader, dump, mails_to, records_of, state_of

pytestmark = on_sqlite

ANNA = "anna@posteo.de"


@pytest.fixture
def token(app: App) -> str:
    """The link in the issues of somebody who gets the list."""
    return tokens.preferences(SECRET, a_reader(app, confirmed=True).subscription_id)


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the settings form, with nothing touched."""
    form = page.split("<form", 1)[1].split("</form>", 1)[0]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>|<option[^>]* selected>", form):
        given = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        if tag.startswith("<option"):
            fields["language"] = given["value"]
        elif given["type"] not in {"checkbox", "radio"} or " checked" in tag:
            fields[given["name"]] = given["value"]
    return fields | {"save": "yes"}


def test_opening_the_link_shows_lists_and_masked_address_and_changes_nothing(
    app: App, client: Client, token: str
) -> None:
    before = dump(app)

    page = client.get(f"/preferences/{token}")

    assert page.status_code == 200
    assert "Region aktuell" in page.text
    assert "a…@p…" in page.text
    assert ANNA not in page.text
    assert dump(app) == before


def test_saving_without_touching_anything_changes_nothing(app: App, client: Client, token: str) -> None:
    fields = fields_of(client.get(f"/preferences/{token}").text)
    before = dump(app)

    answer = client.post(f"/preferences/{token}", data=fields)

    assert "Es bleibt alles, wie es war." in answer.text
    assert dump(app) == before


def test_a_form_sent_twice_changes_nothing_more(app: App, client: Client, token: str) -> None:
    asks_measuring(app)
    fields = fields_of(client.get(f"/preferences/{token}").text)
    number = number_of(token)
    fields |= {f"pause-{number}": "own", f"until-{number}": in_days(app, 40), f"measured-{number}": "yes"}
    client.post(f"/preferences/{token}", data=fields)
    before = dump(app)

    answer = client.post(f"/preferences/{token}", data=fields)

    assert answer.status_code == 200
    assert dump(app) == before


def test_a_pause_by_whoever_has_the_link_is_told_and_taken_back_by_the_link_of_the_mail(
    app: App, client: Client, token: str
) -> None:
    number = number_of(token)
    fields = fields_of(client.get(f"/preferences/{token}").text)

    answer = client.post(f"/preferences/{token}", data=fields | {f"pause-{number}": in_days(app, 365)})

    assert "So ändert niemand unbemerkt Ihre Einstellungen." in answer.text
    (mail,) = mails_telling(app)
    assert mail.subscription_id is not None
    again = tokens.preferences(SECRET, mail.subscription_id)
    fields = fields_of(client.get(f"/preferences/{again}").text)
    answer = client.post(f"/preferences/{again}", data=fields | {f"pause-{number}": "end"})
    assert "Die Pause ist beendet" in answer.text
    assert "unbemerkt" not in answer.text
    assert subscription_of(app, token).paused_until is None
    assert len(mails_telling(app)) == 1


def test_after_three_mails_nothing_more_is_paused_that_day_but_leaving_works(
    app: App, client: Client, token: str
) -> None:
    number = number_of(token)
    for days in (1, 2, 3):
        fields = fields_of(client.get(f"/preferences/{token}").text)
        client.post(f"/preferences/{token}", data=fields | {f"pause-{number}": in_days(app, days)})
    fields = fields_of(client.get(f"/preferences/{token}").text)
    before = dump(app)

    answer = client.post(f"/preferences/{token}", data=fields | {f"pause-{number}": in_days(app, 300)})

    assert answer.status_code == 429
    assert "Für heute genug geändert" in answer.text
    assert f'href="/preferences/{token}"' in answer.text
    assert dump(app) == before
    assert len(mails_telling(app)) == 3
    leave(client, token)
    assert state_of(app, ANNA) == "left"


def test_unticking_a_list_leaves_it(app: App, client: Client, token: str) -> None:
    fields = fields_of(client.get(f"/preferences/{token}").text)
    del fields[f"on-{number_of(token)}"]

    answer = client.post(f"/preferences/{token}", data=fields)

    assert "Sie erhalten keine weitere Ausgabe von „Region aktuell“." in answer.text
    assert state_of(app, ANNA) == "left"
    assert [record.kind for record in records_of(app)] == ["requested", "confirmed", "left"]


def test_one_mail_takes_back_all_that_was_left_at_once(app: App, client: Client, token: str) -> None:
    with app.writing() as session:
        second = a_subscription_of(session, a_list(session, "sport"), "pending", now=app.now())
        session.add(second)
        session.flush()
        subscribing.confirm(session, second, secret=SECRET, by=BY, now=app.now())
    fields = fields_of(client.get(f"/preferences/{token}").text)
    none = {name: value for name, value in fields.items() if not name.startswith("on-")}

    client.post(f"/preferences/{token}", data=none)

    (mail,) = [mail for mail in mails_to(app, ANNA) if "undo_token" in mail.fields]
    client.post(f"/undo/{mail.fields['undo_token']}", data={"undo": "yes"})
    with app.reading() as session:
        assert list(session.scalars(select(Subscription.state))) == ["confirmed", "confirmed"]


def test_a_planned_mailing_shows_who_left_and_who_paused_as_excluded(app: App, client: Client, token: str) -> None:
    ben = tokens.preferences(SECRET, a_reader(app, "ben@posteo.de", confirmed=True).subscription_id)
    a_reader(app, "carla@posteo.de", confirmed=True)
    with app.writing() as session:
        mailing = a_mailing_to(session, session.scalars(select(MailingList)).one(), due_at=app.now())
        while planning.plan_chunk(session, mailing.id, now=app.now()):
            pass
    fields = fields_of(client.get(f"/preferences/{token}").text)
    del fields[f"on-{number_of(token)}"]
    client.post(f"/preferences/{token}", data=fields)
    fields = fields_of(client.get(f"/preferences/{ben}").text)
    client.post(f"/preferences/{ben}", data=fields | {f"pause-{number_of(ben)}": in_days(app, 14)})

    with app.writing() as session:
        of_issue = Window.mailing_id == session.scalars(select(Mailing.id).where(Mailing.kind == "issue")).one()
        lease = ledger.claim(session, "test", token="t" * 32, now=app.now(), of=of_issue)
        assert lease is not None
        read = ledger.read(session, lease, after=0, limit=9, now=app.now())

    assert [row.address for row in read] == ["carla@posteo.de"]
    rows = [mail for name in (ANNA, "ben@posteo.de") for mail in mails_to(app, name) if mail.state == "excluded"]
    assert [(row.address, row.reason) for row in rows] == [(ANNA, "left"), ("ben@posteo.de", "paused")]


def test_the_offered_pauses_are_days(app: App, client: Client, token: str) -> None:
    page = client.get(f"/preferences/{token}").text
    today = app.now().date()
    for label, days in (("zwei Wochen", (14, 14)), ("einen Monat", (28, 31)), ("drei Monate", (89, 92))):
        match = re.search(rf'value="([0-9-]+)"><span>{label}, bis zum ', page)
        assert match is not None
        assert days[0] <= (dt.date.fromisoformat(match[1]) - today).days <= days[1]

    answer = client.post(
        f"/preferences/{token}", data=fields_of(page) | {f"pause-{number_of(token)}": in_days(app, 14)}
    )

    assert "„Region aktuell“ pausiert bis zum" in answer.text
    until = subscription_of(app, token).paused_until
    assert until == dt.datetime.combine(today + dt.timedelta(days=14), dt.time(), dt.UTC)


def test_a_pause_is_shown_and_can_be_ended_at_once(app: App, client: Client, token: str) -> None:
    number = number_of(token)
    fields = fields_of(client.get(f"/preferences/{token}").text)
    client.post(f"/preferences/{token}", data=fields | {f"pause-{number}": in_days(app, 14)})

    page = client.get(f"/preferences/{token}").text
    assert "beibehalten" in page
    kept = client.post(f"/preferences/{token}", data=fields_of(page))
    assert "Es bleibt alles, wie es war." in kept.text
    answer = client.post(f"/preferences/{token}", data=fields_of(page) | {f"pause-{number}": "end"})

    assert "Die Pause ist beendet" in answer.text
    assert subscription_of(app, token).paused_until is None


def test_a_day_that_cannot_be_meant_is_told_at_its_field_and_nothing_is_saved(
    app: App, client: Client, token: str
) -> None:
    number = number_of(token)
    asks_measuring(app)
    fields = fields_of(client.get(f"/preferences/{token}").text)
    before = dump(app)

    for typed, problem in (("morgen", "Das ist kein Tag."), ("2020-01-01", "Eine Pause kann frühestens")):
        wanted = {f"pause-{number}": "own", f"until-{number}": typed, f"measured-{number}": "yes"}
        answer = client.post(f"/preferences/{token}", data=fields | wanted)

        assert answer.status_code == 400
        assert re.search(rf'id="until-{number}-problem">{problem}', answer.text)
        assert f'aria-describedby="until-{number}-problem"' in answer.text
        assert f'value="{typed}"' in answer.text
        assert re.search(rf'name="measured-{number}" value="yes" checked', answer.text)
    assert dump(app) == before


def test_topics_are_chosen_and_none_at_all_is_a_mistake(app: App, client: Client, token: str) -> None:
    culture, sport = some_topics(app)
    number = number_of(token)
    fields = fields_of(client.get(f"/preferences/{token}").text)
    assert fields[f"topic-{number}-{culture}"] == fields[f"topic-{number}-{sport}"] == "yes"

    none = {name: value for name, value in fields.items() if not name.startswith("topic-")}
    answer = client.post(f"/preferences/{token}", data=none)
    assert answer.status_code == 400
    assert f'id="topics-{number}-problem">Wählen Sie mindestens ein Thema' in answer.text

    answer = client.post(f"/preferences/{token}", data=none | {f"topic-{number}-{sport}": "yes"})
    assert "Von „Region aktuell“ erhalten Sie: Sport." in answer.text
    assert chosen_by(app, token) == frozenset({sport})

    again = client.post(f"/preferences/{token}", data=fields_of(client.get(f"/preferences/{token}").text) | fields)
    assert again.status_code == 200
    page = client.get(f"/preferences/{token}").text
    client.post(f"/preferences/{token}", data=fields_of(page) | {f"topic-{number}-{culture}": "yes"})
    assert chosen_by(app, token) is None, "all of them, and those to come"


def test_the_answer_about_measuring_is_kept_with_the_words_that_were_shown(
    app: App, client: Client, token: str
) -> None:
    number = number_of(token)
    assert f"measured-{number}" not in client.get(f"/preferences/{token}").text, "the list does not ask"
    asks_measuring(app)
    page = client.get(f"/preferences/{token}").text
    words = "Presse darf messen, welche Ausgaben von „Region aktuell“ ich öffne und welche Links ich anklicke"
    assert words in page
    assert "Sie haben noch nicht geantwortet." in page

    client.post(f"/preferences/{token}", data=fields_of(page) | {f"measured-{number}": "yes"})
    assert subscription_of(app, token).measured is True
    page = client.get(f"/preferences/{token}").text
    assert re.search(rf'name="measured-{number}" value="yes" checked', page)
    client.post(f"/preferences/{token}", data=fields_of(page) | {f"measured-{number}": "no"})

    assert subscription_of(app, token).measured is False
    agreed, refused = records_of(app)[-2:]
    assert [agreed.kind, refused.kind] == ["measuring agreed", "measuring refused"]
    with app.reading() as session:
        kept = session.get_one(Wording, agreed.wording)
        assert kept.text.startswith(words)
        assert kept.text in html.unescape(page)
        assert consent.verify(session, secret=SECRET).holds


def test_words_that_changed_since_the_page_was_opened_are_not_agreed_to(app: App, client: Client, token: str) -> None:
    number = number_of(token)
    asks_measuring(app)
    fields = fields_of(client.get(f"/preferences/{token}").text)
    with app.writing() as session:
        session.scalars(select(Publication)).one().sender_name = "Die Redaktion"

    answer = client.post(f"/preferences/{token}", data=fields | {f"measured-{number}": "yes"})

    assert answer.status_code == 400
    assert "Diese Seite hat sich geändert" in answer.text
    assert "Die Redaktion darf messen" in answer.text
    assert subscription_of(app, token).measured is None


def test_the_language_of_pages_and_mails_is_chosen(app: App, client: Client, token: str) -> None:
    fields = fields_of(client.get(f"/preferences/{token}").text)

    answer = client.post(f"/preferences/{token}", data=fields | {"language": "en"})

    assert "Language: English" in answer.text
    assert client.get(f"/preferences/{token}").text.count("<h1>Your settings</h1>") == 1
    before = dump(app)
    client.post(f"/preferences/{token}", data=fields | {"language": "en"})
    client.post(f"/preferences/{token}", data=fields | {"language": "xx"})
    assert dump(app) == before


def test_coming_back_needs_a_fresh_confirmation_by_mail(
    app: App, client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = number_of(token)
    leave(client, token)
    asked_before = len(mails_asking(app))
    later = app.now() + dt.timedelta(minutes=11)  # one that was asked for a moment ago would do
    monkeypatch.setattr("newsletter.app.now", lambda: later)
    page = client.get(f"/preferences/{token}").text
    assert "Sie sind abgemeldet." in page
    assert f"pause-{number}" not in page

    for _ in range(2):
        answer = client.post(f"/preferences/{token}", data=fields_of(page) | {f"on-{number}": "yes"})
        assert "Wir senden Ihnen eine E-Mail mit einem Link." in answer.text

    assert state_of(app, ANNA) == "pending"
    assert len(mails_asking(app)) == asked_before + 1, "the second press came a moment later"
    asked = records_of(app)[-1]
    assert (asked.kind, asked.source) == ("requested", "settings page")
    with app.reading() as session:
        assert session.get_one(Wording, asked.wording).text in page

    client.post(f"/confirm/{mails_asking(app)[-1].fields['confirm_token']}", data={"confirm": "yes"})
    assert state_of(app, ANNA) == "confirmed"


def test_a_form_that_was_left_open_undoes_nothing_chosen_meanwhile(app: App, client: Client, token: str) -> None:
    old = fields_of(client.get(f"/preferences/{token}").text)
    leave(client, token)

    answer = client.post(f"/preferences/{token}", data=old)

    assert answer.status_code == 200
    assert state_of(app, ANNA) == "left"


def test_a_scanner_that_posts_to_the_link_changes_nothing(app: App, client: Client, token: str) -> None:
    before = dump(app)

    for body in (b"", b"\x00\xff\xfe", b"a=b", b"leave=yes", b"List-Unsubscribe=One-Click"):
        answers = [client.post(f"/preferences/{token}{path}", content=body) for path in ("", "/my-data")]
        assert [answer.status_code for answer in answers] == [200, 200]
    assert dump(app) == before


def test_the_button_alone_without_its_form_changes_nothing(app: App, client: Client, token: str) -> None:
    before = dump(app)

    assert client.post(f"/preferences/{token}", data={"save": "yes"}).status_code == 400
    assert dump(app) == before


def test_nobody_changes_the_choices_of_somebody_else(app: App, client: Client, token: str) -> None:
    ben = a_reader(app, "ben@posteo.de", confirmed=True)
    fields = fields_of(client.get(f"/preferences/{token}").text)
    stranger = {f"was-on-{ben.subscription_id}": "yes", f"pause-{ben.subscription_id}": in_days(app, 14)}
    before = dump(app)

    client.post(f"/preferences/{token}", data=fields | stranger)

    assert dump(app) == before


def test_all_lists_of_the_reader_are_there_and_nobody_elses(app: App, client: Client, token: str) -> None:
    with app.writing() as session:
        sport, secret = a_list(session, "sport"), a_list(session, "secret")
        sport.name, secret.name = "Sport aktuell", "Nur für andere"
        session.add(a_subscription_of(session, sport, "left", now=app.now()))

    page = client.get(f"/preferences/{token}").text

    assert "Sport aktuell" in page
    assert "Nur für andere" not in page


def test_a_link_of_another_purpose_or_forged_shows_nothing(app: App, client: Client) -> None:
    reader = a_reader(app, confirmed=True)
    good = tokens.preferences(SECRET, reader.subscription_id)
    before = dump(app)

    for bad in (good[:-1], f"9{good}", reader.leave_token, reader.confirm_token, "x" * 5000, "%00", "ü"):
        assert client.get(f"/preferences/{bad}").status_code == 404
        assert client.post(f"/preferences/{bad}", data={"save": "yes"}).status_code == 404
        assert client.post(f"/preferences/{bad}/my-data", data={"errand": "erase"}).status_code == 404
    assert client.get(f"/leave/{good}").status_code == 404
    assert client.get(f"/confirm/{good}").status_code == 404
    assert dump(app) == before


def test_the_link_of_a_test_mail_and_of_somebody_gone_say_so(client: Client) -> None:
    test, gone = tokens.preferences_test(SECRET), tokens.preferences(SECRET, 999)

    for data in (None, {"save": "yes"}):
        method = "POST" if data else "GET"
        assert "Das war eine Testmail" in client.request(method, f"/preferences/{test}", data=data).text
        assert "Hier gibt es nichts mehr einzustellen" in client.request(method, f"/preferences/{gone}", data=data).text
    for each in (test, gone):
        assert client.post(f"/preferences/{each}/my-data", data={"errand": "erase"}).status_code == 200


def test_the_neutral_page_says_where_the_link_is(client: Client) -> None:
    assert "So finden Sie Ihre Einstellungen" in client.get("/preferences").text


def test_the_page_is_private(client: Client, token: str) -> None:
    headers = client.get(f"/preferences/{token}").headers

    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_yes_counts_only_where_the_list_asks_and_a_no_always(app: App, client: Client, token: str) -> None:
    number = number_of(token)
    fields = fields_of(client.get(f"/preferences/{token}").text)
    client.post(f"/preferences/{token}", data=fields | {f"was-measured-{number}": "", f"measured-{number}": "yes"})
    assert subscription_of(app, token).measured is None

    with app.writing() as session:
        session.execute(update(Subscription).values(measured=True))
    page = client.get(f"/preferences/{token}").text
    client.post(f"/preferences/{token}", data=fields_of(page) | {f"measured-{number}": "no"})

    assert subscription_of(app, token).measured is False
    assert f"measured-{number}" not in client.get(f"/preferences/{token}").text


def a_subscription_of(session: Session, mailing_list: MailingList, state: str, *, now: dt.datetime) -> Subscription:
    """How the only person there is stands to another list."""
    return Subscription(
        subscriber_id=session.scalars(select(Subscriber.id)).one(),
        list_id=mailing_list.id,
        state=state,
        source="test",
        created_at=now,
        changed_at=now,
    )


def asks_measuring(app: App) -> None:
    with app.writing() as session:
        session.execute(update(MailingList).values(asks_measuring=True))


def mails_asking(app: App) -> list[Delivery]:
    return [mail for mail in mails_to(app, ANNA) if "confirm_token" in mail.fields]


def mails_telling(app: App) -> list[Delivery]:
    """The mails that say what was changed."""
    with app.reading() as session:
        told = select(Delivery).join(Mailing, Mailing.id == Delivery.mailing_id)
        return list(session.scalars(told.where(Mailing.name == "settings-changed")))


def number_of(token: str) -> str:
    """The subscription a token is about, as fields are named for it."""
    return str(tokens.read_preferences(SECRET, token).subscription_id)


def in_days(app: App, days: int) -> str:
    return (app.now().date() + dt.timedelta(days=days)).isoformat()


def leave(client: Client, token: str) -> None:
    fields = fields_of(client.get(f"/preferences/{token}").text)
    del fields[f"on-{number_of(token)}"]
    assert client.post(f"/preferences/{token}", data=fields).status_code == 200


def subscription_of(app: App, token: str) -> Subscription:
    with app.reading() as session:
        return session.get_one(Subscription, int(number_of(token)))


def some_topics(app: App) -> tuple[int, int]:
    with app.writing() as session:
        news = session.scalars(select(MailingList)).one()
        made = [
            topics.add(session, news, slug, names={"de": name}, by=BY, now=app.now()).id
            for slug, name in (("culture", "Kultur"), ("sport", "Sport"))
        ]
    return made[0], made[1]


def chosen_by(app: App, token: str) -> frozenset[int] | None:
    with app.reading() as session:
        return topics.chosen(session, session.get_one(Subscription, int(number_of(token))))

"""What the sign-up form of a list asks, in what words, and what becomes of the answers."""

import pytest
from sqlalchemy import select

from newsletter.app import App
from subscribers import form_fields, lists, topics, wordings
from subscribers.models import ConsentEvidence, Subscriber, Subscription, Topic, Wording
from tests.support.kinds import on_sqlite
from tests.support.makers import BY
from tests.support.web import Client, dump, hidden_fields, mails_to, sign_up, state_of

pytestmark = on_sqlite

FORM = "/lists/region"


@pytest.fixture(autouse=True)
def asking(app: App) -> None:
    """The list asks for a region and topics, and may be told a title and a language."""
    with app.writing() as session:
        region = lists.named(session, "region")
        wanted = {"region": "required", "topics": "required", "title": "optional", "language": "optional"}
        form_fields.ask(session, region, wanted, by=BY, now=app.now())
        for slug, names in (("culture", {"de": "Kultur", "en": "Culture"}), ("sport", {"de": "Sport"})):
            topics.add(session, region, slug, names=names, by=BY, now=app.now())


def chosen(app: App) -> set[str] | None:
    with app.reading() as session:
        ids = topics.chosen(session, session.scalars(select(Subscription)).one())
        return None if ids is None else {session.get_one(Topic, topic_id).slug for topic_id in ids}


def test_topics_are_shown_in_the_language_of_the_page(client: Client) -> None:
    assert "<span>Kultur</span>" in client.get(FORM).text
    assert "<span>Culture</span>" in client.get(f"{FORM}?lang=en").text
    assert "<span>Sport</span>" in client.get(f"{FORM}?lang=en").text


def test_everything_that_was_told_is_kept(app: App, client: Client) -> None:
    told = {"title": "Dr.", "last_name": "Winter", "region": "Celle", "language": "en", "topic-sport": "yes"}

    assert sign_up(client, "anna@posteo.de", **told).status_code == 200

    with app.reading() as session:
        anna = session.scalars(select(Subscriber)).one()
        evidence = session.scalars(select(ConsentEvidence.data)).one()
        words = session.scalars(select(Wording)).one()
    assert (anna.title, anna.last_name, anna.region, anna.language) == ("Dr.", "Winter", "Celle", "en")
    assert evidence["topics"] == ["sport"]
    assert (words.language, words.text.split()[0]) == (
        "de",
        "Ich",
    )  # the words are the form's, whatever they read later


def test_topics_count_once_the_button_of_the_mail_is_pressed(app: App, client: Client) -> None:
    sign_up(client, "anna@posteo.de", **{"region": "Celle", "topic-sport": "yes"})
    token = mails_to(app, "anna@posteo.de")[0].fields["confirm_token"]
    assert chosen(app) is None

    page = client.get(f"/confirm/{token}").text
    assert "<dt>Themen</dt><dd>Sport</dd>" in page
    assert chosen(app) is None

    client.post(f"/confirm/{token}", data={"confirm": "yes"})
    assert chosen(app) == {"sport"}


def test_what_is_missing_is_told_at_its_field_and_in_a_summary_and_nothing_is_lost(app: App, client: Client) -> None:
    before = dump(app)

    answer = sign_up(client, "anna@posteo.de", title="Dr.", last_name='W"inter')

    assert answer.status_code == 400
    assert 'aria-invalid="true" aria-describedby="region-problem" autofocus' in answer.text
    assert '<p class="problem" id="region-problem">Bitte füllen Sie dieses Feld aus.</p>' in answer.text
    assert 'aria-invalid="true" aria-describedby="topics-problem"' in answer.text
    assert answer.text.count("autofocus") == 1
    assert '<a href="#region" target="_self">Region</a>' in answer.text
    assert '<a href="#topics" target="_self">Themen</a>' in answer.text
    assert "Bitte prüfen: " in answer.text
    assert 'value="anna@posteo.de"' in answer.text
    assert 'value="W&#34;inter"' in answer.text
    assert dump(app) == before


def test_a_tick_is_kept_when_the_form_is_shown_again(client: Client) -> None:
    answer = sign_up(client, "anna@posteo.de", **{"topic-sport": "yes"})

    assert 'name="topic-sport" value="yes" checked' in answer.text
    assert 'name="topic-culture" value="yes" checked' not in answer.text


def test_the_form_to_embed_asks_the_same(app: App, client: Client) -> None:
    page = client.get(f"{FORM}/embed").text
    form = page[page.index('<div class="preview"') : page.index("Oder als Rahmen")]

    assert '<input type="checkbox" name="topic-sport" value="yes"> Sport' in form
    assert 'name="region"' in form
    assert " id=" not in form  # the other site may have the same
    fields = {**hidden_fields(form), "email": "anna@posteo.de", "region": "Celle", "topic-culture": "yes"}
    assert client.post(FORM, data=fields).status_code == 200
    assert state_of(app, "anna@posteo.de") == "pending"


def test_a_list_may_use_words_of_its_own_and_an_old_form_is_shown_the_new_ones(app: App, client: Client) -> None:
    old = hidden_fields(client.get(FORM).text)
    answers = {"email": "anna@posteo.de", "region": "Celle", "topic-sport": "yes"}
    with app.writing() as session:
        text = "Ja zu „%(list)s“ von %(publisher)s, jederzeit widerruflich & frei."
        wordings.put(session, lists.named(session, "region"), language="de", text=text, by=BY, now=app.now())

    again = client.post(FORM, data={**old, **answers})

    assert again.status_code == 400
    assert "Der Text, dem Sie zustimmen, hat sich geändert" in again.text
    assert "Ja zu „Region aktuell“ von Presse, jederzeit widerruflich &amp; frei." in again.text
    assert state_of(app, "anna@posteo.de") is None
    assert client.post(FORM, data={**hidden_fields(again.text), **answers}).status_code == 200
    with app.reading() as session:
        kept = session.scalars(select(Wording.text)).all()
    assert kept == ["Ja zu „Region aktuell“ von Presse, jederzeit widerruflich & frei."]
    assert "I would like to receive" in client.get(f"{FORM}?lang=en").text


def test_going_back_to_earlier_words_makes_the_forms_of_then_good_again(app: App, client: Client) -> None:
    old = hidden_fields(client.get(FORM).text)
    with app.writing() as session:
        region = lists.named(session, "region")
        wordings.put(session, region, language="de", text="%(list)s, widerrufbar", by=BY, now=app.now())
        wordings.withdraw(session, region, language="de", by=BY, now=app.now())

    answer = client.post(FORM, data={**old, "email": "a@posteo.de", "region": "Celle", "topic-sport": "yes"})

    assert answer.status_code == 200

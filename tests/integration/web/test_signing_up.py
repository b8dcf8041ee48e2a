import re
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from newsletter.app import App
from newsletter.database import Database
from newsletter.web import limits
from newsletter.web.models import Rate
from subscribers.models import ConsentEvidence, Subscriber, Wording
from tests.support.makers import a_list
from tests.support.web import (
    PUBLIC_URL,
    Client,
    a_client,
    a_reader,
    an_app,
    dump,
    hidden_fields,
    mails_to,
    records_of,
    sign_up,
    state_of,
)

FORM = "/lists/region"
WORDING = (
    "Ich möchte „Region aktuell“ von Presse per E-Mail erhalten. "
    "Meine Einwilligung kann ich jederzeit widerrufen, mit dem Link in jeder Ausgabe."
)


def test_the_form_shows_list_sender_and_the_words_agreed_to(client: Client) -> None:
    page = client.get(FORM)

    assert page.status_code == 200
    assert "<h1>Region aktuell</h1>" in page.text
    assert WORDING in page.text


def test_a_sign_up_is_pending_and_its_confirmation_mail_is_queued(app: App, client: Client) -> None:
    fields = hidden_fields(client.get(FORM).text)

    answer = client.post(FORM, data={**fields, "email": "Anna@Posteo.de", "first_name": "Anna", "last_name": "Winter"})

    assert answer.status_code == 200
    assert "Bitte sehen Sie in Ihr Postfach" in answer.text
    assert state_of(app, "anna@posteo.de") == "pending"
    assert len(mails_to(app, "anna@posteo.de")) == 1


def test_the_consent_record_holds_the_words_that_were_shown(app: App, client: Client) -> None:
    client.post(FORM, data={**hidden_fields(client.get(FORM).text), "email": "anna@posteo.de"})

    (record,) = records_of(app)
    with app.reading() as session:
        wording = session.get_one(Wording, record.wording)
    assert (record.kind, record.source) == ("requested", "sign-up page")
    assert (wording.text, wording.language) == (WORDING, "de")


def test_the_language_of_the_form_is_the_language_of_words_and_person(app: App) -> None:
    client = a_client(app, **{"Accept-Language": "en"})

    client.post(FORM, data={**hidden_fields(client.get(FORM).text), "email": "anna@posteo.de"})

    with app.reading() as session:
        assert session.scalars(select(Wording.text)).one().startswith("I would like to receive “Region aktuell” from")
        assert session.scalars(select(Subscriber.language)).one() == "en"


@pytest.mark.parametrize("wording", [{"wording": "0" * 64}, {"wording": ""}, {}], ids=["other", "empty", "none"])
def test_a_form_with_other_words_is_shown_again_before_anything_happens(
    app: App, client: Client, wording: dict[str, str]
) -> None:
    before = dump(app)

    answer = client.post(FORM, data={"email": "anna@posteo.de", "first_name": "Anna", **wording})

    assert answer.status_code == 400
    assert "Der Text, dem Sie zustimmen, hat sich geändert" in answer.text
    assert 'value="Anna"' in answer.text
    assert dump(app) == before


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@",
        "@posteo.de",
        "a b@posteo.de",
        "anna@posteo",
        "x" * 400 + "@posteo.de",
        "a\0@b.de",
        "a\r\nBcc: b@c.de",
    ],
)
def test_an_invalid_address_is_told_and_the_form_keeps_what_was_typed(app: App, client: Client, address: str) -> None:
    before = dump(app)

    answer = client.post(FORM, data={"email": address, "first_name": "Anna", "organisation": "Verein"})

    assert answer.status_code == 400
    assert 'aria-invalid="true" aria-describedby="email-problem"' in answer.text
    assert 'id="email-problem">Das sieht nicht nach einer E-Mail-Adresse aus.' in answer.text
    assert 'value="Anna"' in answer.text
    assert 'value="Verein"' in answer.text
    assert dump(app) == before


def test_the_answer_does_not_tell_whether_an_address_is_known(app: App, client: Client) -> None:
    a_reader(app, "pending@posteo.de")
    a_reader(app, "confirmed@posteo.de", confirmed=True)

    answers = [sign_up(client, f"{who}@posteo.de") for who in ("stranger", "pending", "confirmed")]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert {tuple(answer.headers.items()) for answer in answers} == {tuple(answers[0].headers.items())}
    assert {answer.status_code for answer in answers} == {200}


def test_a_second_sign_up_at_once_mails_nobody_again_and_answers_alike(app: App, client: Client) -> None:
    first = sign_up(client, "anna@posteo.de")
    second = sign_up(client, "ANNA@posteo.de")

    assert first.content == second.content
    assert len(mails_to(app, "anna@posteo.de")) == 1


def test_a_program_that_fills_every_field_gets_the_same_answer_and_nothing_happens(app: App, client: Client) -> None:
    before = dump(app)

    trapped = sign_up(client, "anna@posteo.de", homepage="https://spam.example")

    assert dump(app) == before
    assert trapped.content == sign_up(client, "anna@posteo.de").content


def test_a_visitor_who_signs_up_too_many_is_asked_to_wait(app: App, client: Client) -> None:
    answers = [sign_up(client, f"p{n}@posteo.de") for n in range(limits.PER_VISITOR.burst + 1)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert state_of(app, "p19@posteo.de") == "pending"
    assert state_of(app, "p20@posteo.de") is None


def test_an_address_typed_too_often_is_left_alone_without_telling(app: App, client: Client) -> None:
    answers = [sign_up(client, "anna@posteo.de") for _ in range(limits.PER_ADDRESS.burst + 2)]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(mails_to(app, "anna@posteo.de")) == 1


def test_the_limits_keep_neither_address_nor_ip(app: App, client: Client) -> None:
    sign_up(client, "anna@posteo.de")

    with app.reading() as session:
        keys = list(session.scalars(select(Rate.key)))
    assert len(keys) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)


@pytest.mark.parametrize(
    ("kept", "expected"), [("off", None), ("truncated", "203.0.113.0/24"), ("full", "203.0.113.77")]
)
def test_as_much_of_the_ip_is_kept_as_the_setting_says(
    database: Database, tmp_path: Path, kept: str, expected: str | None
) -> None:
    app = an_app(database, tmp_path, consent_ip=kept, trusted_proxies="127.0.0.1")
    client = Client(a_client(app).app, client=("127.0.0.1", 5000))

    client.headers["X-Forwarded-For"] = "203.0.113.77"
    sign_up(client, "anna@posteo.de")

    with app.reading() as session:
        (evidence,) = session.scalars(select(ConsentEvidence))
    assert evidence.data["ip"] == expected


def test_another_site_may_post_the_form_without_cookie_or_referrer(app: App, client: Client) -> None:
    client.headers.update({"Origin": "https://verein.example", "Sec-Fetch-Site": "cross-site"})

    answer = sign_up(client, "anna@posteo.de", source="embed")

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert records_of(app)[0].source == "embedded form"


def test_the_form_to_embed_is_the_form_that_is_taken(app: App, client: Client) -> None:
    page = client.get(f"{FORM}/embed").text
    form = page[page.index('<div class="preview"') :]

    answer = client.post(FORM, data={**hidden_fields(form), "email": "anna@posteo.de"})

    assert f'<form method="post" action="{PUBLIC_URL}/lists/region">' in form
    assert answer.status_code == 200
    assert state_of(app, "anna@posteo.de") == "pending"


def test_a_form_sent_in_parts_is_read_too(app: App, client: Client) -> None:
    fields = {**hidden_fields(client.get(FORM).text), "email": "anna@posteo.de", "first_name": "Änne"}

    answer = client.post(FORM, files={name: (None, value) for name, value in fields.items()})

    assert answer.status_code == 200
    with app.reading() as session:
        assert session.scalars(select(Subscriber.first_name)).one() == "Änne"


def test_a_name_cannot_bring_a_header_or_a_line_into_the_mail(app: App, client: Client) -> None:
    sign_up(client, "anna@posteo.de", first_name="Anna\r\nBcc: alle@example.org\r\n\r\nHallo")

    with app.reading() as session:
        assert session.scalars(select(Subscriber.first_name)).one() == "Anna Bcc: alle@example.org Hallo"


@pytest.mark.parametrize("field", ["email", "salutation", "first_name", "last_name", "organisation", "lang", "source"])
def test_markup_typed_into_a_field_is_shown_as_text(client: Client, field: str) -> None:
    script = "\"'><script>alert(1)</script>"

    answer = client.post(FORM, data={"email": "nobody", field: script})

    assert answer.status_code == 400
    assert "<script" not in answer.text


def test_a_list_that_is_not_there_or_not_open_is_a_kind_page(app: App, client: Client) -> None:
    with app.writing() as session:
        a_list(session, "closed")  # nobody publishes on it
    paths = ("/lists/nothing", "/lists/closed", "/lists/closed/embed", "/lists/%00", "/lists/ü%0d%0a")

    answers = [client.get(path) for path in paths]
    answers += [client.post(path, data={"email": "anna@posteo.de"}) for path in paths[:2]]

    assert [answer.status_code for answer in answers] == [404] * 7
    assert all("Hier ist nichts" in answer.text for answer in answers)


def test_the_language_can_be_asked_for(client: Client) -> None:
    assert '<html lang="de"' in client.get(FORM).text
    assert '<html lang="en"' in client.get(f"{FORM}?lang=en").text
    assert '<html lang="de"' in client.get(FORM, headers={"Accept-Language": "fr"}).text  # the list's own
    assert '<html lang="de"' in client.get(f"{FORM}?lang=../../etc").text


def test_a_list_that_is_flooded_asks_everybody_to_wait_and_staff_can_see_it(database: Database, tmp_path: Path) -> None:
    app = an_app(database, tmp_path, sign_ups_at_once=3, sign_ups_per_minute=1, trusted_proxies="127.0.0.1")
    client = Client(a_client(app).app, client=("127.0.0.1", 5000), headers={"Accept-Language": "de"})
    answers = []

    with capture_logs() as lines:
        for number in range(5):
            client.headers["X-Forwarded-For"] = f"203.0.113.{number}"
            answers.append(sign_up(client, f"p{number}@posteo.de"))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert "Gerade melden sich sehr viele Menschen an." in answers[-1].text
    assert state_of(app, "p3@posteo.de") is None
    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert [(line["event"], line["list"]) for line in warnings] == [
        ("a list gets more sign-ups than it takes", "region")
    ] * 2

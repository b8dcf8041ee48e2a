"""What a list says in its own words on the public pages, and the pages behind links that no longer do what they did."""

import datetime as dt
import html
import re

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.delivery.archive import visibility
from newsletter.delivery.archive.models import Visibility
from newsletter.texts import catalogue, writing
from subscribers import lists, tokens
from subscribers.models import MailingList
from tests.support.kinds import on_sqlite
from tests.support.makers import BY, SECRET, a_list, a_publication
from tests.support.web import Client, a_client, a_reader, dump, mails_to, sign_up, state_of

pytestmark = on_sqlite

ANNA = "anna@posteo.de"
PRIVATE = {
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-language": "de",
}
DAMAGES = ["%3E", ".", ")", "%0A", "%0D%0A", "=", "=3D", "%22", "%20", ",", "&gt;", "%E2%80%9C"]


def say(app: App, name: str, text: str, *, language: str = "de") -> None:
    with app.writing() as session:
        found = session.scalars(select(MailingList)).first()
        assert found is not None
        passage = catalogue.passage_named(name)
        writing.write(session, found, passage=passage, language=language, text=text, by=BY, now=app.now())


def test_a_list_s_own_words_stand_on_its_pages_and_are_never_markup(app: App, client: Client) -> None:
    say(app, "page.confirm.heading", "Fast da <script>")
    say(app, "page.confirm.lead", "Bekommen möchten Sie {list}.\nWirklich?\n\n{address} & {list}")
    say(app, "page.confirm.button", "Ja, <gern>")
    say(app, "page.confirmed.lead", "Willkommen bei {list}.")
    path = f"/confirm/{a_reader(app).confirm_token}"

    page = client.get(path)
    done = client.post(path, data={"confirm": "yes"})

    assert "<h1>Fast da &lt;script&gt;</h1>" in page.text
    assert '<p class="lead">Bekommen möchten Sie Region aktuell.<br>\nWirklich?</p>' in page.text
    assert '<p class="lead">a…@p… &amp; Region aktuell</p>' in page.text
    assert 'value="yes">Ja, &lt;gern&gt;</button>' in page.text
    assert '<p class="lead">Willkommen bei Region aktuell.</p>' in done.text
    assert "<script" not in page.text


def test_another_language_keeps_the_words_of_the_product(app: App, client: Client) -> None:
    say(app, "page.confirm.heading", "Fast da")
    path = f"/confirm/{a_reader(app).confirm_token}"

    assert "<h1>Just one more press</h1>" in client.get(f"{path}?lang=en").text


def test_the_form_is_answered_and_the_mail_written_in_the_words_of_the_list(app: App, client: Client) -> None:
    say(app, "page.sign_up.lead", "Freitags von {publisher}.\n\nKostenlos & <frei>.")
    say(app, "page.asked.lead", "Post von {publisher} für {list}.")
    say(app, "mail.confirmation.subject", "Ja zu {list}?")

    answer = sign_up(client, ANNA)

    for form in ("/lists/region", "/lists/region/frame"):
        lead = '<p class="lead">Freitags von Presse.</p>\n<p class="lead">Kostenlos &amp; &lt;frei&gt;.</p>'
        assert lead in client.get(form).text
    assert '<p class="lead">Post von Presse für Region aktuell.</p>' in answer.text
    assert len(mails_to(app, ANNA)) == 1
    assert any("Ja zu Region aktuell?" in line for line in dump(app) if line.startswith("compiled"))


def make_public(app: App, *slugs: str) -> None:
    with app.writing() as session:
        for slug in slugs:
            found = lists.named(session, slug)
            visibility.show_to(session, found, visibility=Visibility.PUBLIC, by=BY, now=app.now())


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_link_with_something_stuck_to_it_still_works(app: App, client: Client, damage: str) -> None:
    reader = a_reader(app)

    page = client.get(f"/confirm/{reader.confirm_token}{damage}")
    done = client.post(f"/confirm/{reader.confirm_token}{damage}", data={"confirm": "yes"})

    assert page.status_code == 200
    assert "<button" in page.text
    assert done.status_code == 200
    assert state_of(app, ANNA) == "confirmed"
    settings = tokens.preferences(SECRET, reader.subscription_id)
    assert client.get(f"/leave/{reader.leave_token}{damage}").status_code == 200
    assert client.get(f"/preferences/{settings}{damage}").status_code == 200


def test_a_link_broken_over_two_lines_still_works(app: App, client: Client) -> None:
    token = a_reader(app).confirm_token

    for broken in ("%0A", "=%0D%0A", "%20"):
        assert client.get(f"/confirm/{token[:30]}{broken}{token[30:]}").status_code == 200


@pytest.mark.parametrize("path", ["/confirm", "/confirm/", "/confirm/nonsense", "/confirm/ABC"])
def test_a_link_that_is_none_tells_where_to_sign_up_and_whom_to_ask(app: App, client: Client, path: str) -> None:
    make_public(app, "region")

    page = client.get(path)

    assert page.status_code == 404
    assert {name: page.headers[name] for name in PRIVATE} == PRIVATE
    assert "Geändert wurde nichts." in page.text
    assert 'href="/lists/region?lang=de">Region aktuell</a>' in page.text
    assert 'href="https://news.example.org/imprint">so erreichen Sie uns</a>' in page.text


def test_a_link_in_capitals_is_told_that_they_matter(app: App, client: Client) -> None:
    page = client.get(f"/confirm/{a_reader(app).confirm_token.upper()}")

    assert page.status_code == 404
    assert "Groß- und Kleinbuchstaben müssen so bleiben, wie sie sind." in page.text


def test_of_several_lists_none_is_guessed(app: App, client: Client) -> None:
    with app.writing() as session:
        a_publication(session, a_list(session, "kultur"), "kultur")
    make_public(app, "region", "kultur")

    page = client.get("/confirm/nonsense")

    assert "/lists/" not in page.text
    assert 'href="/?lang=de">Newsletter</a>' in page.text


def test_no_broken_link_leads_to_a_list_that_is_not_public(client: Client) -> None:
    page = client.get("/confirm/nonsense")

    assert "/lists/" not in page.text
    assert "wo Sie den Newsletter gefunden haben" in page.text


def test_who_has_confirmed_is_led_to_the_settings(app: App, client: Client) -> None:
    page = client.get(f"/confirm/{a_reader(app, confirmed=True).confirm_token}").text

    link = re.search(r'href="(/preferences/[^"]+)">Ihre Einstellungen', page)
    assert link
    assert client.get(link[1]).status_code == 200


def test_every_page_of_a_token_is_private_and_in_the_language_of_the_list(app: App, client: Client) -> None:
    make_public(app, "region")
    english = a_client(app)  # says no language
    reader = a_reader(app)
    old = tokens.confirmation(SECRET, reader.subscription_id, address_key=ANNA, now=app.now() - dt.timedelta(days=15))
    used = a_reader(app, "bea@posteo.de", confirmed=True)

    for visitor in (client, english):
        for path, status in (
            (f"/confirm/{reader.confirm_token}", 200),
            (f"/confirm/{used.confirm_token}", 200),
            (f"/confirm/{old}", 410),
            ("/confirm/forged", 404),
        ):
            for method in ("GET", "HEAD"):
                answer = visitor.request(method, path)
                assert answer.status_code == status
                assert {name: answer.headers[name] for name in PRIVATE} == PRIVATE


def test_no_way_on_carries_an_address_or_a_token(app: App, client: Client) -> None:
    reader = a_reader(app)
    old = tokens.confirmation(SECRET, reader.subscription_id, address_key=ANNA, now=app.now() - dt.timedelta(days=15))

    for token in (reader.confirm_token, old, "forged"):
        page = client.get(f"/confirm/{token}").text
        links = [html.unescape(link) for link in re.findall(r'(?:href|action)="([^"]*)"', page)]
        assert not [link for link in links if "anna" in link or token in link]


def test_pressing_reloading_and_going_back_are_all_kind(app: App, client: Client) -> None:
    path = f"/confirm/{a_reader(app).confirm_token}"

    answers = [client.get(path), *(client.post(path, data={"confirm": "yes"}) for _ in range(3)), client.get(path)]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.content for answer in answers[1:4]}) == 1
    assert "Sie sind angemeldet" in answers[4].text

"""An issue in two languages, side by side: written without scripts, looked at, checked, tried and sent."""

import pytest

from newsletter.app import App
from newsletter.content import translating
from newsletter.content.blocks import Translation
from newsletter.issues import composing, publications, revisions
from subscribers.models import MailingList
from tests.support.composing import HAUS, Desk, an_issue, content, in_the_pool, state
from tests.support.kinds import on_sqlite
from tests.support.ledgers import a_reader
from tests.support.makers import BY
from tests.support.web import Client

pytestmark = on_sqlite

GREETING = "<p>[[salutation|Hello]],</p><p>these are the news of this issue.</p>"
BEGUN = Translation("en", (("b1.text", GREETING), ("b2.date", "November 20, 2026"), ("b3.date", "November 20, 2026")))


@pytest.fixture
def desk(ana: Client, issue: int) -> Desk:
    """The issue, also in English."""
    return Desk.open(ana, issue).press("also-in")


def in_english(app: App, issue: int) -> dict[str, str]:
    return translating.words_of(content(app, issue))


def with_readers(app: App) -> None:
    """Two of whose language nothing is known, one who reads German and one who reads English."""
    with app.writing() as session:
        region = session.get_one(MailingList, publications.named(session, "aktuell").list_id)
        for name, language in (("anna", ""), ("ben", ""), ("carla", "de"), ("dora", "en")):
            a_reader(session, region, f"{name}@example.net", language=language)


def found(desk: Desk) -> list[str]:
    return [" ".join(each.text_content().split()) for each in desk.document.cssselect("#findings li")]


def test_a_second_language_begins_with_greeting_and_dates_and_is_written_field_by_field(
    app: App, ana: Client, desk: Desk, issue: int
) -> None:
    assert content(app, issue).translation == BEGUN
    assert [each.get("for") for each in desk.document.cssselect("label[for^='b2.en:']")] == [
        "b2.en:title",
        "b2.en:text",
        "b2.en:link",
        "b2.en:link_text",
        "b2.en:date",
    ]
    assert desk.document.cssselect("label[for='b2.en:title']")[0].text == "Titel (Englisch)"
    fields = [desk.document.get_element_by_id(name) for name in ("b2.title", "b2.en:title", "b2.en:text", "b2.en:link")]
    assert [each.get("lang") for each in fields] == ["de", "en", "en", None]

    words = {
        "en:subject": "News in May",
        "b2.en:title": "Festival",
        "b2.en:text": "<p>On <b>Sunday</b></p><script>x</script>",
    }
    after = desk.typed(**words, b2__title="Seefest").press()

    assert in_english(app, issue) == dict(BEGUN.words) | {
        "subject": "News in May",
        "b2.title": "Festival",
        "b2.text": "<p>On <strong>Sunday</strong></p>",
    }
    assert after.fields["b2.en:text"] == "<p>On <strong>Sunday</strong></p>"
    mail, english = (ana.get(f"/staff/issues/{issue}/preview{query}").text for query in ("", "?reader=en%3A"))
    assert ("Seefest" in mail, "Festival" in mail, 'lang="de"' in mail) == (True, False, True)
    assert ("Seefest" in english, "Festival" in english, HAUS in english, "Issue 1" in english) == (
        False,
        True,
        True,
        True,
    )
    assert 'lang="en"' in english
    assert "Dear Dr Mustermann" in english


def test_what_is_taken_away_is_brought_back_by_undo(app: App, desk: Desk, issue: int) -> None:
    written = desk.typed(**{"en:subject": "News"}).press()
    before = in_english(app, issue)

    without = written.press("only-first")

    assert "en:subject" not in without.fields
    assert content(app, issue).translation is None
    assert without.press("undo").fields["en:subject"] == "News"
    assert in_english(app, issue) == before
    removed = Desk.open(without.client, issue).press("remove b2")
    assert {translating.block_of(name) for name in in_english(app, issue)} == {"", "b1", "b3"}
    removed.press("undo")
    assert in_english(app, issue) == before


@pytest.mark.usefixtures("desk")
def test_of_the_same_field_in_english_both_versions_stand_until_somebody_decides(
    app: App, ana: Client, ben: Client, issue: int
) -> None:
    anas, bens = Desk.open(ana, issue), Desk.open(ben, issue)
    anas.typed(**{"b2.en:title": "Festival", "b2.en:text": "<p>Fun</p>", "b2.en:date": "20 November"}).press()

    bens_words = {
        "b2.en:title": "Party",
        "b2.en:text": "<p>Joy</p>",
        "b2.en:link_text": "Read on",
        "b2.en:date": "Today",
    }
    torn = bens.typed(**bens_words).press()

    assert [torn.fields[name] for name in ("b2.en:title", "mine.b2.en:title", "b2.en:link_text")] == [
        "Festival",
        "Party",
        "Read on",
    ]
    assert torn.document.get_element_by_id("more-b2").get("open") is not None
    assert torn.document.cssselect("[id='held-b2.en:text'] blockquote")[0].text == "Joy"
    settled = torn.press("take b2.en:title").press("leave b2.en:date")
    assert "mine.b2.en:title" not in settled.fields
    assert in_english(app, issue)["b2.title"] == "Party"
    assert in_english(app, issue)["b2.date"] == "20 November"
    history = ben.get(f"/staff/issues/{issue}/history").text
    assert "Titel (Englisch) (Fest am See)" in history
    assert "Zweite Sprache" in history


@pytest.mark.usefixtures("desk")
def test_a_language_that_one_takes_away_while_another_writes_in_it_stays_and_says_so(
    ana: Client, ben: Client, issue: int
) -> None:
    anas, bens = Desk.open(ana, issue), Desk.open(ben, issue)
    anas.typed(**{"en:subject": "News"}).press()

    torn = bens.press("only-first")

    assert torn.fields["en:subject"] == "News"
    assert "Die zweite Sprache wurde entfernt" in torn.document.get_element_by_id("held-.removed").text_content()
    assert "mine..removed" not in torn.press("leave .removed").fields
    assert "en:subject" not in Desk.open(ben, issue).press("only-first").fields


def test_the_checks_look_at_both_languages_and_lead_to_the_field(desk: Desk) -> None:
    assert found(desk) == [
        "Warnung Wer Englisch liest, bekommt die Worte auf Deutsch: Betreff, Vorschautext. Dorthin",
        "Warnung Wer Englisch liest, bekommt die Worte auf Deutsch: Titel, Text. Dorthin",
        "Warnung Wer Englisch liest, bekommt die Worte auf Deutsch: Titel, Text. Dorthin",
    ]
    links = [each.get("href") for each in desk.document.cssselect("#findings a")]
    assert links == ["#en:subject", "#b2.en:title", "#b3.en:title"]

    words = {"en:subject": "News", "en:preheader": "And more", "b3.en:title": "Town hall", "b3.en:text": "<p>Done.</p>"}
    wrong = desk.typed(**words, **{"b2.en:title": "Festival", "b2.en:text": "<p>[[first_name]], come!</p>"}).press()

    [said] = found(wrong)
    assert said.startswith("Fehler Auf Englisch: Das Feld [[first_name]] hat keinen Ersatz")
    assert [each.get("href") for each in wrong.document.cssselect("#findings a")] == ["#b2.en:title"]


def test_the_preview_tells_how_many_read_each_language(app: App, ana: Client, issue: int) -> None:
    with_readers(app)

    shown = Desk.open(ana, issue).press("also-in")

    options = [" ".join(each.text_content().split()) for each in shown.document.cssselect("#reader option")]
    assert options == ["Deutsch – 3 Personen", "Englisch – 1 Person"]
    english = shown.typed(reader="en:").press()
    assert english.document.cssselect("#reader option[selected]")[0].get("value") == "en:"
    ahead = english.typed(**{"reader": "en:", "b2.en:title": "Not saved yet"}).fields
    assert "Not saved yet" in ana.post(f"/staff/issues/{issue}/preview", data=ahead).json()["mail"]
    assert english.document.get_element_by_id("frame-mail").get("src", "").endswith("/preview?reader=en%3A")


def test_the_next_issue_and_a_copy_have_the_second_language_too(app: App, ana: Client, desk: Desk, issue: int) -> None:
    desk.typed(**{"en:subject": "News"}).press()
    tram = in_the_pool(app, "Ein Ticket für alle")

    following = an_issue(app, "Der Hafen")

    english = {"b1.text": GREETING, "b2.date": "November 20, 2026"}
    assert in_english(app, following) == english
    Desk.open(ana, following).typed(**{f"item.{tram}": "1"}).press()
    assert in_english(app, following) == english | {f"b2-{tram}.date": "November 20, 2026"}
    with app.writing() as session:
        copied = composing.copy(session, revisions.issue(session, issue), by=BY, now=app.now()).id
    assert content(app, copied) == content(app, issue)


def test_whoever_sends_sees_both_languages_and_gets_a_test_in_each(
    app: App, ben: Client, desk: Desk, issue: int
) -> None:
    with_readers(app)
    desk.typed(**{"en:subject": "News <in> May"}).press()

    page = ben.get(f"/staff/issues/{issue}/send")

    assert '<p id="reading">Deutsch: 3 · Englisch: 1</p>' in page.text
    assert '<p lang="en">News &lt;in&gt; May</p><p class="quiet" lang="de">Neues Rathaus</p>' in page.text
    assert f"/staff/issues/{issue}/preview?reader=en%3A" in page.text
    tested = ben.post(f"/staff/issues/{issue}/send/test", data={"to": "me"})
    assert tested.status_code == 200
    trials = [
        " ".join(each.split()) for each in tested.text.split('class="trials"')[1].split("</ul>")[0].split("<li")[1:]
    ]
    assert ["Englisch" in trials[0], "Deutsch" in trials[1], len(trials)] == [True, True, 2]
    ben.post(f"/staff/issues/{issue}/send/state", data={"act": "approve", "revision": "3"})
    assert state(app, issue) == "approved"

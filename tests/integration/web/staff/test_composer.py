"""The composer without scripts: each button saves the form, does its act, and nothing is lost."""

import datetime as dt
import io
import re
from collections.abc import Callable

import pytest
from lxml import html
from PIL import Image

from newsletter.app import App
from newsletter.content.blocks import LeadStory, Picture, Story
from newsletter.issues import publications, revisions
from newsletter.issues.models import Issue, IssuePresence, IssueState
from newsletter.news import pictures
from newsletter.web.body_limit import LIMIT_BYTES
from subscribers import topics
from subscribers.actor import Actor
from subscribers.models import MailingList
from tests.support.composing import FEST, HAUS, Desk, an_issue, change_item, content, in_the_pool, state
from tests.support.kinds import on_sqlite
from tests.support.ledgers import a_reader
from tests.support.makers import BY, NOW
from tests.support.web import Client

pytestmark = on_sqlite


@pytest.fixture
def desk(ana: Client, issue: int) -> Desk:
    return Desk.open(ana, issue)


def order(app: App, issue: int) -> list[str]:
    return [block.id for block in content(app, issue).blocks]


def a_picture(app: App) -> str:
    """White on the left half, red on the right; 400 × 300."""
    halves = Image.new("RGB", (400, 300), "white")
    halves.paste((200, 30, 30), (200, 0, 400, 300))
    written = io.BytesIO()
    halves.save(written, "PNG")
    return pictures.store(written.getvalue(), app.settings.media_folder).name


def shown(client: Client, issue: int) -> html.HtmlElement:
    """The picture in the mail."""
    mail = html.document_fromstring(client.get(f"/staff/issues/{issue}/preview").text)
    return mail.cssselect("img")[0]


def set_four_eyes(app: App) -> None:
    with app.writing() as session:
        publications.change(session, publications.named(session, "aktuell"), four_eyes=True, by=BY, now=app.now())


def test_looking_and_saving_changes_nothing(app: App, issue: int, ben: Client) -> None:
    Desk.open(ben, issue).press("approve")

    Desk.open(ben, issue).press()

    assert state(app, issue) == "approved"


def test_what_is_typed_is_saved(app: App, desk: Desk, issue: int) -> None:
    after = desk.typed(
        subject="Neues im Mai", b2__title="Seefest", b2__text="<p>Am <b>Sonntag</b></p><script>x</script>"
    ).press()

    saved = content(app, issue)
    assert saved.subject == "Neues im Mai"
    lead = saved.blocks[1]
    assert isinstance(lead, LeadStory)
    assert (lead.title, lead.text) == ("Seefest", "<p>Am <strong>Sonntag</strong></p>")
    assert after.fields["b2.title"] == "Seefest"


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("up b3", ["b1", "b3", "b2"]),
        ("down b1", ["b2", "b1", "b3"]),
        ("up b1", ["b1", "b2", "b3"]),
        ("to b3 0", ["b3", "b1", "b2"]),
        ("to b1 x", ["b1", "b2", "b3"]),
        ("remove b2", ["b1", "b3"]),
        ("remove gone", ["b1", "b2", "b3"]),
        ("add divider", ["b1", "b2", "b3", "b2-divider"]),
        ("add anything", ["b1", "b2", "b3"]),
        ("nonsense", ["b1", "b2", "b3"]),
    ],
)
def test_a_button_arranges_the_blocks(app: App, desk: Desk, issue: int, act: str, expected: list[str]) -> None:
    desk.typed(subject="Auch das").press(act)

    assert order(app, issue) == expected
    assert content(app, issue).subject == "Auch das"


def test_a_layout_is_chosen(app: App, desk: Desk, issue: int) -> None:
    desk.typed(b2__layout="story", b3__layout="lead").press()

    assert [type(block) for block in content(app, issue).blocks[1:]] == [Story, LeadStory]


def test_ticking_places_and_unticking_takes_out(app: App, ana: Client, issue: int) -> None:
    tram = in_the_pool(app, "Ein Ticket für alle")
    fresh = Desk.open(ana, issue)
    assert ("item.1" in fresh.fields, f"item.{tram}" in fresh.fields) == (True, False)

    after = fresh.typed(**{f"item.{tram}": "1", "item.1": None}).press()

    assert after.titles[1:] == [f"Meldung {HAUS}", "Meldung Ein Ticket für alle"]
    assert order(app, issue) == ["b1", "b3", f"b2-{tram}"]


def test_what_the_pool_does_not_show_stays_in_the_issue(app: App, ana: Client, issue: int) -> None:
    narrowed = Desk.open(ana, issue, "?q=Rathaus")

    narrowed.press()

    assert narrowed.fields["shown"] == "2"
    assert order(app, issue) == ["b1", "b2", "b3"]


def test_the_pool_is_searched_without_losing_what_was_typed(app: App, issue: int, desk: Desk) -> None:
    in_the_pool(app, "Harbour news", language="en")

    found = desk.typed(subject="Getippt", q="Harbour").press("find")

    assert found.fields["q"] == "Harbour"
    assert re.findall(r'class="title"[^>]*>([^<]+)', found.text) == ["Harbour news"]
    assert content(app, issue).subject == "Getippt"
    assert "Nichts gefunden" in desk.typed(q="xyz").press("find").text


@pytest.mark.usefixtures("issue")
def test_used_items_say_where_and_can_be_left_out(app: App, ana: Client) -> None:
    in_the_pool(app, "Noch nie benutzt")
    second = an_issue(app, "Nur in der zweiten")

    text = Desk.open(ana, second).text
    assert text.count("schon in Nr. 1") == 2
    assert re.findall(r'class="title"[^>]*>([^<]+)', Desk.open(ana, second, "?new=1").text) == ["Noch nie benutzt"]


def test_a_story_is_restored_and_a_newer_version_offered(app: App, ana: Client, desk: Desk, issue: int) -> None:
    changed = desk.typed(b2__title="Anders").press()
    assert "Die Quelle sagt inzwischen etwas anderes" not in changed.text
    change_item(app, 1, title="Fest am Fluss")

    offered = Desk.open(ana, issue)
    assert "Die Quelle sagt inzwischen etwas anderes" in offered.text
    restored = offered.press("restore b2")

    assert restored.fields["b2.title"] == "Fest am Fluss"
    assert "Die Quelle sagt inzwischen etwas anderes" not in restored.text


def test_the_description_of_a_picture_is_written_and_the_picture_left_out(app: App, ana: Client) -> None:
    in_the_pool(app, "Mit Bild", image="a" * 32 + ".jpg", image_width=640, image_height=480)
    issue = an_issue(app)
    placed = Desk.open(ana, issue).typed(**{"item.1": "1"}).press()

    described = placed.typed(**{"b2-1.alt": "Boote am Steg", "b2-1.credit": "Foto: Kern"}).press()

    block = content(app, issue).blocks[1]
    assert isinstance(block, LeadStory)
    assert block.picture == Picture("a" * 32 + ".jpg", "Boote am Steg", 640, 480, credit="Foto: Kern")
    assert 'name="b2-1.alt"' not in described.press("no-picture b2-1").text


def test_a_picture_is_cropped_and_the_mail_shows_that_part(app: App, ana: Client) -> None:
    name = a_picture(app)
    in_the_pool(app, "Mit Bild", image=name, image_width=400, image_height=300, image_alt="Zwei Hälften")
    issue = an_issue(app)
    placed = Desk.open(ana, issue).typed(**{"item.1": "1"}).press()

    chosen = placed.typed(**{"b2-1.shape": "1:1", "b2-1.focus": "right"}).press()

    image = shown(ana, issue)
    assert image.get("width") == "300"
    with Image.open(app.settings.media_folder / image.get("src", "").rpartition("/")[2]) as part:
        assert (part.size, part.convert("RGB").getpixel((99, 0))) == ((300, 300), (255, 255, 255))
        assert part.convert("RGB").getpixel((100, 0)) == (200, 30, 30)
    assert (app.settings.media_folder / name).exists()
    small = chosen.typed(**{"b2-1.layout": "story"}).press()
    assert (small.fields["b2-1.shape"], small.fields["b2-1.focus"]) == ("1:1", "right")
    assert small.press("undo").press("undo").fields["b2-1.shape"] == ""
    restored = Desk.open(ana, issue).press("redo").press("restore b2-1")
    assert restored.fields["b2-1.shape"] == ""
    assert shown(ana, issue).get("src", "").endswith(f"/media/{name}")


def test_of_two_shapes_chosen_at_once_both_are_named_in_words(app: App, ana: Client, ben: Client) -> None:
    in_the_pool(app, "Mit Bild", image=a_picture(app), image_width=400, image_height=300)
    issue = an_issue(app)
    Desk.open(ana, issue).typed(**{"item.1": "1"}).press()
    anas, bens = Desk.open(ana, issue), Desk.open(ben, issue)
    anas.typed(**{"b2-1.shape": "16:9", "b2-1.alt": "Zwei Hälften"}).press()

    torn = bens.typed(**{"b2-1.shape": "1:1", "b2-1.focus": "left"}).press()

    assert [torn.fields[f"b2-1.{name}"] for name in ("shape", "focus", "alt")] == ["16:9", "left", "Zwei Hälften"]
    assert torn.document.cssselect("#held-b2-1\\.shape blockquote")[0].text == "Quadratisch"
    assert torn.press("take b2-1.shape").fields["b2-1.shape"] == "1:1"
    assert "Zwei Hälften · Quadratisch, Links" in ben.get(f"/staff/issues/{issue}/history").text


def test_a_picture_that_cannot_be_cropped_is_named_and_stops_the_issue(app: App, ana: Client, ben: Client) -> None:
    name = a_picture(app)
    in_the_pool(app, "Mit Bild", image=name, image_width=400, image_height=300, image_alt="Zwei Hälften")
    issue = an_issue(app)
    Desk.open(ana, issue).typed(**{"item.1": "1"}).press()
    (app.settings.media_folder / name).write_bytes(b"broken")

    chosen = Desk.open(ben, issue).typed(**{"b2-1.shape": "1:1"}).press()
    assert "Das Bild lässt sich nicht zuschneiden" in chosen.text

    assert "Nicht freigegeben" in chosen.press("approve").alert


def test_two_who_write_in_different_fields_both_keep_their_words(
    app: App, ana: Client, ben: Client, issue: int
) -> None:
    anas, bens = Desk.open(ana, issue), Desk.open(ben, issue)
    anas.typed(subject="Anas Betreff").press()

    after = bens.typed(b3__title="Bens Titel").press("up b3")

    assert (after.fields["subject"], after.fields["b3.title"]) == ("Anas Betreff", "Bens Titel")
    assert order(app, issue) == ["b1", "b3", "b2"]


@pytest.mark.parametrize(("act", "expected"), [("take subject", "Bens <Betreff>"), ("leave subject", "Anas Betreff")])
def test_of_the_same_field_both_versions_are_shown_until_somebody_decides(
    app: App, ana: Client, ben: Client, *, issue: int, act: str, expected: str
) -> None:
    anas, bens = Desk.open(ana, issue), Desk.open(ben, issue)
    anas.typed(subject="Anas Betreff").press()

    torn = bens.typed(subject="Bens <Betreff>").press()
    assert torn.fields["subject"] == "Anas Betreff"
    assert torn.fields["mine.subject"] == "Bens <Betreff>"
    assert "Bens &lt;Betreff&gt;</blockquote>" in torn.text

    still = torn.typed(preheader="Weiter geschrieben").press()
    assert still.fields["mine.subject"] == "Bens <Betreff>"

    settled = still.press(act)
    assert "mine.subject" not in settled.fields
    assert content(app, issue).subject == expected


def test_a_block_that_was_removed_and_changed_stays_and_says_so(app: App, ana: Client, ben: Client, issue: int) -> None:
    anas, bens = Desk.open(ana, issue), Desk.open(ben, issue)
    anas.press("remove b3")

    torn = bens.typed(b3__title="Wichtig").press()

    assert order(app, issue) == ["b1", "b2", "b3"]
    assert "entfernt" in torn.document.cssselect("#held-b3\\.removed")[0].text_content()
    assert "mine.b3.removed" not in torn.press("leave b3.removed").fields


def test_undo_and_redo_are_buttons(desk: Desk) -> None:
    assert desk.document.cssselect("#undo")[0].get("aria-disabled") == "true"

    changed = desk.typed(subject="Anders").press()
    undone = changed.press("undo")
    redone = undone.press("redo")

    assert [each.fields["subject"] for each in (changed, undone, redone)] == ["Anders", FEST, "Anders"]
    assert undone.document.cssselect("#redo")[0].get("aria-disabled") is None


def test_one_submits_and_another_approves(app: App, ana: Client, ben: Client, issue: int) -> None:
    set_four_eyes(app)
    assert not Desk.open(ana, issue).document.cssselect("#approve")
    assert not Desk.open(ben, issue).document.cssselect("#approve")

    submitted = Desk.open(ana, issue).press("submit")
    assert state(app, issue) == "in review"
    assert "wartet auf Freigabe" in submitted.text

    approved = Desk.open(ben, issue).press("approve")
    assert state(app, issue) == "approved"
    assert "So, wie sie ist, ist diese Ausgabe freigegeben" in approved.text

    Desk.open(ana, issue).press("call-back")
    assert state(app, issue) == "draft"


def test_who_may_not_approve_is_refused(app: App, desk: Desk, issue: int) -> None:
    answer = desk.client.post(desk.path, data={**desk.fields, "act": "approve"})

    assert answer.status_code == 403
    assert state(app, issue) == "draft"


def test_nobody_approves_what_they_have_not_seen(app: App, ana: Client, ben: Client, issue: int) -> None:
    bens = Desk.open(ben, issue)
    Desk.open(ana, issue).typed(preheader="Schnell noch etwas").press()

    answer = bens.press("approve")

    assert state(app, issue) == "draft"
    assert "sehen Sie" in answer.alert
    answer.press("approve")
    assert state(app, issue) == "approved"


def test_an_issue_with_errors_is_not_approved(app: App, ben: Client, issue: int) -> None:
    answer = Desk.open(ben, issue).typed(subject=" ").press("approve")

    assert "Fehler gefunden" in answer.alert
    assert 'href="#subject"' in answer.text
    assert state(app, issue) == "draft"


def test_what_is_scheduled_is_shown_and_cannot_be_changed(app: App, desk: Desk, issue: int) -> None:
    with app.writing() as session:
        session.get_one(Issue, issue).state = IssueState.SCHEDULED.value

    late = desk.typed(subject="Zu spät").press()

    assert "Diese Ausgabe ist eingeplant" in late.alert
    assert late.fields == {}
    assert content(app, issue).subject == FEST


def test_the_form_of_another_issue_or_of_nobody_is_a_mistake(desk: Desk) -> None:
    for base in ("99", "x", "", "²", "-1", "9" * 30):
        assert desk.client.post(desk.path, data={"base": base}).status_code == 400
    assert (
        desk.client.post(
            desk.path, data={"base": "1", "shown": "99999999999 x 7777777", "item.7777777": "1"}
        ).status_code
        == 200
    )


def test_a_long_issue_can_be_saved(app: App, desk: Desk, issue: int) -> None:
    words = "<p>" + "Wort " * 7_000 + "</p>"
    long = desk.typed(b1__text=words, b2__text=words)

    long.press()

    assert len("".join(long.fields.values())) > LIMIT_BYTES
    assert len(content(app, issue).blocks[0].text) > 30_000  # type: ignore[union-attr]  # a text


def test_the_preview_is_the_mail_that_runs_nothing(desk: Desk, issue: int) -> None:
    path = f"/staff/issues/{issue}/preview"
    desk.typed(b2__title="<script>alert(1)</script>").press()

    mail, text = desk.client.get(path), desk.client.get(f"{path}?as=text")

    assert "&lt;script&gt;alert(1)" in mail.text
    assert "<script>" not in mail.text
    policy = mail.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "&lt;script&gt;alert(1)" in text.text
    assert "img-src 'none'" in desk.client.get(f"{path}?as=no-pictures").headers["content-security-policy"]


def test_what_is_typed_can_be_looked_at_before_it_is_saved(app: App, desk: Desk, issue: int) -> None:
    typed = desk.typed(b2__title="Noch <em>nicht</em> gespeichert")

    shown = desk.client.post(f"/staff/issues/{issue}/preview", data=typed.fields)

    assert "Noch &lt;em&gt;nicht&lt;/em&gt; gespeichert" in shown.json()["mail"]
    assert "Noch <em>nicht</em> gespeichert" in shown.json()["text"]
    assert content(app, issue).blocks[1].title == FEST  # type: ignore[union-attr]  # a story
    lost = desk.client.post(f"/staff/issues/{issue}/preview", data={**typed.fields, "base": "99"})
    assert lost.status_code == 400


def test_words_of_feeds_and_people_are_never_markup(app: App, ana: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    item = in_the_pool(
        app,
        hostile,
        image_alt=hostile,
        credit=hostile,
        caption=hostile,
        image="a" * 32 + ".jpg",
        image_width=9,
        image_height=9,
    )
    issue = an_issue(app)
    shown = Desk.open(ana, issue).typed(**{f"item.{item}": "1", "subject": hostile, "q": hostile}).press()
    shown = Desk.open(ana, issue).typed(**{f"b2-{item}.link": "javascript:alert(1)"}).press()

    assert "<script>alert" not in shown.text + ana.get(f"/staff/issues/{issue}/history").text + ana.get("/staff/").text
    assert "javascript:" not in ana.get(f"/staff/issues/{issue}/preview").text


def test_the_history_tells_who_changed_what(desk: Desk, issue: int) -> None:
    desk.typed(subject="Neues im Mai").press("up b3")

    text = desk.client.get(f"/staff/issues/{issue}/history").text

    assert re.search(r"<strong>ana@example.org</strong>", text)
    assert re.search(rf"<del>.*{FEST}</del> <ins>.*Neues im Mai</ins>", text)
    assert "Neue Reihenfolge" in text
    assert "Die Ausgabe wurde begonnen." in text


Ask = Callable[[dict[str, str]], dict[str, object]]


@pytest.fixture
def live(desk: Desk) -> Ask:
    def ask(fields: dict[str, str]) -> dict[str, object]:
        answer = desk.client.post(desk.path, data={**desk.fields, **fields}, headers={"Accept": "application/json"})
        assert answer.status_code == 200
        told: dict[str, object] = answer.json()
        return told

    return ask


def test_the_script_is_told_what_changed_besides_what_it_sent(live: Ask, ben: Client, issue: int) -> None:
    Desk.open(ben, issue).typed(preheader="Von Ben").press()

    told = live({"subject": "Von  Ana", "act": "up b3"})

    assert told["merged"] == ["preheader"]
    assert told["revision"] == 3
    assert told["said"] == "„Neues Rathaus“ steht jetzt an Stelle 2 von 3."
    assert "Von Ben" in str(told["mail"])
    assert "Von Ana" in str(told["page"])


def test_a_lost_answer_can_be_asked_for_again(app: App, live: Ask, issue: int) -> None:
    tram = in_the_pool(app, "Ein Ticket für alle")
    sent = {"subject": "Neu", "shown": f"1 2 {tram}", f"item.{tram}": "1"}

    first, again = live(sent), live(sent)

    assert (first["revision"], again["revision"]) == (2, 2)
    assert order(app, issue) == ["b1", "b2", "b3", f"b2-{tram}"]


def test_the_script_is_told_when_it_is_too_late(app: App, desk: Desk, issue: int) -> None:
    with app.writing() as session:
        found = revisions.issue(session, issue)
        found.state = IssueState.SENT.value

    answer = desk.client.post(desk.path, data=desk.fields, headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json()) == (409, {"state": "sent"})


def with_topics(app: App) -> None:
    """The list has culture and sports; one reads everything, two culture, one nothing but what is for everybody."""
    with app.writing() as session:
        publication = publications.named(session, "aktuell")
        region = session.get_one(MailingList, publication.list_id)
        culture = topics.add(session, region, "culture", names={"de": "Kultur", "en": "Culture"}, by=BY, now=NOW)
        topics.add(session, region, "sports", names={"de": "Sport"}, by=BY, now=NOW)
        for name, chosen in (("anna", None), ("ben", {culture.id}), ("carla", {culture.id}), ("dora", set())):
            reader = a_reader(session, region, f"{name}@example.net")
            if chosen is not None:
                topics.choose(session, reader, chosen, by=Actor.reader(reader.subscriber_id), now=NOW)


def test_blocks_are_for_readers_of_topics_and_shown_as_they_get_them(app: App, ana: Client, issue: int) -> None:
    assert "Themen" not in Desk.open(ana, issue).text
    with_topics(app)
    desk = Desk.open(ana, issue).typed(b2__topic__culture="1", b3__topic__culture="1", b3__topic__sports="1").press()

    assert [block.topics for block in content(app, issue).blocks] == [(), ("culture",), ("culture", "sports")]
    shown = [" ".join(each.text_content().split()) for each in desk.document.cssselect("#reader option")]
    assert shown == [
        "Alle Themen – 3 Personen",
        "Sport – 0 Personen",
        "Andere Themen – 1 Person – bekommt nichts",
    ]
    assert [" ".join(each.text_content().split()) for each in desk.document.cssselect(".for")] == [
        "Nur für Kultur",
        "Nur für Kultur Sport",
    ]
    sports = desk.typed(reader="sports", subject="Neues", preheader="").press()
    [frame] = sports.document.cssselect("#frame-mail")
    mail = ana.get(frame.get("src")).text
    assert (FEST in mail, HAUS in mail) == (False, True)
    assert "bekommt keine E-Mail" in desk.typed(reader="-").press().text
    assert "bekommt keine E-Mail" not in sports.text
    Desk.open(ana, issue).press("undo").press("undo")
    assert [block.topics for block in content(app, issue).blocks] == [(), (), ()]
    history = ana.get(f"/staff/issues/{issue}/history").text
    assert "Kultur, Sport" in history
    assert "culture" not in history


def test_topics_stay_when_a_story_is_laid_out_or_restored_and_both_ticks_count(
    app: App, ana: Client, ben: Client, issue: int
) -> None:
    with_topics(app)
    first, second = Desk.open(ana, issue), Desk.open(ben, issue)
    first.typed(b2__topic__culture="1").press()
    second.typed(b2__topic__sports="1").press()

    Desk.open(ana, issue).typed(b2__layout="story").press("restore b2")

    block = content(app, issue).blocks[1]
    assert isinstance(block, Story)
    assert block.topics == ("culture", "sports")


def test_whoever_has_the_issue_open_is_seen_until_they_leave(app: App, ana: Client, ben: Client, issue: int) -> None:
    path = f"/staff/issues/{issue}/here"

    assert ana.post(path).json() == {"here": []}
    assert ben.post(path).json() == {"here": [{"name": "ana@example.org", "initials": "A"}]}
    assert [each.get("title") for each in Desk.open(ana, issue).document.cssselect("#here li")] == ["ben@example.org"]
    assert ben.post(path, data={"gone": "1"}).status_code == 200
    assert ana.post(path).json() == {"here": []}
    with app.writing() as session:
        now, ana_here = app.now(), session.get_one(IssuePresence, (issue, "ana@example.org"))
        ana_here.seen_at = now - dt.timedelta(seconds=31)
    assert ben.post(path).json() == {"here": []}

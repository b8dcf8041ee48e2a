"""The archive over HTTP: who sees it, what it shows, and that it shows nobody."""

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, update

from newsletter.app import App
from newsletter.content import translating
from newsletter.content.blocks import IssueContent, Story, Text
from newsletter.content.merge import RECIPIENT_FIELDS
from newsletter.delivery import dispatching, mailings, planning
from newsletter.delivery.archive import correcting
from newsletter.delivery.archive.models import ArchivedIssue, Visibility
from newsletter.delivery.models import Mailing, MailingState
from newsletter.issues import approving, composing, revisions
from newsletter.issues.models import Publication
from newsletter.rendering.compiled import LINK_NAMES, CompiledIssue, Mailbox, Slot
from subscribers import tokens
from subscribers.models import Subscriber
from tests.support.archives import a_content, sent, shown_to
from tests.support.kinds import on_sqlite
from tests.support.makers import BY, NOW, SECRET
from tests.support.web import PUBLIC_URL, Client, a_client, a_reader, dump

pytestmark = on_sqlite

SLUG = "2026-11-23-der-park-ist-fertig"
ISSUE = f"/archive/region/{SLUG}"


@pytest.fixture
def mailing(app: App) -> int:
    """An issue that went out, in a public archive."""
    with app.writing() as session:
        shown_to(session, Visibility.PUBLIC)
        return sent(session).id


def hide(app: App, who: Visibility) -> None:
    with app.writing() as session:
        shown_to(session, who)


def correct(app: App, text: str) -> None:
    with app.writing() as session:
        issue_id = session.query(ArchivedIssue.issue_id).limit(1).scalar()
        correcting.correct(session, issue_id, text=text, by=BY, now=NOW + dt.timedelta(days=1))


@pytest.mark.usefixtures("mailing")
def test_the_archive_lists_an_issue_with_its_day_and_what_it_is_about(client: Client) -> None:
    page = client.get("/archive/region")

    assert page.status_code == 200
    assert f'<a href="{ISSUE}">Der Park ist fertig</a>' in page.text
    assert "23. November 2026" in page.text
    assert "Und ein Fest dazu." in page.text
    assert 'href="/lists/region"' in page.text
    assert 'type="application/atom+xml" title="Region aktuell" href="/archive/region/feed.xml"' in page.text


@pytest.mark.usefixtures("mailing")
def test_an_issue_is_the_mail_in_a_page_with_ways_on(client: Client) -> None:
    page = client.get(ISSUE)

    assert page.status_code == 200
    assert "Guten Tag liebe Leserin, der Weg am Ufer ist <strong" in page.text
    assert f'<link rel="canonical" href="{PUBLIC_URL}{ISSUE}">' in page.text
    assert '<meta property="og:title" content="Der Park ist fertig">' in page.text
    assert '<meta property="og:description" content="Und ein Fest dazu.">' in page.text
    assert 'href="/archive/region"' in page.text
    assert 'href="/lists/region"' in page.text
    assert f'href="{PUBLIC_URL}/leave"' in page.text
    assert page.text.count("<h1") == 1
    assert page.text.count("</html>") == page.text.count("<body") == page.text.count("<main") == 1
    assert "<!--[if" not in page.text


def test_an_issue_leads_to_the_one_before_and_the_one_after(app: App, client: Client) -> None:
    with app.writing() as session:
        for number in (3, 2, 1):
            sent(session, a_content(f"Nummer {number}"), at=NOW - dt.timedelta(days=number))

    page = client.get("/archive/region/2026-11-21-nummer-2").text

    assert 'rel="prev" href="/archive/region/2026-11-20-nummer-3"' in page
    assert 'rel="next" href="/archive/region/2026-11-22-nummer-1"' in page


@pytest.mark.usefixtures("mailing")
def test_the_text_part_can_be_read_too(app: App, client: Client) -> None:
    correct(app, "Um 15 Uhr.\n\nWirklich.")
    answer = client.get(f"{ISSUE}.txt")

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("Korrektur vom 24. November 2026\n\nUm 15 Uhr.\n\nWirklich.\n\n-----")
    assert "Guten Tag liebe Leserin, der Weg am Ufer ist begehbar." in answer.text
    assert f"{PUBLIC_URL}{ISSUE}" in answer.text
    assert "<" not in answer.text


@pytest.mark.parametrize("path", ["/archive/region", ISSUE, f"{ISSUE}.txt", "/archive/region/feed.xml"])
def test_search_engines_are_welcome_where_it_is_public_and_turned_away_elsewhere(
    app: App, client: Client, mailing: int, path: str
) -> None:
    assert mailing
    assert "X-Robots-Tag" not in client.get(path).headers

    hide(app, Visibility.UNLISTED)
    assert client.get(path).status_code == 200
    assert client.get(path).headers["X-Robots-Tag"] == "noindex, nofollow"

    hide(app, Visibility.OFF)
    assert client.get(path).status_code == 404


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize("query", ["q=park", "year=2026", "lang=en&q=x"])
def test_what_was_searched_or_chosen_is_for_no_search_engine(client: Client, query: str) -> None:
    assert client.get(f"/archive/region?{query}").headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize(
    "path", ["/archive/region", ISSUE, f"{ISSUE}.txt", "/archive/region/feed.xml", "/sitemap.xml", "/"]
)
def test_what_is_the_same_for_everybody_may_be_kept_and_is_not_sent_twice(client: Client, path: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=300"

    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    other = client.get(path, headers={"If-None-Match": '"x", W/"y"'})

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert other.status_code == 200
    assert client.get(path, headers={"If-None-Match": f'"x", W/{first.headers["ETag"]}'}).status_code == 304
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert client.head(path).headers["ETag"] == first.headers["ETag"]


@pytest.mark.usefixtures("mailing")
def test_the_archive_is_the_same_whatever_the_browser_speaks(app: App) -> None:
    answers = {a_client(app, **{"Accept-Language": each}).get("/archive/region").text for each in ("de", "en", "fr")}

    assert len(answers) == 1
    assert "Search the issues" in a_client(app).get("/archive/region?lang=en").text


def test_a_search_finds_and_says_how_many(app: App, client: Client) -> None:
    with app.writing() as session:
        sent(session)
        sent(session, a_content("Busse", "Öfter"), at=NOW - dt.timedelta(days=400))

    one = client.get("/archive/region", params={"q": "BUSSE"}).text
    both = client.get("/archive/region", params={"q": "begehbar"}).text
    none = client.get("/archive/region", params={"q": '"><script>'}).text

    assert "1 Ausgabe enthält „BUSSE“." in one
    assert "2 Ausgaben enthalten „begehbar“." in both
    assert "der Weg am Ufer ist begehbar." in both
    assert "0 Ausgaben enthalten „&#34;&gt;&lt;script&gt;“." in none
    assert "<script" not in none


@pytest.mark.parametrize(
    "path",
    [
        "/archive/nothing",
        "/archive/Region",
        "/archive/region/2026-11-23-nothing",
        "/archive/region/2026-11-23-nothing.txt",
        "/archive/region/x%00",
        "/archive/%00",
        "/archive/region?page=2",
        "/archive/region?page=0",
        "/archive/region?page=-1",
        "/archive/region?page=%D9%A1",
        "/archive/region?year=1999",
        "/archive/region?year=99999999999999999999",
        "/archive/nothing/feed.xml",
    ],
)
@pytest.mark.usefixtures("mailing")
def test_what_is_not_there_is_a_kind_page(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "Hier ist nichts" in answer.text


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize("words", ["\0", "%", "_", "x" * 10_000, " ", "a " * 60, "\ud83d\ude00", "'; DROP TABLE x"])
def test_whatever_is_searched_is_answered(client: Client, words: str) -> None:
    try:
        query = words.encode("utf-8")
    except UnicodeEncodeError:
        query = words.encode("utf-8", "surrogatepass")
    assert client.get("/archive/region", params={"q": query}).status_code == 200


def test_a_cancelled_issue_is_gone_also_from_its_address(app: App, client: Client, mailing: int) -> None:
    with app.writing() as session:
        session.execute(update(Mailing).values(state=MailingState.SENDING.value))
        mailings.cancel(session, session.get_one(Mailing, mailing), by=BY, now=NOW)

    assert client.get(ISSUE).status_code == 404
    assert SLUG not in client.get("/archive/region").text + client.get("/archive/region/feed.xml").text
    assert SLUG not in client.get("/sitemap.xml").text
    assert client.get(f"/view/{tokens.view(SECRET, mailing)}").status_code == 200


@pytest.mark.usefixtures("mailing")
def test_a_correction_stands_above_the_issue_dated_and_escaped_without_who_wrote_it(app: App, client: Client) -> None:
    before = client.get(ISSUE)
    correct(app, "Um 15 Uhr, nicht <b>16</b>.\n\nWirklich.")

    page = client.get(ISSUE)

    assert "Korrektur vom 24. November 2026" in page.text
    assert "Um 15 Uhr, nicht &lt;b&gt;16&lt;/b&gt;." in page.text
    assert page.text.index("Um 15 Uhr") < page.text.index("Guten Tag liebe Leserin")
    assert "command line" not in page.text
    assert page.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize("who", [Visibility.UNLISTED, Visibility.OFF])
def test_view_in_browser_shows_the_mail_in_the_frame_where_the_archive_is_not_public(
    app: App, client: Client, mailing: int, who: Visibility
) -> None:
    hide(app, who)
    correct(app, "Um 15 Uhr.")

    page = client.get(f"/view/{tokens.view(SECRET, mailing)}")

    assert page.status_code == 200
    assert "Guten Tag liebe Leserin, der Weg am Ufer ist" in page.text
    assert "Korrektur vom 24. November 2026" in page.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Cache-Control"] == "no-store"
    assert "/archive/" not in page.text


def test_view_in_browser_leads_to_a_public_archive_without_telling_it_from_where(
    app: App, client: Client, mailing: int
) -> None:
    with app.writing() as session:
        parent = session.get_one(Mailing, mailing)
        child = Mailing(
            kind="issue",
            name="x",
            issue_id=parent.issue_id,
            parent_id=parent.id,
            list_id=parent.list_id,
            compiled=parent.compiled,
            due_at=NOW,
            created_at=NOW,
            created_by="x",
        )
        session.add(child)
        session.flush()
        of_the_missed = child.id

    answers = [
        client.get(f"/view/{tokens.view(SECRET, each)}", follow_redirects=False) for each in (mailing, of_the_missed)
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.headers["Location"] for answer in answers} == {f"{PUBLIC_URL}{ISSUE}"}
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


@contextmanager
def tables_read(app: App) -> Iterator[set[str]]:
    """Every statement that is run meanwhile."""
    said: set[str] = set()

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.add(statement)

    event.listen(app.database.engine, "before_cursor_execute", note)
    yield said
    event.remove(app.database.engine, "before_cursor_execute", note)


def test_no_page_of_the_archive_holds_a_token_or_a_person_whatever_the_mail_asks_for(app: App, client: Client) -> None:
    """Each field and each link there is, in every part of the mail, and a list of people with names of their own."""
    people = []
    for _ in range(5):
        reader = a_reader(app, f"{secrets.token_hex(12)}@posteo.de", confirmed=True)
        people += [reader.leave_token, reader.confirm_token]
    fields = ("salutation", "title", "first_name", "last_name", "organisation", "region")
    with app.writing() as session:
        for person in session.query(Subscriber):
            for name in fields:
                setattr(person, name, secrets.token_hex(10))
            people += [person.address, person.address.partition("@")[0], *(getattr(person, name) for name in fields)]
        slots = [Slot(f"recipient.{name}") for name in RECIPIENT_FIELDS] + [
            Slot(f"links.{name}") for name in LINK_NAMES
        ]
        parts = tuple(part for slot in slots for part in ("<a href=x>", slot, '</a><img src="', slot, '">'))
        compiled = CompiledIssue("de", Mailbox("Presse", "presse@example.org"), ("Hallo ", *slots), parts, parts)
        words = " ".join(f"[[{name}]] [[{name}|Du]]" for name in RECIPIENT_FIELDS)
        content = IssueContent("Neues", words, (Text("t", f"<p>{words}</p>"), Story("s", words, f"<p>{words}</p>")))
        shown_to(session, Visibility.PUBLIC)
        mailing = sent(session, content, compiled=compiled)
        view, mailing_id = tokens.view(SECRET, mailing.id), mailing.id
        slug = session.query(ArchivedIssue.slug).scalar()

    paths = [
        "/",
        "/archive/region",
        "/archive/region?q=hallo",
        f"/archive/region/{slug}",
        f"/archive/region/{slug}.txt",
    ]
    paths += ["/archive/region/feed.xml", "/sitemap.xml"]
    with tables_read(app) as said:
        shown = "".join(client.get(path).text for path in paths)
        hide(app, Visibility.OFF)
        private = client.get(f"/view/{view}").text

    assert len(shown) > 5_000
    assert mailing_id
    assert [secret for secret in people if secret in shown + private] == []
    assert view not in shown
    assert not any(f"/{room}/" in shown for room in ("view", "leave", "confirm", "preferences"))
    assert [statement for statement in said if "subscri" in statement or " delivery" in statement] == []


def test_looking_at_the_archive_changes_nothing(app: App, client: Client, mailing: int) -> None:
    before = dump(app)

    for path in (
        "/",
        "/archive/region",
        ISSUE,
        f"{ISSUE}.txt",
        "/archive/region/feed.xml",
        "/robots.txt",
        "/sitemap.xml",
    ):
        client.get(path)
        client.head(path)
    client.get(f"/view/{tokens.view(SECRET, mailing)}")

    assert dump(app) == before


@pytest.mark.usefixtures("mailing")
def test_markup_in_names_subject_and_preheader_is_shown_as_text(app: App, client: Client) -> None:
    with app.writing() as session:
        evil = '"><script>alert(1)</script>'
        session.execute(update(ArchivedIssue).values(subject=evil, preheader=evil))
        session.execute(update(Publication).values(name=evil, brand={"colour": '#fff"><script>'}))

    pages = [client.get(path).text for path in ("/", "/archive/region", ISSUE, "/archive/region?q=park")]

    assert all("<script" not in page and "alert(1)" in page for page in pages)


def test_what_a_design_should_not_hold_does_nothing_on_a_page(app: App, client: Client) -> None:
    html = """<html><head><base href="https://evil.example/">
        <meta http-equiv="refresh" content="0;url=https://evil.example"><link rel="stylesheet" href="https://evil.example/x">
        <style>p{color:red}</style><style media="print">p{color:blue}</style></head>
        <body class="b" style="margin:1px" onload="x()"><script>x()</script>vorn<!--[if mso]><p>Outlook</p><![endif]-->
        <form action="https://evil.example"><input name="a">Wort</form><a href=" javascript:x()">Link</a>
        <iframe src="https://evil.example"></iframe>
        <img src="http://old.example/news/media/0123456789abcdef0123456789abcdef.jpg" alt="">hinten</body></html>"""
    with app.writing() as session:
        sent(
            session,
            compiled=CompiledIssue("de", Mailbox("", "p@example.org"), ("Der Park ist fertig",), (html,), ("x",)),
        )

    page = client.get(ISSUE).text

    assert "evil.example" not in page
    assert "x()" not in page
    assert "Outlook" not in page
    assert "p{color:red}" in page
    assert "@media print {p{color:blue}}" in page
    assert 'style="margin:1px"' in page
    assert "vorn" in page
    assert "Wort" in page
    assert "hinten" in page
    assert f'src="{PUBLIC_URL}/media/0123456789abcdef0123456789abcdef.jpg"' in page
    assert '<h1 class="frame-unseen">Der Park ist fertig</h1>' in page


IN_ENGLISH = translating.with_words(
    translating.begun(a_content(), "en"),
    {
        "subject": "The park is finished",
        "preheader": "And a fair, too.",
        "s.title": "A river for all",
        "s.text": "<p>Hello [[first_name|dear reader]], the path is open.</p>",
    },
)


def out_in_two_languages(app: App) -> str:
    """An issue in German and English that was approved and went out; the link by which a mail leads to its page."""
    with app.writing() as session:
        publication = session.query(Publication).one()
        issue = composing.create(session, publication, items=[], by=BY, now=NOW)
        revisions.save(session, issue, IN_ENGLISH, by=BY, now=NOW)
        approving.approve(session, issue, site=app.site, by=BY, now=NOW)
        mailing = dispatching.send(session, issue, at=None, by=BY, now=NOW)
        while planning.plan_chunk(session, mailing.id, now=NOW):
            pass
        return f"/view/{tokens.view(SECRET, mailing.id)}"


def test_an_issue_in_two_languages_leads_from_one_to_the_other_and_back(app: App, client: Client) -> None:
    out_in_two_languages(app)
    hide(app, Visibility.PUBLIC)
    correct(app, "Um 10 Uhr.")

    german, english = client.get(ISSUE), client.get(f"{ISSUE}?lang=en")

    assert '<a class="frame-link" href="?lang=en" hreflang="en" lang="en">English</a>' in german.text
    assert '<a class="frame-link" href="?lang=de" hreflang="de" lang="de">Deutsch</a>' in english.text
    assert ("Ein Fluss für alle" in german.text, "A river for all" in german.text) == (True, False)
    assert ("Ein Fluss für alle" in english.text, "A river for all" in english.text) == (False, True)
    assert "Hello dear reader, the path is open." in english.text
    for said in (
        f'<link rel="canonical" href="{PUBLIC_URL}{ISSUE}?lang=en">',
        f'<link rel="alternate" hreflang="de" href="{PUBLIC_URL}{ISSUE}">',
        f'<link rel="alternate" hreflang="en" href="{PUBLIC_URL}{ISSUE}?lang=en">',
        '<meta property="og:title" content="The park is finished">',
        '<meta property="og:description" content="And a fair, too.">',
        '<html lang="en"',
        '<div lang="en"',
        '<p class="frame-words" lang="de">Um 10 Uhr.</p>',
        f'href="/archive/region/{SLUG}.txt?lang=en"',
    ):
        assert said in english.text
    assert "A RIVER FOR ALL" in client.get(f"{ISSUE}.txt?lang=en").text.upper()
    assert client.get(f"{ISSUE}?lang=de").text.count("Ein Fluss für alle") == german.text.count("Ein Fluss für alle")
    assert SLUG in client.get("/archive/region?q=dear+reader+river").text


def test_the_link_of_a_mail_leads_to_its_language_in_the_archive_and_by_itself(app: App, client: Client) -> None:
    link = out_in_two_languages(app)

    alone = client.get(f"{link}?lang=en")
    assert ("A river for all" in alone.text, "Ein Fluss für alle" in alone.text) == (True, False)
    assert 'hreflang="de" lang="de">Deutsch</a>' in alone.text
    assert "Ein Fluss für alle" in client.get(link).text
    hide(app, Visibility.PUBLIC)
    shown = [client.get(f"{link}{query}", follow_redirects=False).headers["location"] for query in ("", "?lang=en")]
    assert shown == [f"{PUBLIC_URL}{ISSUE}", f"{PUBLIC_URL}{ISSUE}?lang=en"]
    hide(app, Visibility.OFF)
    assert client.get(f"{ISSUE}?lang=en").status_code == 404

import datetime as dt

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.content.blocks import Button, IssueContent, LeadStory, Text
from newsletter.delivery import mailings, planning
from newsletter.delivery.archive import publishing, reading, teasers
from newsletter.delivery.archive.models import ArchivedIssue, ArchivedWords
from newsletter.delivery.models import MailingState
from newsletter.issues import compilations
from subscribers.address import EmailAddress
from tests.support.archives import a_content, compiled_of, scheduled, sent
from tests.support.makers import BY, NOW, a_list, a_publication


@pytest.fixture(autouse=True)
def _with_a_list(session: Session) -> None:
    a_publication(session, a_list(session))


def test_an_issue_is_archived_when_its_mailing_begins_and_not_before(session: Session) -> None:
    mailing = scheduled(session)
    assert session.scalars(select(ArchivedIssue)).all() == []

    planning.plan_chunk(session, mailing.id, now=NOW)

    archived = session.scalars(select(ArchivedIssue)).one()
    assert (archived.issue_id, archived.mailing_id, archived.list_id) == (mailing.issue_id, mailing.id, mailing.list_id)
    assert archived.slug == "2026-11-23-der-park-ist-fertig"
    assert (archived.published_at, archived.year, archived.language) == (NOW, 2026, "de")
    assert (archived.subject, archived.preheader) == ("Der Park ist fertig", "Und ein Fest dazu.")
    words = session.scalars(select(ArchivedWords)).one()
    assert "Guten Tag liebe Leserin, der Weg am Ufer ist begehbar." in words.text
    assert "http" not in words.text
    assert words.words.startswith("der park ist fertig und ein fest dazu.")
    assert "der weg am ufer" in words.words


def test_a_mailing_that_waits_too_long_is_not_archived_until_somebody_resumes_it(session: Session) -> None:
    mailing = scheduled(session)
    late = NOW + dt.timedelta(days=1)

    planning.plan_chunk(session, mailing.id, now=late)
    assert session.scalars(select(ArchivedIssue)).all() == []

    mailings.resume(session, mailing, by=BY, now=late)
    planning.plan_chunk(session, mailing.id, now=late)
    assert session.scalars(select(ArchivedIssue)).one().published_at == late


def test_a_test_and_a_system_mail_are_in_no_archive(session: Session) -> None:
    made = mailings.send_test(
        session,
        compilations.store(session, compiled_of(a_content()), now=NOW),
        name="Test",
        issue_id=scheduled(session).issue_id,
        address=EmailAddress.parse("anna@posteo.de"),
        language="de",
        by=BY,
        now=NOW,
    )

    publishing.publish(session, made)

    assert session.scalars(select(ArchivedIssue)).all() == []


def test_a_cancelled_mailing_takes_its_issue_out(session: Session) -> None:
    mailing = sent(session)
    assert mailing.list_id is not None
    mailing.state = MailingState.SENDING.value
    assert reading.entry(session, mailing.list_id, "2026-11-23-der-park-ist-fertig")

    mailings.cancel(session, mailing, by=BY, now=NOW)

    assert reading.entry(session, mailing.list_id, "2026-11-23-der-park-ist-fertig") is None
    shown = reading.page(session, mailing.list_id)
    assert shown is not None
    assert shown.entries == ()


def test_two_issues_of_a_day_with_one_subject_have_two_addresses(session: Session) -> None:
    for _ in range(3):
        sent(session)

    assert set(session.scalars(select(ArchivedIssue.slug))) == {
        "2026-11-23-der-park-ist-fertig",
        "2026-11-23-der-park-ist-fertig-2",
        "2026-11-23-der-park-ist-fertig-3",
    }


def test_what_went_out_before_there_was_an_archive_is_put_into_it_once(session: Session) -> None:
    mailing = sent(session)
    scheduled(session)
    session.execute(delete(ArchivedWords))
    session.execute(delete(ArchivedIssue))
    session.expire_all()

    assert publishing.publish_earlier(session) == 1
    assert publishing.publish_earlier(session) == 0
    assert session.scalars(select(ArchivedIssue.mailing_id)).all() == [mailing.id]


def test_without_a_preheader_the_line_is_the_first_titles() -> None:
    stories = tuple(LeadStory(str(n), f"Titel {n}", "<p>x</p>") for n in range(5))

    assert teasers.line_of(IssueContent("S", "", stories)) == "Titel 0 · Titel 1 · Titel 2"
    assert teasers.line_of(IssueContent("S", "Hallo [[name|alle]]", stories)) == "Hallo alle"
    assert teasers.line_of(IssueContent("S")) == ""


def test_a_teaser_has_headings_words_and_ways_to_more_escaped() -> None:
    content = IssueContent(
        "S",
        "",
        (
            Text("t", "<p>Guten Tag [[first_name|Frau &amp; Herr]]</p>"),
            LeadStory("l", "Ein <Fest> & mehr", "<p>Am <strong>Ufer</strong></p>", link='https://a.example/?a=1&b="2"'),
            Button("b", "Mehr", "https://a.example/"),
        ),
    )

    assert teasers.html_of(content).splitlines() == [
        "<p>Guten Tag Frau &amp; Herr</p>",
        '<h2><a href="https://a.example/?a=1&amp;b=%222%22">Ein &lt;Fest&gt; &amp; mehr</a></h2>',
        "<p>Am <strong>Ufer</strong></p>",
        '<p><a href="https://a.example/">Mehr</a></p>',
    ]

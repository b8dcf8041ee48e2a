import datetime as dt

from sqlalchemy.orm import Session

from newsletter.content.blocks import IssueContent, Text
from newsletter.issues import composing, overview, revisions
from newsletter.issues.models import IssueState
from newsletter.issues.overview import IssueSeen
from tests.support.makers import BY, NOW, a_list, a_publication, an_item


def test_a_publication_is_seen_with_what_is_new_to_it_and_what_is_on_its_way(session: Session) -> None:
    mailing_list = a_list(session)
    publication, other = a_publication(session, mailing_list), a_publication(session, mailing_list, "andere")
    park = an_item(session)
    for day, title in enumerate(("Eins", "Zwei", "Drei", "Vier"), start=1):
        an_item(session, title, date=dt.date(2026, 11, day))
    an_item(session, "English", language="en")
    sent = composing.create(session, publication, items=[park], by=BY, now=NOW)
    sent.state = IssueState.SENT.value
    composing.create(session, other, items=[park], by=BY, now=NOW)
    draft = composing.create(session, publication, items=[], subject="Entwurf", by=BY, now=NOW)
    cancelled = composing.create(session, publication, items=[], subject="Abgesagt", by=BY, now=NOW)
    cancelled.state = IssueState.CANCELLED.value
    session.flush()

    seen = overview.overview(session, publication)

    assert (seen.new, seen.titles) == (4, ("Vier", "Drei", "Zwei"))
    assert seen.open == (IssueSeen(draft.id, 2, "draft", "Entwurf", "command line", NOW, None),)
    assert [(each.id, each.number) for each in seen.sent] == [(sent.id, 1)]


def test_who_saved_last_is_named(session: Session) -> None:
    publication = a_publication(session, a_list(session))
    issue = composing.create(session, publication, items=[], by=BY, now=NOW)
    content = revisions.content_of(session, issue)
    later = NOW + dt.timedelta(hours=1)
    revisions.save(session, issue, type(content)("Neu", "", content.blocks), by=BY, now=later)

    [seen] = overview.overview(session, publication).open

    assert (seen.subject, seen.at) == ("Neu", later)


def test_the_issues_with_blocks_for_a_topic_are_found_until_they_begin_to_go_out(session: Session) -> None:
    publication = a_publication(session, a_list(session))
    made = [composing.create(session, publication, items=[], by=BY, now=NOW) for _ in range(4)]
    for issue, topics in zip(made, (("culture", "sports"), ("sports",), (), ("culture",)), strict=True):
        content = IssueContent("Neues", "", (Text("b1", "<p>Ja</p>", topics=topics),))
        revisions.save(session, issue, content, by=BY, now=NOW)
    made[3].state = IssueState.SENDING.value
    session.flush()

    assert [seen.number for seen in overview.with_topic(session, publication, "culture")] == [1]
    assert [seen.number for seen in overview.with_topic(session, publication, "sports")] == [2, 1]


def test_a_publication_without_news_and_issues_is_empty(session: Session) -> None:
    seen = overview.overview(session, a_publication(session, a_list(session)))

    assert (seen.new, seen.titles, seen.open, seen.sent) == (0, (), (), ())

"""A test of an issue is one mail in each of its languages, and whoever sent it sees what became of each."""

from sqlalchemy.orm import Session

from newsletter.content import translating
from newsletter.delivery import trials
from newsletter.issues import composing, editions, revisions
from subscribers.address import EmailAddress
from tests.support.makers import BY, NOW, SITE, a_list, a_publication


def test_a_test_is_sent_in_each_language_and_each_is_told_with_its_own(session: Session) -> None:
    issue = composing.create(
        session, a_publication(session, a_list(session)), items=[], subject="Neues", by=BY, now=NOW
    )
    one = tried(session, issue.id)
    content = translating.begun(revisions.content_of(session, issue), "en")
    revisions.save(session, issue, translating.with_words(content, {"subject": "News"}), by=BY, now=NOW)

    both = tried(session, issue.id)

    told = trials.of(session, issue_id=issue.id, author=BY.name)
    assert [(each.mailing_id, each.language, each.state) for each in told] == [
        (both[1], "en", "queued"),
        (both[0], "de", "queued"),
        (one[0], "de", "queued"),
    ]


def tried(session: Session, issue_id: int) -> list[int]:
    edition = editions.edition_of(session, revisions.issue(session, issue_id), SITE)
    sent = trials.send(
        session, edition, issue_id=issue_id, address=EmailAddress.parse("ana@example.org"), by=BY, now=NOW
    )
    session.flush()
    return [mailing.id for mailing in sent]
